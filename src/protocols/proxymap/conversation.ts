/**
 * The proxymap protocol, server side: what a request asks, and how a result is replied.
 *
 * A table of ours is named `mapgate:NAME`; every other `TYPE:NAME` is foreign, since Postfix asks here for all its `proxy:`
 * tables, and is passed on to Postfix's own proxymap(8), or fails. What has no type is meant for us: the other server
 * would refuse it by a status that ends the daemon.
 *
 * Postfix tries partial keys itself and folds their case (the table is `fixed`), unless the listener says `pattern`.
 * Grammar: `request.ts`, `reply.ts` and `messages.ts` beside this file. Peer: Postfix `src/global/dict_proxy.c`
 */
import { permanentFor, temporaryFor } from '../../core/reason.ts'
import { type Found, type LookupResult, type Permanent, unreachable } from '../../core/result.ts'
import type { StoreResult } from '../../core/store/store.ts'
import { MAX_REQUEST_BYTES } from '../framing/frame.ts'
import {
  type AcceptedBy,
  type Conversation,
  type Greeting,
  MORE_STEP,
  type PassedResult,
  type PassTarget,
  type Reply,
  type ReplyStep,
  type Step,
} from '../protocol.ts'
import { EMPTY, TOO_LONG } from '../undeliverable.ts'
import { attributeList, MessageDecoder } from './messages.ts'
import { PROXYMAP_REASONS } from './reasons.ts'
import {
  encodeReply,
  FLAG_FIXED,
  FLAG_FOLD_FIX,
  FLAG_PATTERN,
  type ReplyForm,
  STATUS_CONFIG,
  STATUS_NOKEY,
  STATUS_OK,
  STATUS_RETRY,
  type Status,
} from './reply.ts'
import { type BadRequest, type ProxymapRequest, readRequest } from './request.ts'

/** The word in the configuration, and the label. */
export const NAME = 'proxymap'

/** Stands before the name of each of our tables. */
export const TABLE_TYPE = 'mapgate:'

/** Longest value, in bytes. Ours: Postfix sets no limit. */
export const MAX_VALUE_BYTES = 1_048_576

/** What the server says first since Postfix 3.6; older clients take it for a wrong reply. */
export const GREETING = attributeList('protocol', 'proxymap_protocol')

/** Silence that makes a client one that waits for a greeting, ms. Ours, measured: 3.4 and 3.5 ask at once. */
const GREETING_AFTER_MS = 50

export interface ProxymapSettings {
  readonly tables: readonly string[] | undefined
  /** The tables that may be written. */
  readonly write: readonly string[]
  readonly greeting: 'auto' | 'always' | 'never'
  readonly pattern: boolean
  readonly pass: PassTarget | undefined
}

const NUL_BYTE = temporaryFor(PROXYMAP_REASONS.nulByte)
const NO_REQUEST = permanentFor(PROXYMAP_REASONS.noRequest)
const REQUEST_TOO_LONG = permanentFor(PROXYMAP_REASONS.requestTooLong)

const UPPER_CASE = /[A-Z]+/g

export class ProxymapConversation implements Conversation {
  readonly greeting: Greeting | undefined
  readonly #listener: AcceptedBy<ProxymapSettings>
  readonly #decoder = new MessageDecoder(MAX_REQUEST_BYTES)
  /** Of the last request. */
  #form: ReplyForm = { name: 'lookup', isNew: false, flags: 0 }
  /** The table of the last request. */
  #table = ''
  /** The key that a sequence came to last, by table. Lookups and deletions between leave it where it is. */
  readonly #cursors = new Map<string, Buffer>()

  constructor(listener: AcceptedBy<ProxymapSettings>) {
    this.#listener = listener
    const { greeting } = listener.settings
    if (greeting === 'always') this.greeting = { text: GREETING }
    if (greeting === 'auto') this.greeting = { text: GREETING, whenSilentForMs: GREETING_AFTER_MS }
  }

  get hasBegun(): boolean {
    return this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    const step = this.#decoder.read()
    if (step.kind === 'frame') return this.#request(readRequest(step.payload), step.payload)
    return step.kind === 'skipped' ? this.#tooLong(readRequest(this.#decoder.skippedHead)) : MORE_STEP
  }

  /** A value is told whole or not at all: a cut one would deliver mail to somewhere else. */
  deliverable(result: Found): LookupResult {
    const { value } = result
    if (value === '') return EMPTY
    if (value.includes('\0')) return NUL_BYTE
    return Buffer.byteLength(value) > MAX_VALUE_BYTES ? TOO_LONG : result
  }

