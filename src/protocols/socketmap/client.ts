/**
 * The socketmap protocol, client side: how a question is sent, and what a reply says.
 *
 * Grammar and source: `server.ts` beside this file.
 */
import { isUtf8 } from 'node:buffer'
import { found, type LookupResult, notFound, permanent, temporary } from '../../core/result.ts'

const SPACE = 0x20

/** Frames one question: `NAME SP KEY` as a netstring. */
export function encodeRequest(table: string, key: Buffer): Buffer {
  const name = Buffer.from(`${table} `)
  return Buffer.concat([Buffer.from(`${name.length + key.length}:`), name, key, Buffer.from(',')])
}

/**
 * Reads the payload of one reply.
 *
 * Strict as Postfix: what is no reply of the protocol is temporary, never "not found".
 */
export function parseReply(payload: Buffer): LookupResult {
  const space = payload.indexOf(SPACE)
  const status = payload.toString('latin1', 0, space === -1 ? payload.length : space)
  const text = space === -1 ? payload.subarray(payload.length) : payload.subarray(space + 1)
  switch (status) {
    case 'OK':
      return parseValue(text)
    case 'NOTFOUND':
      return notFound()
    case 'TEMP':
      return temporary('service', text.toString())
    case 'TIMEOUT':
      return temporary('timeout', text.toString())
    case 'PERM':
      return permanent('refused', text.toString())
    default:
      return temporary('unreadable', 'the server sent a reply that is not of the socketmap protocol')
  }
}

function parseValue(text: Buffer): LookupResult {
  if (text.length === 0)
    return temporary('unreadable', 'the server sent an empty result, which Postfix does not accept')
  if (!isUtf8(text)) return temporary('unreadable', 'the server sent a result that is not UTF-8')
  return found(text.toString())
}
