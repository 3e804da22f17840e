/**
 * The socketmap protocol, client side: how a server is named, how a question is sent, and what a reply says.
 *
 *   socketmap:inet:HOST:PORT:NAME    socketmap:unix:PATH:NAME
 *
 * The table name is what follows the last colon. Grammar of the wire: `conversation.ts` beside this file.
 * Source: socketmap_table(5); Postfix `src/util/dict_sockmap.c` (dict_sockmap_open).
 */
import { isUtf8 } from 'node:buffer'
import { type Address, type InvalidAddress, parseHostPort, parseUnixPath } from '../../core/address.ts'
import { found, type LookupResult, notFound, permanent, temporary } from '../../core/result.ts'
import { NetstringDecoder } from '../framing/netstring.ts'
import type { ProtocolClient } from '../protocol.ts'
import { MAX_REPLY_PAYLOAD_BYTES } from './conversation.ts'

const SPACE = 0x20
const SCHEME = 'socketmap'
const FORMS = [`${SCHEME}:inet:HOST:PORT:NAME`, `${SCHEME}:unix:PATH:NAME`] as const

export const socketmapClient: ProtocolClient = {
  scheme: SCHEME,
  forms: FORMS,
  examples: [
    `${SCHEME}:inet:127.0.0.1:8464:aliases`,
    `${SCHEME}:unix:/var/spool/postfix/mapgate/socketmap:aliases`,
  ],
  parse: (text) => {
    const server = text.slice(SCHEME.length + 1)
    const lastColon = server.lastIndexOf(':')
    const table = server.slice(lastColon + 1)
    const address = parseSocket(server.slice(0, Math.max(0, lastColon)))
    if (address.kind === 'invalid') return address
    if (table === '' || /\s/.test(table)) return invalid('expected a table name after the last colon')
    return { address, table }
  },
  encodeRequest,
  createDecoder: () => new NetstringDecoder(MAX_REPLY_PAYLOAD_BYTES),
  parseReply,
}

function parseSocket(server: string): Address | InvalidAddress {
  if (server.startsWith('inet:')) return parseHostPort(server.slice('inet:'.length))
  if (server.startsWith('unix:')) return parseUnixPath(server.slice('unix:'.length))
  return invalid(`expected ${FORMS.join(' or ')}`)
}

function invalid(why: string): InvalidAddress {
  return { kind: 'invalid', why }
}

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
