/**
 * The Dovecot authentication protocol, client side: how a server is named (`sasl:unix:PATH`), how somebody logs in, and
 * what a reply says.
 *
 * Grammar and source: `messages.ts` beside this file.
 */
import { isUtf8 } from 'node:buffer'
import { permanentFor, temporaryFor } from '../../core/reason.ts'
import { found, type LookupResult, notFound } from '../../core/result.ts'
import { parseAddress } from '../../core/system/address.ts'
import { notOfProtocol } from '../client-result.ts'
import { type Decoder, type DecodeStep, MORE } from '../framing/frame.ts'
import { LineDecoder } from '../framing/line.ts'
import type { ProtocolClient } from '../protocol.ts'
import { NAME } from './conversation.ts'
import { SASL_REASONS } from './reasons.ts'

/** Longest line that is read, in bytes. Source: Dovecot's AUTH_CLIENT_MAX_LINE_LENGTH. */
const MAX_LINE_BYTES = 8192

/** Says that nobody knows by closing, and the client asks one question at a time. */
const CLOSED = temporaryFor(SASL_REASONS.closed)

const NUL = Buffer.from('\0')

export const saslClient = {
  scheme: NAME,
  forms: [`${NAME}:inet:HOST:PORT`, `${NAME}:unix:PATH`],
  parse: (text) => {
    const address = parseAddress(text.slice(NAME.length + 1))
    return address.kind === 'invalid' ? address : { address, table: '' }
  },
  isGreeted: true,
  opening: 'VERSION\t1\t2\nCPID\t1\n',
  closedReply: CLOSED,
  secretAttributes: ['password', 'token'],
  encodeRequest: (_table, key) => {
    // NUL ends a field, and the others are in no name.
    const isName = key.length > 0 && isUtf8(key) && !/[\x00-\x1f\x7f]/.test(key.toString())
    return isName ? request('PLAIN', plain(key, '-')) : permanentFor(SASL_REASONS.unsendable)
  },
  encodeAttributes: (_table, attributes) => encode(attributes),
  createDecoder: () => new ReplyDecoder(),
  parseReply,
} satisfies ProtocolClient

/** By token where there is one; `mechanism` decides among those of its kind, of those that need one message only. */
function encode(attributes: ReadonlyMap<string, string>): Buffer {
  const user = attributes.get('user') ?? ''
  const token = attributes.get('token')
  const address = attributes.get('client_address')
  if (token === undefined)
    return request('PLAIN', plain(Buffer.from(user), attributes.get('password') ?? ''), address)
  const isBearer = attributes.get('mechanism')?.toUpperCase() === 'OAUTHBEARER'
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
  return isBearer
    ? request('OAUTHBEARER', Buffer.from(`n,a=${name},\x01auth=Bearer ${token}\x01\x01`), address)
    : request('XOAUTH2', Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`), address)
}

function plain(user: Buffer, password: string): Buffer {
  return Buffer.concat([NUL, user, NUL, Buffer.from(password)])
}

function request(mechanism: string, response: Buffer, address = '127.0.0.1'): Buffer {
  const fields = ['AUTH', '1', mechanism, 'service=smtp', 'nologin', `rip=${address}`]
  return Buffer.from(`${[...fields, `resp=${response.toString('base64')}`].join('\t')}\n`)
}

/** Lines, but for the handshake, which is one frame from its VERSION to its DONE. */
class ReplyDecoder implements Decoder {
  readonly #lines = new LineDecoder(MAX_LINE_BYTES)
  #isHandshake = false

  get pendingBytes(): number {
    return this.#lines.pendingBytes
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk)
  }

  read(): DecodeStep {
    for (;;) {
      const step = this.#lines.read()
      if (step.kind === 'more') return MORE
      if (step.kind !== 'frame') return step
      const line = step.payload.toString('latin1')
      if (line.startsWith('VERSION\t')) this.#isHandshake = true
      if (this.#isHandshake && line !== 'DONE') continue
      this.#isHandshake = false
      return step
    }
  }
}

/** RFC 7628 section 3.2.2: JSON with a status. */
function isRefusal(challenge = ''): boolean {
  return /^\{.*"status"/s.test(Buffer.from(challenge, 'base64').toString())
}

/** As smtpd: of two users the last counts. A token is refused by a challenge first. */
function parseReply(line: Buffer): LookupResult {
  const [word, , ...parameters] = line.toString('utf8').split('\t')
  if (word === 'FAIL' || (word === 'CONT' && isRefusal(parameters[0]))) return notFound()
  const user = parameters.findLast((parameter) => parameter.startsWith('user='))?.slice('user='.length)
  if (word !== 'OK' || user === undefined) return notOfProtocol(NAME)
  return user === '' ? temporaryFor(SASL_REASONS.nobody) : found(user)
}
