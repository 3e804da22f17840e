/**
 * The memcache protocol, server side: what a command asks, and how a result is replied.
 *
 *   get TABLE/KEY                                VALUE TABLE/KEY 0 BYTES, the value, END     found
 *                                                END                                         not found
 *   set TABLE/KEY FLAGS TTL BYTES, the value     STORED
 *   delete TABLE/KEY                             DELETED | NOT_FOUND
 *                                                SERVER_ERROR REASON                         try again later
 *
 * Every line and the value end with CR LF; LF alone is taken, too. Postfix sends these three commands, one key in
 * each. The others are for people, and for clients of memcached that ask for the version when they connect.
 *
 * Postfix tries partial keys itself, as for an indexed file, so a key is looked up as it is.
 * Source: memcached's doc/protocol.txt; memcache_table(5). Peer: Postfix `src/global/dict_memcache.c`
 */
import { permanentFor, type ReasonEntry } from '../../core/reason.ts'
import { type Found, type LookupResult, MAX_REASON_BYTES, unreachable } from '../../core/result.ts'
import type { StoreResult } from '../../core/store/store.ts'
import { MAX_REQUEST_BYTES } from '../framing/frame.ts'
import { LineDecoder } from '../framing/line.ts'
import { type Conversation, MORE_STEP, type ReplyStep, type Step, type ViolationStep } from '../protocol.ts'
import { EMPTY, TOO_LONG } from '../undeliverable.ts'
import { parseCommand, type SetCommand, type TableKey } from './command.ts'
import { MEMCACHE_REASONS } from './reasons.ts'

/** The word in the configuration, and the label. */
export const NAME = 'memcache'

/** Longest value, in bytes. Ours: `data_size_limit` of the table file that `main-cf` prints; Postfix has 10240 without it. */
export const MAX_VALUE_BYTES = 100_000

/**
 * Bytes of a key that a reply repeats. Source: memcached's KEY_MAX_LENGTH, so that its clients see their key; Postfix does
 * not compare it, and a longer line would not fit its line_size_limit.
 */
const MAX_ECHO_BYTES = 250

const LINE_END = '\r\n'
const CARRIAGE_RETURN = 0x0d
const NEWLINE = 0x0a

const NO_TABLE_NAME = refusal('bad-request', MEMCACHE_REASONS.noTable)
const LINE_TOO_LONG = refusal('request-limit', MEMCACHE_REASONS.lineTooLong)
const UNKNOWN: ReplyStep = { kind: 'reply', text: `ERROR${LINE_END}`, error: 'bad-request' }
const VALUE_TOO_LONG: ReplyStep = {
  kind: 'reply',
  text: `SERVER_ERROR object too large for cache${LINE_END}`,
  error: 'request-limit',
}
const BAD_BLOCK: ViolationStep = {
  kind: 'violation',
  error: 'bad-block',
  text: `CLIENT_ERROR bad data chunk${LINE_END}`,
}
/** Clients ask for it to see whether the server lives. */
const VERSION: ReplyStep = { kind: 'reply', text: `VERSION mapgate${LINE_END}` }
const QUIT: ReplyStep = { kind: 'reply', text: '', close: true }

export class MemcacheConversation implements Conversation {
  readonly #decoder = new LineDecoder(MAX_REQUEST_BYTES)
  /** The command whose value has not come yet. */
  #waiting: SetCommand | undefined
  /** What the last step asked for. */
  #last: 'get' | 'set' | 'delete' = 'get'
  /** The key of the last `get`, as it was in the command. */
  #name: Buffer = Buffer.from('TABLE/KEY')
  /** The client wants no reply to the last command. */
  #isQuiet = false

  get hasBegun(): boolean {
    return this.#waiting !== undefined || this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    if (this.#waiting !== undefined) return this.#block(this.#waiting)
    const step = this.#decoder.read()
    if (step.kind === 'frame') return this.#command(step.payload)
    return step.kind === 'skipped' ? LINE_TOO_LONG : MORE_STEP
  }

  /** A value is sent whole or not at all: a cut one would deliver mail to somewhere else. */
  deliverable(result: Found): LookupResult {
    if (result.value === '') return EMPTY
    return Buffer.byteLength(result.value) > MAX_VALUE_BYTES ? TOO_LONG : result
  }

  reply(result: LookupResult | StoreResult): string {
    if (this.#isQuiet) return ''
    switch (result.kind) {
      case 'found': {
        const told = this.deliverable(result)
        return told.kind === 'found' ? this.#value(told.value) : this.reply(told)
      }
      case 'notfound':
        return NOT_FOUND_REPLIES[this.#last]
      case 'done':
        return this.#last === 'delete' ? `DELETED${LINE_END}` : `STORED${LINE_END}`
      case 'temporary':
      case 'permanent':
        return serverError(result.reason)
      case 'entry':
        return serverError('no command scans')
      default:
        return unreachable(result)
    }
  }

  #value(value: string): string {
    const name = this.#name.toString('utf8', 0, MAX_ECHO_BYTES)
    return `VALUE ${name} 0 ${Buffer.byteLength(value)}${LINE_END}${value}${LINE_END}END${LINE_END}`
  }

  #command(line: Buffer): Step {
    const command = parseCommand(line)
    this.#isQuiet = false
    switch (command.kind) {
      case 'get':
        return this.#get(command)
      case 'delete':
        this.#last = 'delete'
        this.#isQuiet = command.isQuiet
        return { kind: 'store', request: { operation: 'delete', table: command.table, key: command.key } }
      case 'set':
        this.#waiting = command
        return this.#block(command)
      case 'version':
        return VERSION
      case 'quit':
        return QUIT
      case 'no-table':
        return NO_TABLE_NAME
      case 'unknown':
        return UNKNOWN
      default:
        return unreachable(command)
    }
  }

  #get({ table, key, name }: TableKey): Step {
    this.#last = 'get'
    this.#name = name
    return { kind: 'ask', protocol: NAME, table, key, exact: true, client: this }
  }

  /** The value behind a command, and its line end. */
  #block(command: SetCommand): Step {
    const step = this.#decoder.readBlock(command.bytes + LINE_END.length)
    if (step.kind === 'more') return MORE_STEP
    this.#waiting = undefined
    if (step.kind !== 'frame') return VALUE_TOO_LONG
    const { payload } = step
    if (payload.at(-2) !== CARRIAGE_RETURN || payload.at(-1) !== NEWLINE) return BAD_BLOCK
    if (command.target === undefined) return command.isKnown ? NO_TABLE_NAME : UNKNOWN
    this.#last = 'set'
    this.#isQuiet = command.isQuiet
    const { table, key } = command.target
    const value = payload.subarray(0, command.bytes)
    return { kind: 'store', request: { operation: 'put', table, key, value, ...command.life } }
  }
}

const NOT_FOUND_REPLIES = {
  get: `END${LINE_END}`,
  set: `NOT_STORED${LINE_END}`,
  delete: `NOT_FOUND${LINE_END}`,
} as const

/** The only way to say "try again later", whatever was asked. */
function serverError(reason: string): string {
  return `SERVER_ERROR ${reason.slice(0, MAX_REASON_BYTES)}${LINE_END}`
}

/** A request that was meant as a lookup. */
function refusal(error: string, entry: ReasonEntry<'bad-request'>): ReplyStep {
  const result = permanentFor(entry)
  return { kind: 'reply', text: serverError(result.reason), error, result }
}
