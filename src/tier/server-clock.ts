/**
 * The clock of the store's server, by which all gateways count.
 */
import { type Clock, type Instant, instant } from '../core/clock.ts'
import type { Connection } from './connection.ts'

export class ServerClock {
  readonly #clock: Clock
  /** The server's clock less ours. */
  #ahead: Instant = { monotonicMs: 0, wallMs: 0 }
  /** What is not known of it, ms: how long the reply took. */
  #doubtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Ms. The later of what both of our clocks say, so that a suspended machine and a clock set back make an answer too old, and
   * never too young.
   */
  nowMs(): number {
    const { monotonicMs, wallMs } = instant(this.#clock)
    return Math.max(monotonicMs + this.#ahead.monotonicMs, wallMs + this.#ahead.wallMs)
  }

  /** The earliest that it may show now, ms: for when something is said to have happened. */
  earliestMs(): number {
    return this.nowMs() - this.#doubtMs
  }

  /** Returns how long a reply takes, ms. The command is TIME: seconds and microseconds. */
  async compare(connection: Connection): Promise<number> {
    const before = instant(this.#clock)
    const reply = await connection.send('TIME')
    const tookMs = this.#clock.monotonicMs() - before.monotonicMs
    const [seconds, micros] = Array.isArray(reply) ? reply.map(Number) : []
    if (seconds === undefined || micros === undefined || !Number.isFinite(seconds + micros))
      throw new Error('the reply to TIME is not the time; is this Valkey or Redis?')
    const serverMs = seconds * 1000 + micros / 1000
    // As if it had been read when the question was sent: its clock is not taken for an earlier one than it is.
    this.#ahead = { monotonicMs: serverMs - before.monotonicMs, wallMs: serverMs - before.wallMs }
    this.#doubtMs = tookMs
    return tookMs
  }
}
