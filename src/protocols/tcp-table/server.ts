/**
 * The tcp_table protocol, server side: what a request line asks, and how a result is replied.
 *
 *   request   get SP KEY NL             the key may be empty; `put SP KEY SP VALUE NL` is an update
 *   reply     200 SP TEXT NL   found
 *             400 SP TEXT NL   try again later
 *             500 SP TEXT NL   not found; for `put`: not accepted
 *
 * Key and text are percent quoted (`percent.ts`).
 * Source: tcp_table(5). Peer: Postfix `src/global/dict_tcp.c` (dict_tcp_lookup)
 */
import { type LookupResult, MAX_REASON_BYTES, unreachable } from '../../core/result.ts'
import { MAX_REQUEST_BYTES } from '../limits.ts'
import { LineDecoder } from '../line.ts'
import { percentQuote, percentUnquote } from '../percent.ts'
import type { Request, RequestError, ServerProtocol } from '../protocol.ts'

/**
 * Longest reply line that the Postfix client reads, in bytes, newline included. One more, and it
 * stalls for ten seconds. Source: Postfix `src/global/dict_tcp.c`, DICT_TCP_MAXLEN.
 */
export const MAX_REPLY_BYTES = 4096

const GET = Buffer.from('get ')
const PUT = Buffer.from('put ')

const NOT_FOUND_REPLY = '500 not%20found\n'
const REPLY_TOO_LONG = retryReply('reply too long')
const EMPTY_REPLY = retryReply('the result is empty, which Postfix does not accept')
const REQUEST_TOO_LONG = retryReply('bad request: the line is too long')

const PUT_REFUSED = refused('put', `500 ${percentQuote('put is not supported')}\n`)
const UNKNOWN = refused('bad-request', retryReply('bad request: expected get, a space and a key'))
const BAD_QUOTING = refused(
  'bad-quoting',
  retryReply('bad request: two hex digits must follow each % of the key'),
)

export const tcpTable: ServerProtocol = {
  name: 'tcp_table',
  createDecoder: () => new LineDecoder(MAX_REQUEST_BYTES, REQUEST_TOO_LONG),
  parseRequest,
  encodeReply,
}

/** Reads one request line. The protocol has no table name. */
function parseRequest(line: Buffer): Request {
  if (!startsWith(line, GET)) {
    return startsWith(line, PUT) || line.equals(PUT.subarray(0, -1)) ? PUT_REFUSED : UNKNOWN
  }
  const key = percentUnquote(line.subarray(GET.length))
  return key === undefined ? BAD_QUOTING : { kind: 'query', table: undefined, key }
}

/** Byte by byte: the words are so short that a call would cost more. */
function startsWith(line: Buffer, word: Buffer): boolean {
  for (let at = 0; at < word.length; at++) if (line[at] !== word[at]) return false
  return true
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
function encodeReply(result: LookupResult): string {
  switch (result.kind) {
    case 'found':
      return encodeValue(result.value)
    case 'notfound':
      return NOT_FOUND_REPLY
    case 'temporary':
    case 'permanent':
      return retryReply(result.reason)
    default:
      return unreachable(result)
  }
}

function encodeValue(value: string): string {
  if (value === '') return EMPTY_REPLY
  // Quoting only makes it longer, so a value that cannot fit is not worth quoting.
  if (value.length > MAX_REPLY_BYTES) return REPLY_TOO_LONG
  const line = `200 ${percentQuote(value)}\n`
  return line.length > MAX_REPLY_BYTES ? REPLY_TOO_LONG : line
}

function retryReply(reason: string): string {
  return `400 ${percentQuote(reason.slice(0, MAX_REASON_BYTES))}\n`
}

function refused(error: RequestError, reply: string): Request {
  return { kind: 'refused', reply, error }
}
