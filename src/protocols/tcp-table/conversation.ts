/**
 * The tcp_table protocol, server side: what a request line asks, and how a result is replied.
 *
 *   request   get SP KEY NL             the key may be empty; `put SP KEY SP VALUE NL` is an update
 *   reply     200 SP TEXT NL   found
 *             400 SP TEXT NL   try again later
 *             500 SP TEXT NL   not found; for `put`: not accepted
 *
 * Key and text are percent quoted (`percent.ts`). Postfix quotes white space and control bytes, so those that stand
 * around a key as they are come from a person who types: a carriage return belongs to the end of the line, as
 * telnet(1) sends it, and blanks to nothing. Any other control byte as it is, such as a backspace, or a byte that is
 * no UTF-8, such as a command of telnet (RFC 854), breaks the rule of ENCODING in tcp_table(5): nobody may take such a
 * line for a key that does not exist.
 * Source: tcp_table(5). Peer: Postfix `src/util/dict_tcp.c` (dict_tcp_lookup)
 */
import { isUtf8 } from 'node:buffer'
import { permanentFor, type ReasonEntry } from '../../core/reason.ts'
import { type Found, type LookupResult, MAX_REASON_BYTES, unreachable } from '../../core/result.ts'
import { MAX_REQUEST_BYTES } from '../framing/frame.ts'
import { LineDecoder } from '../framing/line.ts'
import { percentQuote, percentUnquote } from '../framing/percent.ts'
import { type AcceptedBy, type Conversation, MORE_STEP, type ReplyStep, type Step } from '../protocol.ts'
import { undeliverable } from '../undeliverable.ts'
import { TCP_TABLE_REASONS } from './reasons.ts'

/** The word in the configuration, and the label. */
export const NAME = 'tcp_table'

export interface TcpTableSettings {
  /** The one table of the listener: the protocol has no table name. */
  readonly table: string
}

/**
 * Longest reply line that the Postfix client reads, in bytes, newline included. One more, and it
 * stalls for ten seconds. Source: Postfix `src/util/dict_tcp.c`, DICT_TCP_MAXLEN.
 */
export const MAX_REPLY_BYTES = 4096

/** Values of up to this many UTF-16 units fit whatever is in them: three bytes for each, three characters for each byte. */
const ALWAYS_FITS = Math.floor((MAX_REPLY_BYTES - '200 \n'.length) / 9)

const GET = Buffer.from('get ')
const PUT = Buffer.from('put')
const QUIT = Buffer.from('quit')
const TAB = 0x09
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const PERCENT = 0x25
const DELETE = 0x7f

const NOT_FOUND_REPLY = '500 not%20found\n'

const UNKNOWN = refusal('bad-request', TCP_TABLE_REASONS.noGet)
const BAD_QUOTING = refusal('bad-quoting', TCP_TABLE_REASONS.badQuoting)
const UNQUOTED = refusal('bad-quoting', TCP_TABLE_REASONS.unquoted)
const REQUEST_TOO_LONG = refusal('request-limit', TCP_TABLE_REASONS.lineTooLong)
const NO_PUT = percentQuote(TCP_TABLE_REASONS.put.text)
/** No lookup: only the kind of the error is counted. */
const PUT_REFUSED: ReplyStep = {
  kind: 'reply',
  text: `500 ${NO_PUT}\n`,
  error: 'put',
}
/** Nobody but a person at a terminal says so. */
const GOODBYE: ReplyStep = { kind: 'reply', text: retryReply(TCP_TABLE_REASONS.quit.text), close: true }

export class TcpTableConversation implements Conversation {
  readonly #listener: AcceptedBy<TcpTableSettings>
  readonly #decoder = new LineDecoder(MAX_REQUEST_BYTES)

  constructor(listener: AcceptedBy<TcpTableSettings>) {
    this.#listener = listener
  }

  get hasBegun(): boolean {
    return this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    const step = this.#decoder.read()
    if (step.kind === 'frame') return this.#request(step.payload)
    return step.kind === 'skipped' ? REQUEST_TOO_LONG : MORE_STEP
  }

  /** A value is sent whole or not at all: a cut one would deliver mail to somewhere else. */
  deliverable(result: Found): LookupResult {
    const { value } = result
    // Nearly every value is short enough, whatever it holds.
    if (value !== '' && value.length <= ALWAYS_FITS) return result
    return encodeValue(value) === undefined ? undeliverable(value) : result
  }

