/**
 * The tcp_table protocol, client side: how a server is named (`tcp:HOST:PORT`), how a question is sent, and what a
 * reply line says.
 *
 * Grammar and source: `conversation.ts` beside this file.
 */

import { temporaryFor } from '../../core/reason.ts'
import { type LookupResult, notFound, temporary } from '../../core/result.ts'
import { parseHostPort } from '../../core/system/address.ts'
import { notOfProtocol, replyValue } from '../client-result.ts'
import { LineDecoder } from '../framing/line.ts'
import { percentQuoteBytes, percentUnquote } from '../framing/percent.ts'
import type { ProtocolClient } from '../protocol.ts'
import { MAX_REPLY_BYTES, NAME } from './conversation.ts'
import { TCP_TABLE_CLIENT_REASONS } from './reasons.ts'

const SCHEME = 'tcp'

/** Three digits and white space; the first digit alone decides. */
const STATUS = /^([245])\d\d\s/

/** Length of `200` and the white space behind it. */
const STATUS_BYTES = 4

/** Longest reply line without its newline, in bytes. */
const MAX_LINE_BYTES = MAX_REPLY_BYTES - 1

export const tcpTableClient = {
  scheme: SCHEME,
  reasons: TCP_TABLE_CLIENT_REASONS,
  forms: [`${SCHEME}:HOST:PORT`],
  examples: [`${SCHEME}:127.0.0.1:8465`],
  parse: (text) => {
    const address = parseHostPort(text.slice(SCHEME.length + 1))
    return address.kind === 'invalid' ? address : { address, table: '' }
  },
  encodeRequest: (_table, key) => encodeRequest(key),
  createDecoder: () => new LineDecoder(MAX_LINE_BYTES),
  parseReply,
} satisfies ProtocolClient

function encodeRequest(key: Buffer): Buffer {
  return Buffer.from(`get ${percentQuoteBytes(key)}\n`, 'latin1')
}

/** Reads one reply line, without its newline. */
function parseReply(line: Buffer): LookupResult {
  const status = STATUS.exec(line.toString('latin1', 0, STATUS_BYTES))
  const text = percentUnquote(line.subarray(STATUS_BYTES))
  if (status === null) return notOfProtocol(NAME)
  if (text === undefined) return temporaryFor(TCP_TABLE_CLIENT_REASONS.wrongQuoting)
  if (status[1] === '5') return notFound()
  if (status[1] === '4') return temporary('service', text.toString())
  return replyValue(text)
}
