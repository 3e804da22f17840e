/**
 * The proxymap protocol, client side: how a server is named, how a question is sent, and what a reply says.
 *
 *   proxymap:unix:PATH:NAME      a table of mapgate
 *   proxymap:unix:PATH:TYPE:NAME a table of any server, such as proxymap:unix:private/proxymap:unix:passwd.byname
 *
 * It asks as Postfix 3.4 to 3.10 do; a server that does not know that is asked again as 3.11 does.
 * Grammar: `request.ts` and `reply.ts` beside this file.
 */

import { permanentFor, temporaryFor } from '../../core/reason.ts'
import { type LookupResult, notFound } from '../../core/result.ts'
import { parseUnixPath } from '../../core/system/address.ts'
import { notOfProtocol, replyValue } from '../client-result.ts'
import type { Decoder, DecodeStep } from '../framing/frame.ts'
import type { ProtocolClient } from '../protocol.ts'
import { GREETING, NAME, TABLE_TYPE } from './conversation.ts'
import { MessageDecoder, readAttributes } from './messages.ts'
import { PROXYMAP_CLIENT_REASONS } from './reasons.ts'

/** Longest reply, in bytes. Ours: Postfix sets no limit, and a foreign table may have long values. */
const MAX_REPLY_BYTES = 16_777_216

/** The flags of a table for lookups: lock, UTF-8. Source: Postfix `src/util/dict.h`; seen from postmap(1). */
const LOOKUP_FLAGS = 524_352

const TOO_LONG: DecodeStep = Object.freeze({ kind: 'skipped' })

const SERVER = /^unix:([^:]+):(.+)$/
const GREETING_BYTES = Buffer.from(GREETING)

export const proxymapClient = {
  scheme: NAME,
  reasons: PROXYMAP_CLIENT_REASONS,
  forms: [`${NAME}:unix:PATH:NAME`, `${NAME}:unix:PATH:TYPE:NAME`],
  examples: [`${NAME}:unix:/var/spool/postfix/mapgate/proxymap:aliases`],
  parse: (text) => {
    const [, path = '', table = ''] = SERVER.exec(text.slice(NAME.length + 1)) ?? []
    const address = parseUnixPath(path)
    if (address.kind === 'invalid' || /\s/.test(table))
      return { kind: 'invalid', why: `expected ${NAME}:unix:PATH:NAME` }
    return { address, table }
  },
  encodeRequest: (table, key) => request(table, key, ['flags', LOOKUP_FLAGS]),
  /** BAD is what a newer server says to an older request. */
  encodeAgain: (reply, table, key) =>
    statusIn(reply) === '3'
      ? request(table, key, ['instance_flags', LOOKUP_FLAGS, 'flags', LOOKUP_FLAGS])
      : undefined,
  createDecoder: () => new ReplyMessages(),
  parseReply,
} satisfies ProtocolClient

function request(table: string, key: Buffer, flags: readonly (string | number)[]): Buffer | LookupResult {
  if (key.includes(0)) return permanentFor(PROXYMAP_CLIENT_REASONS.nulKey)
  const name = table.includes(':') ? table : `${TABLE_TYPE}${table}`
  const head = Buffer.from(['request', 'lookup', 'table', name, ...flags, 'key', ''].join('\0'))
  return Buffer.concat([head, key, Buffer.from('\0\0')])
}

/** The replies of a server; its greeting is none. */
export class ReplyMessages implements Decoder {
  readonly #messages = new MessageDecoder(MAX_REPLY_BYTES)

  get pendingBytes(): number {
    return this.#messages.pendingBytes
  }

  push(chunk: Buffer): void {
    this.#messages.push(chunk)
  }

  read(): DecodeStep {
    const step = this.#messages.read()
    // Who waits has no use for the rest of it, however long that is.
    if (step.kind === 'more' && this.#messages.pendingBytes > MAX_REPLY_BYTES) return TOO_LONG
    return step.kind === 'frame' && step.payload.equals(GREETING_BYTES) ? this.read() : step
  }
}

function statusIn(message: Buffer): string | undefined {
  return readAttributes(message).get('status')?.toString('latin1')
}

function parseReply(message: Buffer): LookupResult {
  const value = readAttributes(message).get('value')
  switch (statusIn(message)) {
    case '0':
      return value === undefined ? notOfProtocol(NAME) : replyValue(value)
    case '1':
      return notFound()
    case '2':
      return temporaryFor(PROXYMAP_CLIENT_REASONS.tryLater)
    case '3':
      return permanentFor(PROXYMAP_CLIENT_REASONS.badRequest)
    case '4':
      return permanentFor(PROXYMAP_CLIENT_REASONS.denied)
    case '5':
      return permanentFor(PROXYMAP_CLIENT_REASONS.wrongSetUp)
    default:
      return notOfProtocol(NAME)
  }
}
