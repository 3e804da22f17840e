/**
 * The attribute lists that Postfix's programs send each other: `name NUL value NUL ... NUL`.
 *
 *   request|lookup|table|mapgate:aliases|flags|524352|key|bob@a.example||        | stands for one NUL
 *
 * An empty name ends a list. Values may be empty, and may hold any byte but NUL.
 * Source: Postfix `src/util/attr_print0.c`, `src/util/attr_scan0.c`
 */
import { find } from '../framing/find.ts'
import { type Decoder, type DecodeStep, MORE } from '../framing/frame.ts'
import { PartialFrame } from '../framing/partial-frame.ts'

const NUL = 0
const NOTHING = Buffer.alloc(0)
const SKIPPED: DecodeStep = Object.freeze({ kind: 'skipped' })

/**
 * Splits a byte stream into lists, each with the NUL that ends it.
 *
 * A list of more than `maxBytes` is not held: its first bytes are kept, since they say what was asked, and the step is
 * `skipped` when its end has arrived. So a stream of lists has no violation.
 */
export class MessageDecoder implements Decoder {
  readonly #maxBytes: number
  readonly #held: PartialFrame
  #chunk: Buffer = NOTHING
  /** Where in the chunk the list begins. */
  #start = 0
  /** Where in the chunk the next unread byte is. */
  #at = 0
  #isName = true
  /** Bytes of the name or value that is not complete, in earlier chunks. */
  #begunBytes = 0
  /** Bytes of a list that is too long, dropped so far. */
  #droppedBytes = 0
  /** The first bytes of the list that was skipped last. */
  skippedHead: Buffer = NOTHING

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#held = new PartialFrame(maxBytes)
  }

  get pendingBytes(): number {
    return this.#held.length + this.#droppedBytes
  }

  push(chunk: Buffer): void {
    this.#chunk =
      this.#at === this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    this.#at = 0
    this.#start = 0
  }

  read(): DecodeStep {
    while (this.#at < this.#chunk.length) {
      const end = find(this.#chunk, NUL, this.#at)
      if (end === this.#chunk.length) {
        this.#begunBytes += end - this.#at
        break
      }
      const isEmpty = this.#begunBytes + end - this.#at === 0
      this.#at = end + 1
      this.#begunBytes = 0
      if (isEmpty && this.#isName) return this.#complete()
      this.#isName = !this.#isName
    }
    this.#hold(this.#chunk.length)
    this.#chunk = NOTHING
    this.#at = 0
    this.#start = 0
    return MORE
  }

  #complete(): DecodeStep {
    const start = this.#start
    this.#isName = true
    if (this.pendingBytes === 0 && this.#at - start <= this.#maxBytes) {
      this.#start = this.#at
      return { kind: 'frame', payload: this.#chunk.subarray(start, this.#at) }
    }
    this.#hold(this.#at)
    this.#start = this.#at
    if (this.#droppedBytes === 0) return { kind: 'frame', payload: this.#held.take() }
    this.skippedHead = this.#held.take()
    this.#droppedBytes = 0
    return SKIPPED
  }

  /** Keeps what the chunk has of the list, as far as it may be held. */
  #hold(end: number): void {
    const fitting = Math.min(end, this.#start + this.#maxBytes - this.#held.length)
    if (fitting > this.#start) this.#held.append(this.#chunk, this.#start, fitting)
    this.#droppedBytes += end - fitting
  }
}

/** The attributes of a list by name, the first of each name. A list that was cut short has those that are whole. */
export function readAttributes(message: Buffer): ReadonlyMap<string, Buffer> {
  const attributes = new Map<string, Buffer>()
  for (let at = 0; at < message.length; ) {
    const nameEnd = find(message, NUL, at)
    const valueEnd = find(message, NUL, nameEnd + 1)
    if (nameEnd === at || valueEnd >= message.length) break
    const name = message.toString('latin1', at, nameEnd)
    if (!attributes.has(name)) attributes.set(name, message.subarray(nameEnd + 1, valueEnd))
    at = valueEnd + 1
  }
  return attributes
}

/** @param attributes Names and values, one after the other, none with a NUL in it. */
export function attributeList(...attributes: readonly (string | number)[]): string {
  return `${attributes.join('\0')}\0\0`
}
