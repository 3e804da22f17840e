/**
 * What a kind of listener or upstream tells the configuration about its settings. The configuration
 * knows no kind: the caller gives it those that there are.
 */
import type { AttributeNames } from '../core/attributes.ts'
import type { ProblemCatalogue } from './problem.ts'
import type { Schema, Settings } from './schema.ts'
import type { Scope } from './scope.ts'
import type { Path } from './tree.ts'

/** The kinds that a configuration may have. */
export interface SettingsKinds {
  readonly protocols: readonly ListenerSettingsKind[]
  readonly upstreams: readonly UpstreamSettingsKind[]
}

/** A protocol that listeners speak. */
export interface ListenerSettingsKind<Own extends Schema = Schema> {
  /** The word in `protocol`. */
  readonly name: string
  /** What it is, in a few words: its manual page, and when to choose it. */
  readonly summary: string
  /** Keys that a listener of this protocol has besides those of every listener: made by `Type.Object`. */
  readonly settings: Own
  /** What its clients say besides a key. Absent where they say a key and nothing more. */
  readonly attributes?: AttributeNames
  /** What an outage means for tables that are asked by attributes. Absent where clients say a key and nothing more. */
  readonly outage?: OutageOfProtocol
  /** The tables that a listener serves; undefined: every one. */
  tables(settings: Settings<Own>): readonly string[] | undefined
  /** The mail server that asks, where it is not Postfix: nobody is told to write `usedBy` for it. */
  otherServer?(settings: Settings<Own>): string | undefined
  /** Reports what a schema cannot say. */
  check?(settings: Settings<Own>, context: ListenerCheck): void
}

/** What the clients of a protocol get while nobody knows, where tables are asked by attributes. */
export interface OutageOfProtocol {
  /** What waits then: the subject of a sentence. */
  readonly stops: string
  /**
   * The words that `whenUnknown` of a table may have: one at most for each result, since a conversation is told the result and
   * not the word. Without one, clients are told to try again later.
   */
  readonly replies: readonly UnknownReply[]
}

/** A word of `whenUnknown`. It means the same in every protocol that has it: the registry refuses others. */
export interface UnknownReply {
  readonly word: string
  /** The result that clients are given: "not found", or that nobody knows. */
  readonly as: 'notFound' | 'temporary'
  /** What it does, behind the word, for the reference: `the check is missed`. */
  readonly does: string
  /** When to write it, behind the word, for advice: `if it may pass unchecked`. Absent where nobody is advised to. */
  readonly adviceIf?: string
}

/** What the check of one listener is given. */
export interface ListenerCheck {
  readonly scope: Scope
  /** The names of all tables of the file. */
  readonly tables: readonly string[]
  /** One of them; undefined where there is none of that name. */
  table(name: string): CheckedTable | undefined
  /** Requests are passed on to a unix socket: whether that can be is reported at this key. */
  passesOnTo(at: Path, path: string): void
}

/**
 * What a reply of the service must have before it counts: `user`, the name of whom it is about; `place`, a value at a place
 * of the body, where the whole body could be of anybody; `mark`, a sign of its own that it is a yes; `refusal`, the replies by which
 * somebody is refused.
 */
export type ReplyPart = 'user' | 'place' | 'mark' | 'refusal'

/** What a protocol may look at in a table that its listener serves. */
export interface CheckedTable {
  /** Where its settings are reported. */
  readonly scope: Scope
  /** The attributes that its request names; empty for a table that is asked by keys. */
  readonly attributes: ReadonlySet<string>
  /** Clients may write it. */
  readonly isWritten: boolean
  readonly deadlineMs: number
  readonly whenUnknown: string | undefined
  readonly cacheBy: readonly string[] | undefined
  readonly replyParts: ReadonlySet<ReplyPart>
  /** It asks a service that is not asked while its circuit is open, and has no question whose answer is known. */
  readonly lacksCanary: boolean
  /** Longest time for which an answer is kept, ms; undefined where none is. */
  readonly keptForMs: number | undefined
}

