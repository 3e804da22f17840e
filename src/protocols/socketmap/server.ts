/**
 * The socketmap protocol, server side: what a request asks, and how a result is replied.
 *
 *   request   11:virtual a@b,      NAME SP KEY, the key may be empty and may hold spaces
 *   reply     7:OK text,   9:NOTFOUND ,   TEMP reason   TIMEOUT reason   PERM reason
 *
 * Source: socketmap_table(5). Peer: Postfix `src/global/dict_sockmap.c` (dict_sockmap_lookup)
 */
// The global of this name is a getter: it costs more than counting the bytes.
import { Buffer } from 'node:buffer'
import { type LookupResult, MAX_REASON_BYTES, unreachable } from '../../core/result.ts'
import { find } from '../find.ts'
import { MAX_REQUEST_BYTES } from '../limits.ts'
import { NetstringDecoder, netstring } from '../netstring.ts'
import type { Request, ServerProtocol } from '../protocol.ts'

/**
 * Longest reply payload that the Postfix client reads, in bytes, `OK ` counted.
 * Source: Postfix `src/global/dict_sockmap.c`, DICT_SOCKMAP_MAX_REPLY; a setting since 3.10.
 */
export const MAX_REPLY_PAYLOAD_BYTES = 100_000

const SPACE = 0x20

/** Longest value that fits a reply, in bytes. */
const MAX_VALUE_BYTES = MAX_REPLY_PAYLOAD_BYTES - 'OK '.length

// The space belongs to the reply: Postfix before 3.7 takes a status without it for malformed.
const NOT_FOUND_REPLY = netstring('NOTFOUND ')
const TOO_LONG_REPLY = netstring('TEMP reply too long')
const EMPTY_REPLY = netstring('TEMP the result is empty, which Postfix does not accept')
const NO_KEY_REPLY = netstring('PERM bad request: expected a table name, a space and a key')

export const socketmap: ServerProtocol = {
  name: 'socketmap',
  createDecoder: () => new NetstringDecoder(MAX_REQUEST_BYTES),
  parseRequest,
  encodeReply,
}

/**
 * The table name of the last request: most requests name the same table as the one before, and to compare its
 * few bytes is cheaper than to make the text again. Which one is kept changes no answer.
 */
let lastTable = ''

/** Splits a request at its first space only: a key may hold more of them. */
function parseRequest(payload: Buffer): Request {
  let space = 0
  while (space < payload.length && payload[space] === lastTable.charCodeAt(space)) space++
  if (space !== lastTable.length || payload[space] !== SPACE) {
    space = find(payload, SPACE, 0)
    if (space === payload.length) return { kind: 'refused', reply: NO_KEY_REPLY, error: 'bad-request' }
    // Latin-1 keeps every byte apart, so that no odd byte can turn into the name of a table.
    lastTable = payload.toString('latin1', 0, space)
  }
  return { kind: 'query', table: lastTable, key: payload.subarray(space + 1) }
}

/**
 * Encodes a result as one reply.
 *
 * A value is sent whole or not at all: one that the client would not read is a temporary error,
 * because a cut one would deliver mail to somewhere else.
 */
function encodeReply(result: LookupResult): string {
  switch (result.kind) {
    case 'found':
      return encodeValue(result.value)
    case 'notfound':
      return NOT_FOUND_REPLY
    case 'temporary':
      return encodeReason(result.cause === 'timeout' ? 'TIMEOUT' : 'TEMP', result.reason)
    case 'permanent':
      return encodeReason('PERM', result.reason)
    default:
      return unreachable(result)
  }
}

function encodeValue(value: string): string {
  if (value === '') return EMPTY_REPLY
  const bytes = Buffer.byteLength(value)
  return bytes > MAX_VALUE_BYTES ? TOO_LONG_REPLY : `${bytes + 'OK '.length}:OK ${value},`
}

function encodeReason(status: 'TEMP' | 'TIMEOUT' | 'PERM', reason: string): string {
  return netstring(`${status} ${reason.slice(0, MAX_REASON_BYTES)}`)
}
