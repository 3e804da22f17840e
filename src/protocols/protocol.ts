/**
 * The ports of a protocol: what the program needs of one, and what it gives to it.
 *
 * A protocol is one folder beside this file and one line in `registry.ts`. The folder holds all that is
 * known about it, and nothing outside names it: its codec, the settings of its listeners, its errors, its
 * lines for main.cf, its client and its manual page (README.md).
 */

import type { AttributeNames } from '../core/attributes.ts'
import type { Query, QueryClient } from '../core/lookup.ts'
import type { ReasonCatalogue } from '../core/reason.ts'
import type { LookupResult, Temporary } from '../core/result.ts'
import type { StoreRequest, StoreResult } from '../core/store/store.ts'
import type { Address, InvalidAddress } from '../core/system/address.ts'
import type { ProblemCatalogue } from '../schema/problem.ts'
import type { Schema } from '../schema/schema.ts'
import type { ListenerCheck, OutageOfProtocol } from '../schema/settings-kind.ts'
import type { Decoder } from './framing/frame.ts'

/** One protocol, such as socketmap. */
export interface Protocol<Settings extends object = object> {
  /** The word in the configuration, and the value of the label `protocol`. */
  readonly name: string
  /** One line for the configuration's reference and the help. */
  readonly summary: string
  /** Keys that a listener has in the configuration besides those of every listener: made by `Type.Object`. */
  readonly settings: Schema<unknown, Settings>
  /** What its requests say besides a key: named values, some of them secret. Absent where they have a key and nothing more. */
  readonly attributes?: AttributeNames
  /** What an outage means for its clients, and the words that `whenUnknown` has for them. Present where `attributes` are. */
  readonly outage?: OutageOfProtocol
  /** The mail server that asks, where it is not Postfix. It tries partial keys itself. */
  otherServer?(settings: Settings): string | undefined
  /** Reports what a schema cannot say. */
  check?(settings: Settings, context: ListenerCheck): void
  /** What {@link Protocol.check} says, for docs/errors.md. */
  readonly problems?: ProblemCatalogue
  /**
   * Why a request or a stream is refused, each with its sentence: a closed set, for it is the label
   * `kind` of `mapgate_protocol_errors_total`.
   */
  readonly errors: Readonly<Record<string, string>>
  /** What it tells clients by itself, for docs/errors.md. Absent where it says only what the core says. */
  readonly reasons?: ReasonCatalogue
  /** Settings of a small listener, for examples and for replies that are only shown. */
  readonly example: Settings
  /** Its items of `listeners` in the file that `mapgate init` writes, as YAML; a commented one is for those who want it. */
  readonly firstFile?: string
  /** The tables that a listener serves; undefined: every one. */
  tables(settings: Settings): readonly string[] | undefined
  /** Returns whether a listener passes requests on, which needs connections to another server. Absent where none does. */
  passesOn?(settings: Settings): boolean
  /** Begins one conversation: the server side of one connection. */
  accept(listener: AcceptedBy<Settings>): Conversation
  /** What main.cf writes for a table at a place; undefined where Postfix cannot ask it there. */
  reference(table: NamedTable, place: PostfixPlace, settings: Settings): PostfixReference | undefined
  /** Asks servers of this protocol: for `mapgate query` and the library. Absent where nobody needs it. */
  readonly client?: ProtocolClient
}

/** What a conversation knows of its listener. */
export interface AcceptedBy<Settings extends object> {
  /** As they are now: a reload changes them under open connections. */
  readonly settings: Settings
  /** Numbers from 0 up to 1. */
  readonly random: () => number
}

/**
 * The server side of one connection: steps out of bytes, replies out of results. Pure: no socket, no
 * clock, no log. One step is asked at a time, and answered before the next one is taken.
 */
export interface Conversation extends QueryClient {
  /** What the server says first, where it does. */
  readonly greeting?: Greeting
  /** Appends received bytes. The conversation keeps `chunk`; the caller must not reuse it. */
  push(chunk: Buffer): void
  /** Returns one step. Call until it returns `more` or `violation`. */
  next(): Step
  /**
   * The reply to the last `ask`, `store` or `pass`. A conversation that takes none of the last two gets no results of them.
   *
   * Any result can be replied: a found value that is not {@link QueryClient.deliverable} is replied as what it is then.
   */
  reply(result: LookupResult | StoreResult | PassedResult): Reply
  /** True while a request has begun and is not complete; then it has a limited time. */
  readonly hasBegun: boolean
}

export interface Greeting {
  readonly text: string
  /** Sent when the client has been silent for so long, ms, and not at all when it speaks before. Undefined: at once. */
  readonly whenSilentForMs?: number
}

/** What comes next in a conversation. */
export type Step =
  /** Nothing more before the next push. */
  { readonly kind: 'more' } | AskStep | StoreStep | PassStep | ReplyStep | ViolationStep

/** A lookup. The step is the query itself, so that the usual request makes one object less. */
export interface AskStep extends Query {
  readonly kind: 'ask'
}

/** An operation on a table that clients write. */
export interface StoreStep {
  readonly kind: 'store'
  readonly request: StoreRequest
}

/** A request that another server of the same protocol answers. */
export interface PassStep {
  readonly kind: 'pass'
  readonly target: PassTarget
  /** As it came. */
  readonly request: Buffer
}