/** A kind of thing that tables ask. */
export interface UpstreamSettingsKind<Own extends Schema = Schema, OfTable extends Schema = Schema> {
  readonly name: string
  /** What it is, with its article: `an HTTP service`. Completes messages about tables that ask one. */
  readonly summary: string
  /** The key by which an upstream is of this kind. One that has the words of two is of the kind that is later in the list. */
  readonly word: string
  /** What to write under `word`, for the message about an upstream without any: `the URLs of the service`. */
  readonly wordMeans: string
  /** All keys of such an upstream: made by `Type.Object`. */
  readonly settings: Own
  /** Keys that tables have for upstreams of this kind: made by `Type.Object`. Every table may have them. */
  readonly tableSettings?: OfTable
  /** Asked over a network: it can be slow or down, and a canary can guard its "not found". */
  readonly isRemote: boolean
  /** Its services are not asked while their circuits are open, and a canary shows whether they answer. */
  readonly hasCircuits?: boolean
  /** Clients write tables of this kind. */
  readonly isWritten?: boolean
  /** What its checks say, for docs/errors.md. */
  readonly problems?: ProblemCatalogue
  /** Returns whether a key is found, where the settings alone tell. */
  finds?(settings: Settings<Own>, key: string): boolean
  /** Reports what a schema cannot say. */
  check?(settings: Settings<Own>, scope: Scope, file: UpstreamCheck<Settings<Own>>): void
  /** Reports what is wrong with the keys of a table, of whatever kind its upstreams are. */
  checkTable?(settings: Settings<OfTable>, context: TableCheck<Settings<Own>>): void
  /**
   * The attributes of clients that a table sends, `attributes` for all of them. Absent where the kind sends keys only.
   */
  attributesOf?(settings: Settings<OfTable>): ReadonlySet<string>
  /** What replies must have. Absent where a value is enough. */
  replyParts?(settings: Settings<OfTable>): ReadonlySet<ReplyPart>
  /** Returns whether all keys of a table are here, so that an outage of its upstream stops nothing. */
  knowsAllKeys?(settings: Settings<OfTable>): boolean
  /** Everything in an upstream that decides what it answers; the rest may change and stored answers stay. No secrets. */
  decisive(settings: Settings<Own>): unknown
  /** The same for the keys of a table. */
  decisiveOfTable?(settings: Settings<OfTable>): unknown
}

/** What every check of a kind is given. */
interface FolderCheck {
  /** Has a folder that the program keeps files of its own in looked at, when everything else is checked. @param at The key that names it, or the section. */
  keepsFilesIn(at: Path, folder: string): void
}

/** What the check of one upstream is given besides its settings. */
export interface UpstreamCheck<Own> extends FolderCheck {
  /** The upstreams of this kind, this one among them. */
  readonly all: readonly Own[]
  /** The gateway shares a store with others (`shared`). */
  readonly isShared: boolean
}

/** What the check of one table is given. */
export interface TableCheck<OfUpstream = unknown> extends FolderCheck {
  readonly scope: Scope
  readonly table: {
    readonly name: string
    readonly deadlineMs: number
    readonly sideEffects: boolean
    readonly canary?:
      | { readonly key: string; readonly attributes?: ReadonlyMap<string, string> | undefined }
      | undefined
  }
  /** The attributes that clients of some protocol send. */
  readonly attributes: AttributeNames
  /** The upstreams of this kind that the table asks, by name. */
  readonly upstreams: ReadonlyMap<string, { readonly settings: OfUpstream; readonly scope: Scope }>
  /** The upstream of this kind, at most one, that the table asks beside its own, to compare. */
  readonly shadow: TableCheck<OfUpstream>['upstreams']
  /** The file's `cacheFile`, where it has one. */
  readonly cacheFile?: string | undefined
}
