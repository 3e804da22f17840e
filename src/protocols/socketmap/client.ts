/**
 * The socketmap protocol, client side: how a server is named, how a question is sent, and what a reply says.
 *
 * Grammar of the wire: `conversation.ts` beside this file.
 */
import { type LookupResult, notFound, permanent, temporary } from '../../core/result.ts'
import { notOfProtocol, replyValue } from '../client-result.ts'
import { NetstringDecoder } from '../framing/netstring.ts'
import { namedTableForms, parseNamedTable } from '../named-table.ts'
import type { ProtocolClient } from '../protocol.ts'
import { MAX_REPLY_PAYLOAD_BYTES } from './conversation.ts'

const SPACE = 0x20
const SCHEME = 'socketmap'

export const socketmapClient = {
  scheme: SCHEME,
  forms: namedTableForms(SCHEME),
  examples: [
    `${SCHEME}:inet:127.0.0.1:8464:aliases`,
    `${SCHEME}:unix:/var/spool/postfix/mapgate/socketmap:aliases`,
  ],
  parse: (text) => parseNamedTable(text, SCHEME),
  encodeRequest,
  createDecoder: () => new NetstringDecoder(MAX_REPLY_PAYLOAD_BYTES),
  parseReply,
} satisfies ProtocolClient

/** Frames one question: `NAME SP KEY` as a netstring. */
function encodeRequest(table: string, key: Buffer): Buffer {
  const name = Buffer.from(`${table} `)
  return Buffer.concat([Buffer.from(`${name.length + key.length}:`), name, key, Buffer.from(',')])
}

/** Reads the payload of one reply. */
function parseReply(payload: Buffer): LookupResult {
  const space = payload.indexOf(SPACE)
  const status = payload.toString('latin1', 0, space === -1 ? payload.length : space)
  const text = space === -1 ? payload.subarray(payload.length) : payload.subarray(space + 1)
  switch (status) {
    case 'OK':
      return replyValue(text)
    case 'NOTFOUND':
      return notFound()
    case 'TEMP':
      return temporary('service', text.toString())
    case 'TIMEOUT':
      return temporary('timeout', text.toString())
    case 'PERM':
      return permanent('refused', text.toString())
    default:
      return notOfProtocol(SCHEME)
  }
}