/** The same object for as long as the same server is meant. */
export interface PassTarget {
  readonly address: Address
  /** Splits what that server sends into replies, without what it says before it was asked. */
  readonly createDecoder: () => Decoder
}

/** What that server replied, to be sent as it is. */
export interface PassedResult {
  readonly kind: 'passed'
  readonly bytes: Buffer
}

/** A request that nobody needs to be asked for: a handshake, one step of several, a bad request. */
export interface ReplyStep extends SpecialReply {
  readonly kind: 'reply'
  /** Why the request was refused: a key of {@link Protocol.errors}. */
  readonly error?: string
  /** The table that was not changed, where that was asked: it is logged. */
  readonly refusedChange?: string
  /** What the client was told, where the request was meant as a lookup: it is counted and logged as one. */
  readonly result?: LookupResult
}

/** The stream cannot be read on: the connection ends. Final. */
export interface ViolationStep {
  readonly kind: 'violation'
  /** A key of {@link Protocol.errors}. */
  readonly error: string
  /** The last words, where the client can read some. */
  readonly text?: string
}

/** The whole reply as text, which is sent as UTF-8; or one that is more than that. */
export type Reply = string | SpecialReply

export interface SpecialReply {
  /** May be empty. */
  readonly text: string
  /** Sent behind the text: for what is perhaps no text. */
  readonly bytes?: Buffer
  /** Ends the connection behind the text: for some protocols the only way to say "I do not know". */
  readonly close?: boolean
  /** How long the reply is held back, ms, so that guessing passwords takes time. */
  readonly delayMs?: number
}

export const MORE_STEP: Step & { readonly kind: 'more' } = Object.freeze({ kind: 'more' })

/** A table that main.cf names. */
export interface NamedTable {
  readonly name: string
  /** Postfix writes it. */
  readonly isWritten: boolean
}

/** Where Postfix finds a listener. */
export type PostfixPlace =
  /** HOST:PORT, an IPv6 host in brackets; those words as they stand for a socket of systemd, whose address is not known here. */
  | { readonly kind: 'inet'; readonly server: string; readonly isHeldBySystemd?: boolean }
  /** A path, relative to queue_directory where the socket is below it. */
  | { readonly kind: 'unix'; readonly path: string }

export type PostfixReference =
  /** What a parameter names the table by, such as `socketmap:inet:127.0.0.1:8464:aliases`. */
  | {
      readonly kind: 'table'
      readonly text: string
      /** What {@link ProtocolClient.parse} reads for the same table, where Postfix names it otherwise. */
      readonly server?: string
      /** What main.cf has to say once, whatever tables it names. */
      readonly parameters?: readonly PostfixParameter[]
      /** Each may have several lines. */
      readonly notes?: readonly string[]
    }
  /** Whole lines, for a protocol that no parameter takes as a table. */
  | { readonly kind: 'lines'; readonly lines: readonly string[]; readonly notes?: readonly string[] }

/** A parameter of main.cf that leads Postfix to a listener. It has one value, so listeners that need others exclude each other. */
export interface PostfixParameter {
  readonly name: string
  readonly value: string
  /** Whole lines above it, each a comment. */
  readonly comments: readonly string[]
}

/** The client side: how a question is sent, and what a reply says. Pure, too. */
export interface ProtocolClient {
  /** What is before the first colon where a server is named: `tcp` in `tcp:HOST:PORT`. */
  readonly scheme: string
  /** What it says by itself in the place of a reply, for docs/errors.md. Absent where it says only what every client does. */
  readonly reasons?: ReasonCatalogue
  /** Every way to name a server, for help and messages. */
  readonly forms: readonly string[]
  /** Servers in such a form as one would type them, for the help. */
  readonly examples?: readonly string[]
  /** Reads one of those forms. */
  parse(text: string): ClientTarget | InvalidAddress
  /** True where the first frame of a connection is the server's greeting. */
  readonly isGreeted?: boolean
  /** What the client says first on each connection, where it does. Only where the server's greeting follows. */
  readonly opening?: string
  /**
   * What it means that the server closes the connection in the place of a reply: the question is not asked again then.
   * Absent where that says nothing.
   */
  readonly closedReply?: Temporary
  /** The request; or what a key comes to that is never sent, where the protocol cannot carry every key. */
  encodeRequest(table: string, key: Buffer): Buffer | LookupResult
  /** The same question for a server whose reply says that it did not understand it; undefined: the reply counts. */
  encodeAgain?(reply: Buffer, table: string, key: Buffer): Buffer | LookupResult | undefined
  /** The same for a question that is more than a key. Absent where the protocol has keys only. */
  encodeAttributes?(table: string, attributes: ReadonlyMap<string, string>): Buffer
  /** Those that are not to be seen by others: a person is asked for the first of them where none is given. */
  readonly secretAttributes?: readonly string[]
  /** Splits what the server sends into replies. */
  createDecoder(): Decoder
  /** Reads one reply. Strict as Postfix: what is no reply of the protocol is temporary, never "not found". */
  parseReply(payload: Buffer): LookupResult
}

/** Whom a client asks. */
export interface ClientTarget {
  readonly address: Address
  /** '' where the protocol has no table names. */
  readonly table: string
}
