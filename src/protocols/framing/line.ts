/**
 * Line framing: any bytes, ended by a newline (0x0a).
 *
 *   get a@b\n
 *
 * A carriage return is a byte like others: what it means is up to the protocol.
 * Source: tcp_table(5). Peer: Postfix `src/util/dict_tcp.c` (vstring_get_nonl_bound)
 */
import { find } from './find.ts'
import { type Decoder, type DecodeStep, MORE } from './frame.ts'
import { PartialFrame } from './partial-frame.ts'

const NEWLINE = 0x0a
const NOTHING = Buffer.alloc(0)
const SKIPPED: DecodeStep = Object.freeze({ kind: 'skipped' })

/**
 * Splits a byte stream into lines, without their newlines, and into blocks of a known length between lines.
 *
 * A line of more than `maxLineBytes` is not held: its bytes are dropped as they come, and when
 * its newline has arrived the step is `skipped`. So a stream of lines has no violation.
 */
export class LineDecoder implements Decoder {
  readonly #maxLineBytes: number
  readonly #held: PartialFrame
  #chunk: Buffer = NOTHING
  #at = 0
  /** Bytes of a line that is too long, dropped so far. */
  #skippedBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
    this.#held = new PartialFrame(maxLineBytes)
  }

  get pendingBytes(): number {
    return this.#held.length + this.#skippedBytes
  }

  push(chunk: Buffer): void {
    this.#chunk =
      this.#at === this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    this.#at = 0
  }

  read(): DecodeStep {
    if (this.#at === this.#chunk.length) return MORE
    const end = find(this.#chunk, NEWLINE, this.#at)
    const lineBytes = this.pendingBytes + (end - this.#at)
    if (end === this.#chunk.length) return this.#hold(lineBytes)

    const start = this.#at
    this.#at = end + 1
    if (lineBytes > this.#maxLineBytes) {
      this.#held.drop()
      this.#skippedBytes = 0
      return SKIPPED
    }
    if (this.#held.length === 0) return { kind: 'frame', payload: this.#chunk.subarray(start, end) }
    this.#held.append(this.#chunk, start, end)
    return { kind: 'frame', payload: this.#held.take() }
  }

  /**
   * Takes the next `length` bytes whatever they are, where a line has announced them. Call again, with the same
   * length, until it returns a frame, or `skipped` where the block is longer than a line may be.
   */
  readBlock(length: number): DecodeStep {
    const missing = length - this.pendingBytes
    const end = Math.min(this.#chunk.length, this.#at + missing)
    const start = this.#at
    const isWhole = end - start === missing
    this.#at = end
    if (length > this.#maxLineBytes) {
      this.#skippedBytes = isWhole ? 0 : this.#skippedBytes + (end - start)
      return isWhole ? SKIPPED : this.#more()
    }
    if (isWhole && this.#held.length === 0)
      return { kind: 'frame', payload: this.#chunk.subarray(start, end) }
    this.#held.append(this.#chunk, start, end)
    return isWhole ? { kind: 'frame', payload: this.#held.take() } : this.#more()
  }

  /** Lets go of a chunk that is read to its end. */
  #more(): DecodeStep {
    this.#chunk = NOTHING
    this.#at = 0
    return MORE
  }

  /** Takes the rest of the chunk, which has no newline, and lets go of the chunk. */
  #hold(lineBytes: number): DecodeStep {
    if (lineBytes > this.#maxLineBytes) {
      this.#held.drop()
      this.#skippedBytes = lineBytes
    } else {
      this.#held.append(this.#chunk, this.#at, this.#chunk.length)
    }
    return this.#more()
  }
}
