/**
 * The bytes of one request that has begun and is not complete.
 *
 * Grows by doubling, so that a request that arrives byte by byte is copied a constant number
 * of times, and holds nothing while no request is begun: an idle connection costs no buffer.
 */

/** First size of the buffer, in bytes. Ours: holds nearly every request that Postfix sends. */
const FIRST_CAPACITY_BYTES = 256

const NOTHING = Buffer.alloc(0)

export class PartialFrame {
  readonly #maxBytes: number
  #buffer: Buffer = NOTHING
  #length = 0

  /** @param maxBytes The buffer does not grow further; the caller appends no more than that. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** How many bytes are held. */
  get length(): number {
    return this.#length
  }

  /** Appends `chunk[start, end)`. The chunk itself is not kept. */
  append(chunk: Buffer, start: number, end: number): void {
    const length = this.#length + (end - start)
    if (length > this.#buffer.length) this.#grow(length)
    chunk.copy(this.#buffer, this.#length, start, end)
    this.#length = length
  }

  /** Returns what is held, and holds nothing any more. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length)
    this.drop()
    return bytes
  }

  drop(): void {
    this.#buffer = NOTHING
    this.#length = 0
  }

  #grow(length: number): void {
    // Not from the pool: a small slice would keep the pool's whole 8 KiB alive.
    const doubled = Math.min(this.#maxBytes, Math.max(FIRST_CAPACITY_BYTES, this.#buffer.length * 2))
    const bigger = Buffer.allocUnsafeSlow(Math.max(length, doubled))
    this.#buffer.copy(bigger, 0, 0, this.#length)
    this.#buffer = bigger
  }
}
