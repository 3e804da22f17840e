/**
 * Writes the lines of the log to a descriptor, whatever becomes of it: a full disk, a pipe that
 * nobody reads or whose reader is gone, a terminal that was closed.
 *
 * Written asynchronously through a bounded buffer, so that no lookup waits for it. A line that does
 * not fit, or that the system does not take, is dropped and counted; the next one is tried again.
 * An error never leaves this file.
 */
import { close, write } from 'node:fs'

/** Most bytes of one write. Ours: what Docker's log driver reads in one piece. */
const MAX_WRITE_BYTES = 16 * 1024

/** Time until a write is tried again that the system could not take at this moment (EAGAIN), ms. Ours. */
const RETRY_AFTER_MS = 100

/** Standard input, output and error: not ours to close. */
const LAST_STANDARD_FD = 2

const LINE_END = 0x0a

export class LogWriter {
  readonly #fd: number
  readonly #maxWaitingLength: number
  readonly #onDropped: (why: string) => void
  #waiting: string[] = []
  #waitingLength = 0
  #dropped = 0
  #state: 'idle' | 'writing' | 'closed' = 'idle'
  /** The last line that reached the descriptor did so only in part. */
  #cut = false
  #onIdle: (() => void)[] = []

  /**
   * @param maxWaitingLength Most text that waits to be written, in characters.
   * @param onDropped Called for each loss of lines, with the reason in words.
   */
  constructor(fd: number, maxWaitingLength: number, onDropped: (why: string) => void = () => {}) {
    this.#fd = fd
    this.#maxWaitingLength = maxWaitingLength
    this.#onDropped = onDropped
  }

  /** Lines thrown away so far. */
  get dropped(): number {
    return this.#dropped
  }

  /** @param line With its line end. */
  write(line: string): void {
    if (this.#state === 'closed' || this.#waitingLength + line.length > this.#maxWaitingLength) {
      this.#drop(1, 'its reader is too slow')
      return
    }
    this.#waiting.push(line)
    this.#waitingLength += line.length
    if (this.#state === 'idle') this.#writeNext()
  }

  /** Called back when everything is written or dropped. */
  flush(done: () => void): void {
    if (this.#state === 'writing') this.#onIdle.push(done)
    else done()
  }

  /** Drops what waits, and closes a descriptor that was opened for the log. */
  destroy(): void {
    if (this.#state === 'closed') return
    const isWriting = this.#state === 'writing'
    this.#dropped += this.#waiting.length
    this.#waiting = []
    this.#waitingLength = 0
    this.#state = 'closed'
    // A write that goes on would end up in whatever file gets the number of a closed descriptor.
    if (!isWriting) this.#closeOwn()
  }

  #closeOwn(): void {
    if (this.#fd > LAST_STANDARD_FD) close(this.#fd, () => {}) // nothing can be done about a file that does not close
  }

  #writeNext(): void {
    if (this.#state === 'closed') return
    if (this.#waiting.length === 0) {
      this.#state = 'idle'
      const idle = this.#onIdle
      this.#onIdle = []
      for (const done of idle) done()
      return
    }
    this.#state = 'writing'
    this.#send(Buffer.from(this.#takeChunk()))
  }

  #takeChunk(): string {
    let text = this.#cut ? '\n' : ''
    let count = 0
    for (const line of this.#waiting) {
      if (count > 0 && text.length + line.length > MAX_WRITE_BYTES) break
      text += line
      count += 1
    }
    for (const line of this.#waiting.splice(0, count)) this.#waitingLength -= line.length
    return text
  }

  #send(bytes: Buffer): void {
    if (this.#state === 'closed') {
      this.#closeOwn()
      return
    }
    write(this.#fd, bytes, (error, length) => {
      if (this.#state === 'closed') this.#closeOwn()
      else if (error === null) this.#sent(bytes, length)
      else if (error.code === 'EAGAIN') setTimeout(() => this.#send(bytes), RETRY_AFTER_MS).unref()
      else {
        this.#drop(linesIn(bytes), `it cannot be written (${error.code})`)
        this.#writeNext()
      }
    })
  }

  #drop(lines: number, why: string): void {
    this.#dropped += lines
    this.#onDropped(why)
  }

  #sent(bytes: Buffer, length: number): void {
    if (length > 0) this.#cut = bytes[length - 1] !== LINE_END
    if (length < bytes.length) this.#send(bytes.subarray(length))
    else this.#writeNext()
  }
}

/** Lines that end in these bytes. The line end before a chunk that follows a cut line does not count. */
function linesIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_END); at !== -1; at = bytes.indexOf(LINE_END, at + 1)) {
    if (at > 0) count += 1
  }
  return count
}
