/**
 * The socket of one session: what is written to it, the one time limit that runs, and how it ends.
 *
 * It knows neither requests nor replies: its session is called with what happens.
 */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../core/clock.ts'
import type { SessionError } from './errors.ts'
import { LINGER_MS, REPLY_TIMEOUT_MS } from './limits.ts'

/** Whose connection it is. Methods and no functions of its own, so that an idle connection takes little memory. */
export interface ConnectionOwner {
  received(chunk: Buffer): void
  /** The client has ended its side. */
  leave(): void
  /** The kernel has taken a write; there may be more. */
  sent(): void
  /** A time limit has passed; the connection is closed next. */
  expired(kind: SessionError | undefined): void
  closed(): void
}

export class Connection {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #owner: ConnectionOwner
  /** Data arrived while it could not be served, so the socket was stopped. */
  #isPaused = false
  /** The one limit that runs: to finish a request, to read replies, or to close. */
  #timer: Timer | undefined

  constructor(socket: Socket, clock: Clock, owner: ConnectionOwner) {
    this.#socket = socket
    this.#clock = clock
    this.#owner = owner
    socket.on('data', (chunk: Buffer) => owner.received(chunk))
    socket.on('end', () => owner.leave())
    socket.on('close', () => owner.closed())
    // A broken connection is no news: 'close' follows, and nobody is left to answer.
    socket.on('error', () => {})
  }

  /** The kernel has not taken all yet: the client does not read. */
  get hasUnsent(): boolean {
    return this.#socket.writableLength > 0
  }

  /**
   * Sends replies.
   *
   * @returns Whether the kernel has taken all. If not, the owner is called ({@link ConnectionOwner.sent}) once it has: by an empty
   *   write behind what is unsent. A callback at each write costs a queued task, and nearly every write is taken at once.
   */
  write(text: string): boolean {
    // UTF-8 is the default; said aloud, Node.js checks its name at each write.
    if (text !== '') this.#socket.write(text)
    if (!this.hasUnsent) return true
    this.#socket.write('', this.#onSent)
    return false
  }

  writeBytes(bytes: Buffer): void {
    this.#socket.write(bytes, this.#onSent)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }

  /** Sends the last text and ends our side; what still comes in is dropped. */
  end(text: string): void {
    if (text === '') this.#socket.end()
    else this.#socket.end(text, 'utf8')
    this.#socket.resume()
    if (this.hasUnsent) this.limit(REPLY_TIMEOUT_MS, 'reply-timeout')
    else this.limit(LINGER_MS, undefined)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  get hasTimer(): boolean {
    return this.#timer !== undefined
  }

  /** Closes the connection after a time, unless {@link stopTimer} is called before. */
  limit(delayMs: number, kind: SessionError | undefined): void {
    this.after(delayMs, () => {
      this.#owner.expired(kind)
      this.#socket.destroy()
    })
  }

  /** Runs after a time, in place of the limit that runs now. */
  after(delayMs: number, run: () => void): void {
    this.stopTimer()
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined
      run()
    })
  }

  stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** One for all writes of the connection, so that none makes a closure. */
  readonly #onSent = (): void => this.#owner.sent()
}
