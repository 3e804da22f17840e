/**
 * Netstring framing: `<decimal length>:<payload>,`
 *
 *   11:virtual a@b,
 *   ^  ^          ^
 *   |  payload     comma, not counted in the length
 *   length in bytes, no sign, no leading zero
 *
 * Source: https://cr.yp.to/proto/netstrings.txt
 * Peer:   Postfix `src/util/netstring.c` (netstring_get, netstring_put)
 */
import { type Decoder, type DecodeStep, MORE, type Violation, type ViolationCode } from './frame.ts'
import { PartialFrame } from './partial-frame.ts'

const COLON = 0x3a
const COMMA = 0x2c
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

const LENGTH_UNKNOWN = -1
const NOTHING = Buffer.alloc(0)

/**
 * Splits a byte stream into netstring payloads.
 *
 * The size limit is checked on every digit of the length, before any payload is buffered, so a
 * hostile peer cannot make the decoder hold more than `maxPayloadBytes` plus one socket read.
 * A violation is final: there is no way to find the next frame. Its offset counts from the
 * first byte of the stream and names the byte that broke the rule.
 */
export class NetstringDecoder implements Decoder {
  readonly #maxPayloadBytes: number
  readonly #held: PartialFrame
  #chunk: Buffer = NOTHING
  /** Where in the chunk the next unread byte is. */
  #at = 0
  /** Bytes of the stream before the chunk. */
  #before = 0
  /** Bytes of the length that were read, the colon among them. */
  #prefixBytes = 0
  /** Value of the digits read so far. */
  #digits = 0
  #length = LENGTH_UNKNOWN
  #violation: Violation | undefined

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes
    this.#held = new PartialFrame(maxPayloadBytes)
  }

  get pendingBytes(): number {
    return this.#prefixBytes + this.#held.length
  }

  push(chunk: Buffer): void {
    this.#before += this.#at
    this.#chunk =
      this.#at === this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    this.#at = 0
  }

  read(): DecodeStep {
    if (this.#violation !== undefined) return this.#violation
    if (this.#length === LENGTH_UNKNOWN) {
      const step = this.#readLength()
      if (step !== undefined) return step
    }
    return this.#readPayload()
  }

  /** Reads digits up to the colon; returns a step when the payload cannot be read yet, or never. */
  #readLength(): DecodeStep | undefined {
    while (this.#at < this.#chunk.length) {
      const byte = this.#chunk[this.#at]
      if (byte === COLON && this.#prefixBytes > 0) {
        this.#at++
        this.#prefixBytes++
        this.#length = this.#digits
        return undefined
      }
      if (byte === undefined || byte < DIGIT_0 || byte > DIGIT_9) return this.#fail('length-syntax', this.#at)
      if (this.#prefixBytes > 0 && this.#digits === 0) return this.#fail('length-syntax', this.#at)
      this.#digits = this.#digits * 10 + (byte - DIGIT_0)
      if (this.#digits > this.#maxPayloadBytes) return this.#fail('length-limit', this.#at)
      this.#at++
      this.#prefixBytes++
    }
    this.#finishChunk()
    return MORE
  }

  #readPayload(): DecodeStep {
    const end = this.#at + this.#length + 1 - this.#held.length
    if (end > this.#chunk.length) {
      if (this.#at < this.#chunk.length) this.#held.append(this.#chunk, this.#at, this.#chunk.length)
      this.#finishChunk()
      return MORE
    }
    if (this.#chunk[end - 1] !== COMMA) return this.#fail('missing-comma', end - 1)
    const payload = this.#takePayload(end - 1)
    this.#at = end
    this.#prefixBytes = 0
    this.#digits = 0
    this.#length = LENGTH_UNKNOWN
    return { kind: 'frame', payload }
  }

  /** The payload that ends before `end` of the chunk; copied only when an earlier chunk holds its start. */
  #takePayload(end: number): Buffer {
    if (this.#held.length === 0) return this.#chunk.subarray(this.#at, end)
    this.#held.append(this.#chunk, this.#at, end)
    return this.#held.take()
  }

  /** Lets go of a chunk that is read to its end. */
  #finishChunk(): void {
    this.#before += this.#chunk.length
    this.#chunk = NOTHING
    this.#at = 0
  }

  #fail(code: ViolationCode, at: number): DecodeStep {
    this.#violation = { kind: 'violation', code, offset: this.#before + at, byte: this.#chunk[at] ?? 0 }
    this.#held.drop()
    return this.#violation
  }
}

/** Frames a text, counted in the bytes that it has as UTF-8. */
export function netstring(payload: string): string {
  return `${Buffer.byteLength(payload)}:${payload},`
}

/** What breaks this framing, for the errors of a protocol that uses it. */
export const netstringErrors: Readonly<Record<ViolationCode, string>> = {
  'length-syntax': 'Not a decimal length and a colon, or a leading zero. The connection is closed.',
  'length-limit': 'A request longer than 131072 bytes. The connection is closed.',
  'missing-comma': 'A request that does not end where its length says. The connection is closed.',
}