  /**
   * Encodes a result as one reply line.
   *
   * `500` means "the key does not exist", so a permanent failure must not use it: Postfix would
   * take the failure for a negative answer. It is sent as `400`. The reason is quoted too, because
   * the client unquotes the text of every reply and drops the connection when that fails.
   *
   * @returns One ASCII line, at most {@link MAX_REPLY_BYTES} bytes.
   */
  reply(result: LookupResult): string {
    switch (result.kind) {
      case 'found':
        return encodeValue(result.value) ?? retryReply(undeliverable(result.value).reason)
      case 'notfound':
        return NOT_FOUND_REPLY
      case 'temporary':
      case 'permanent':
        return retryReply(result.reason)
      default:
        return unreachable(result)
    }
  }

  #request(line: Buffer): Step {
    if (!startsWith(line, GET)) return otherCommand(line.subarray(0, endOf(line, 0)))
    const quoted = keyOf(line)
    if (isPlain(quoted)) return this.#ask(quoted)
    if (!mayStandUnquoted(quoted)) return UNQUOTED
    const key = percentUnquote(quoted)
    return key === undefined ? BAD_QUOTING : this.#ask(key)
  }

  #ask(key: Buffer): Step {
    return { kind: 'ask', protocol: NAME, table: this.#listener.settings.table, key, client: this }
  }
}

function otherCommand(line: Buffer): Step {
  if (startsWith(line, PUT) && (line.length === PUT.length || isBlank(line[PUT.length]))) return PUT_REFUSED
  return line.equals(QUIT) ? GOODBYE : UNKNOWN
}

/** Byte by byte: the words are so short that a call would cost more. */
function startsWith(line: Buffer, word: Buffer): boolean {
  for (let at = 0; at < word.length; at++) if (line[at] !== word[at]) return false
  return true
}

/** The quoted key of a `get` line. Postfix sends it bare: then the ends are looked at once, and nothing more. */
function keyOf(line: Buffer): Buffer {
  const start = GET.length
  if (isInk(line[start]) && isInk(line[line.length - 1])) return line.subarray(start)
  const end = endOf(line, start)
  return line.subarray(startOf(line, start, end), end)
}

/** Returns whether a quoted key stands for itself, byte by byte, as nearly every one does. */
function isPlain(quoted: Buffer): boolean {
  for (let at = 0; at < quoted.length; at++) {
    const byte = quoted[at] ?? 0
    if (byte < SPACE || byte === PERCENT || byte >= DELETE) return false
  }
  return true
}

/** Returns whether the bytes that are not quoted are such as a person may type: UTF-8, and no control bytes. */
function mayStandUnquoted(quoted: Buffer): boolean {
  return isUtf8(quoted) && !quoted.some((byte) => byte < SPACE || byte === DELETE)
}

/** True for a byte that is neither a blank nor a control byte. */
function isInk(byte: number | undefined): boolean {
  return byte !== undefined && byte > SPACE
}

/** Where a line ends without the carriage return and the blanks at its end; not before `least`. */
function endOf(line: Buffer, least: number): number {
  let end = line.length
  if (end > least && line[end - 1] === CARRIAGE_RETURN) end--
  while (end > least && isBlank(line[end - 1])) end--
  return end
}

/** Where the first byte is from `start` on that is no blank. */
function startOf(line: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(line[at])) at++
  return at
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}

/** The reply line of a found value; undefined when the client would not read it. */
function encodeValue(value: string): string | undefined {
  // Quoting only makes it longer, so a value that cannot fit is not worth quoting.
  if (value === '' || value.length > MAX_REPLY_BYTES) return undefined
  const line = `200 ${percentQuote(value)}\n`
  return line.length > MAX_REPLY_BYTES ? undefined : line
}

function retryReply(reason: string): string {
  return `400 ${percentQuote(reason.slice(0, MAX_REASON_BYTES))}\n`
}

/** A request that was meant as a lookup. */
function refusal(error: string, entry: ReasonEntry<'bad-request'>): ReplyStep {
  const result = permanentFor(entry)
  return { kind: 'reply', text: retryReply(result.reason), error, result }
}
