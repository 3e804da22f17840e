/**
 * A body as it arrives: one buffer that grows, so that a body of one-byte chunks costs no more than its bytes.
 */

/** First size of the buffer, in bytes. Ours: most replies come in one chunk and need none. */
const FIRST_CAPACITY_BYTES = 4096

const EMPTY = Buffer.alloc(0)

export class BodyBuffer {
  #bytes: Buffer = EMPTY
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @param chunk Kept as it is when it is the first: the caller must not reuse it. */
  append(chunk: Buffer): void {
    const length = this.#length + chunk.length
    if (this.#length === 0) {
      this.#bytes = chunk
    } else {
      if (length > this.#bytes.length) this.#grow(length)
      this.#bytes.set(chunk, this.#length)
    }
    this.#length = length
  }

  /** What has arrived; valid until the next {@link append}. */
  content(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#bytes = EMPTY
    this.#length = 0
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * length, FIRST_CAPACITY_BYTES))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