  reply(result: LookupResult | StoreResult | PassedResult): Reply {
    const form = this.#form
    switch (result.kind) {
      case 'found': {
        const told = this.deliverable(result)
        return told.kind === 'found' ? encodeReply(form, STATUS_OK, told.value) : this.reply(told)
      }
      case 'notfound':
        return encodeReply(form, STATUS_NOKEY)
      case 'done':
        return encodeReply(form, STATUS_OK)
      case 'entry':
        this.#cursors.set(this.#table, Buffer.from(result.key))
        return encodeReply(form, STATUS_OK, result.value, result.key)
      case 'temporary':
        return encodeReply(form, STATUS_RETRY)
      case 'permanent':
        return encodeReply(form, statusOf(result))
      case 'passed':
        return { text: '', bytes: result.bytes }
      default:
        return unreachable(result)
    }
  }

  #request(request: ProxymapRequest | BadRequest, message: Buffer): Step {
    if (request.name === 'bad') return this.#refuse(request, NO_REQUEST, 'bad-request')
    const { name, isNew, flags, table } = request
    const { pass, pattern } = this.#listener.settings
    this.#form = { name, isNew, flags }
    if (pass !== undefined && isForeign(table)) return this.#pass(pass, message)
    this.#table = table.startsWith(TABLE_TYPE) ? table.slice(TABLE_TYPE.length) : table
    switch (name) {
      case 'open':
        return { kind: 'reply', text: opened(this.#form, pattern ? FLAG_PATTERN : FLAG_FIXED) }
      case 'lookup':
        return {
          kind: 'ask',
          protocol: NAME,
          table: this.#table,
          key: foldedKey(request, pattern),
          exact: !pattern,
          client: this,
        }
      case 'update':
      case 'delete':
      case 'sequence':
        return this.#store(request, foldedKey(request, pattern))
    }
  }

  #store({ name, value, isFirst }: ProxymapRequest, key: Buffer): Step {
    const table = this.#table
    if (!this.#listener.settings.write.includes(table))
      return {
        kind: 'reply',
        text: encodeReply(this.#form, STATUS_CONFIG),
        error: 'write',
        refusedChange: table,
      }
    if (name === 'update') return { kind: 'store', request: { operation: 'put', table, key, value } }
    if (name === 'delete') return { kind: 'store', request: { operation: 'delete', table, key } }
    const after = isFirst ? undefined : this.#cursors.get(table)
    return {
      kind: 'store',
      request: after === undefined ? { operation: 'scan', table } : { operation: 'scan', table, after },
    }
  }

  /** Until it is known what the other server says, an opened table has no flags. */
  #pass(target: PassTarget, request: Buffer): Step {
    if (this.#form.name === 'open') this.#form = { ...this.#form, flags: 0 }
    return { kind: 'pass', target, request }
  }

  #tooLong(request: ProxymapRequest | BadRequest): Step {
    const bad: BadRequest =
      request.name === 'bad' ? request : { name: 'bad', expects: request.name, isNew: request.isNew }
    return this.#refuse(bad, REQUEST_TOO_LONG, 'request-limit')
  }

  /** Nothing deadly: a status that makes Postfix ask again later. */
  #refuse({ expects, isNew }: BadRequest, result: Permanent, error: string): ReplyStep {
    this.#form = { name: expects, isNew, flags: 0 }
    const text = encodeReply(this.#form, STATUS_RETRY)
    return expects === 'lookup' ? { kind: 'reply', text, error, result } : { kind: 'reply', text, error }
  }
}

/** Returns whether a name is one of another server's: `TYPE:NAME` with a type that is not ours in any case. */
function isForeign(table: string): boolean {
  if (table.startsWith(TABLE_TYPE) || !table.includes(':')) return false
  return table.slice(0, TABLE_TYPE.length).toLowerCase() !== TABLE_TYPE
}

/** Since 3.11 the client takes all flags from here, and aborts where one is missing that it asked for. */
function opened(form: ReplyForm, flag: number): string {
  return encodeReply({ ...form, flags: (form.flags | flag) >>> 0 }, STATUS_OK)
}

/** For a table that is not there the mail waits, until somebody sees the log. */
function statusOf({ cause }: Permanent): Status {
  return cause === 'refused' ? STATUS_CONFIG : STATUS_RETRY
}

/** The key as the table has it: with this flag the client leaves folding to the server, for changes as for lookups (dict_lmdb.c). */
function foldedKey({ key, flags }: ProxymapRequest, pattern: boolean): Buffer {
  return !pattern && (flags & FLAG_FOLD_FIX) !== 0 ? lowerCase(key) : key
}

/** As Postfix does without SMTPUTF8: ASCII letters alone. */
function lowerCase(key: Buffer): Buffer {
  const text = key.toString('latin1').replace(UPPER_CASE, (letters) => letters.toLowerCase())
  return Buffer.from(text, 'latin1')
}
