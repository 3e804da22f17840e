/**
 * The policy delegation protocol, client side: how a server is named (`policy:unix:PATH`), how a question is sent, and
 * what a reply says.
 *
 * Grammar and source: `conversation.ts` beside this file.
 */

import { temporaryFor } from '../../core/reason.ts'
import { found, type LookupResult, notFound, temporary } from '../../core/result.ts'
import { parseAddress } from '../../core/system/address.ts'
import { notOfProtocol } from '../client-result.ts'
import { BlockDecoder } from '../framing/block.ts'
import type { ProtocolClient } from '../protocol.ts'
import { NAME, UNKNOWN_ACTION } from './conversation.ts'
import { POLICY_REASONS } from './reasons.ts'

/** Longest reply that is read, in bytes. Ours: smtpd sets no limit, and no sane text is longer. */
const MAX_REPLY_BYTES = 65_536

/** What smtpd always says, so that a service finds what it expects. */
const ALWAYS = { request: 'smtpd_access_policy', protocol_state: 'RCPT', protocol_name: 'ESMTP' }

export const policyClient = {
  scheme: NAME,
  forms: [`${NAME}:inet:HOST:PORT`, `${NAME}:unix:PATH`],
  examples: [`${NAME}:unix:/var/spool/postfix/mapgate/policy`],
  parse: (text) => {
    const address = parseAddress(text.slice(NAME.length + 1))
    return address.kind === 'invalid' ? address : { address, table: '' }
  },
  encodeRequest: (_table, key) => encode(new Map([['recipient', key]])),
  encodeAttributes: (_table, attributes) =>
    encode(new Map(Array.from(attributes, ([name, value]) => [name, Buffer.from(value)]))),
  createDecoder: () => new BlockDecoder(MAX_REPLY_BYTES),
  parseReply,
} satisfies ProtocolClient

function encode(attributes: ReadonlyMap<string, Buffer>): Buffer {
  const always = Object.entries(ALWAYS).flatMap(([name, value]) =>
    attributes.has(name) ? [] : [Buffer.from(`${name}=${value}\n`)],
  )
  const own = Array.from(attributes, ([name, value]) =>
    Buffer.concat([Buffer.from(`${name}=`), value, NEWLINE]),
  )
  return Buffer.concat([...always, ...own, NEWLINE])
}

const NEWLINE = Buffer.from('\n')

/** Reads one reply. As smtpd: other attributes are ignored, and of two actions the first counts. */
function parseReply(block: Buffer): LookupResult {
  const line = block
    .toString('utf8')
    .split('\n')
    .find((one) => one.startsWith('action='))
  if (line === undefined) return notOfProtocol(NAME)
  const action = line.slice('action='.length)
  if (/^\d*$/.test(action)) return temporaryFor(POLICY_REASONS.permission)
  if (action === UNKNOWN_ACTION) return temporary('service', UNKNOWN_ACTION)
  return action.toUpperCase() === 'DUNNO' ? notFound() : found(action)
}
