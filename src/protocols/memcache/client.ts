/**
 * The memcache protocol, client side: how a server is named, how a question is sent, and what a reply says.
 *
 *   memcache:inet:HOST:PORT:NAME    memcache:unix:PATH:NAME
 *
 * Grammar and source: `conversation.ts` beside this file. Peer: Postfix `src/global/dict_memcache.c`
 */
import { permanentFor } from '../../core/reason.ts'
import { type LookupResult, notFound, temporary } from '../../core/result.ts'
import { notOfProtocol, replyValue } from '../client-result.ts'
import { type Decoder, type DecodeStep, MORE } from '../framing/frame.ts'
import { LineDecoder } from '../framing/line.ts'
import { namedTableForms, parseNamedTable } from '../named-table.ts'
import type { ProtocolClient } from '../protocol.ts'
import { MAX_VALUE_BYTES } from './conversation.ts'
import { MEMCACHE_CLIENT_REASONS } from './reasons.ts'

const SCHEME = 'memcache'

/** Bytes that end a word, and control bytes. Source: Postfix `src/global/dict_memcache.c` (dict_memcache_valid_key). */
const UNSENT = /[\x00-\x20\x7f]/

const VALUE_LINE = /^VALUE \S+ \d+ (\d{1,10})\r?$/
const LINE_END = '\r\n'
/** Stands before a value in the payload of a reply; no line of the protocol begins so. */
const VALUE_MARK = Buffer.from('\n')

export const memcacheClient = {
  scheme: SCHEME,
  reasons: MEMCACHE_CLIENT_REASONS,
  forms: namedTableForms(SCHEME),
  examples: [
    `${SCHEME}:inet:127.0.0.1:8467:aliases`,
    `${SCHEME}:unix:/var/spool/postfix/mapgate/memcache:aliases`,
  ],
  parse: (text) => parseNamedTable(text, SCHEME),
  encodeRequest,
  createDecoder: () => new ReplyDecoder(),
  parseReply,
} satisfies ProtocolClient

/** Postfix does not send every key; what it makes of the others is not for us to say. */
function encodeRequest(table: string, key: Buffer): Buffer | LookupResult {
  if (key.length === 0 || UNSENT.test(key.toString('latin1')))
    return permanentFor(MEMCACHE_CLIENT_REASONS.unsentKey)
  return Buffer.concat([Buffer.from(`get ${table}/`), key, Buffer.from(LINE_END)])
}

/** Takes a reply as one frame: its line; or the value with {@link VALUE_MARK} before it. */
class ReplyDecoder implements Decoder {
  readonly #lines = new LineDecoder(MAX_VALUE_BYTES + LINE_END.length)
  /** Bytes of the value that follows; undefined before its line. */
  #valueBytes: number | undefined
  /** The value, while its last line has not come. */
  #value: Buffer | undefined

  get pendingBytes(): number {
    const held = this.#valueBytes === undefined ? 0 : 1
    return held + this.#lines.pendingBytes
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk)
  }

  read(): DecodeStep {
    if (this.#valueBytes === undefined) {
      const step = this.#lines.read()
      const length = step.kind === 'frame' ? VALUE_LINE.exec(step.payload.toString('latin1'))?.[1] : undefined
      if (length === undefined) return step
      this.#valueBytes = Number(length)
    }
    if (this.#value === undefined) {
      const step = this.#lines.readBlock(this.#valueBytes + LINE_END.length)
      if (step.kind !== 'frame') return step
      if (!step.payload.toString('latin1').endsWith(LINE_END)) return BROKEN
      this.#value = Buffer.from(step.payload.subarray(0, this.#valueBytes))
    }
    const step = this.#lines.read()
    if (step.kind === 'more') return MORE
    if (step.kind !== 'frame' || withoutReturn(step.payload) !== 'END') return BROKEN
    const payload = Buffer.concat([VALUE_MARK, this.#value])
    this.#value = undefined
    this.#valueBytes = undefined
    return { kind: 'frame', payload }
  }
}

/** Not of the protocol. */
const BROKEN: DecodeStep = Object.freeze({ kind: 'skipped' })

function parseReply(payload: Buffer): LookupResult {
  if (payload.subarray(0, VALUE_MARK.length).equals(VALUE_MARK))
    return replyValue(payload.subarray(VALUE_MARK.length))
  const line = withoutReturn(payload)
  if (line === 'END') return notFound()
  const [, reason] = /^(?:SERVER_ERROR|CLIENT_ERROR) (.*)$/.exec(line) ?? []
  return reason === undefined ? notOfProtocol(SCHEME) : temporary('service', reason)
}

function withoutReturn(line: Buffer): string {
  return line.toString('utf8').replace(/\r$/, '')
}
