/**
 * The clock of the store's server, by which all gateways count.
 *
 * Whatever steps a clock takes, an answer is made too old by them, and never too young.
 */
import { type Clock, type Instant, instant } from '../core/clock.ts'
import type { Connection } from './connection.ts'

/** A server's clock that is behind by more than this, ms, was set back. Ours: as far as the clocks of a cluster may differ. */
const SET_BACK_MS = 1000

/** How much slower a server's clock may go than ours; NTP corrects by 0.0005 at most. Ours. */
const DRIFT = 0.001

/** How long others may go on to count by the clock as it was before they notice, ms. Ours: longer than the two seconds between two looks. */
const NOTICED_WITHIN_MS = 5000

export class ServerClock {
  readonly #clock: Clock
  readonly #onSetBack: (untilMs: number) => void
  /** The server's clock less ours. */
  #ahead: Instant = { monotonicMs: 0, wallMs: 0 }
  /** What is not known of it, ms: how long the reply took. */
  #doubtMs = 0
  /** Monotonic ms. */
  #comparedMs: number | undefined

  /**
   * @param onSetBack Called when the server's clock was set back, with the latest that any gateway took it for before. What
   *   was stored until then would seem younger than it is.
   */
  constructor(clock: Clock, onSetBack: (untilMs: number) => void = () => {}) {
    this.#clock = clock
    this.#onSetBack = onSetBack
  }

  /** Ms, for how old something is: the later of what both of our clocks say. The machine may have been suspended, or its clock set back. */
  nowMs(): number {
    const { monotonicMs, wallMs } = this.#both()
    return Math.max(monotonicMs, wallMs)
  }

  /** The earliest that it may show now, ms: for when something is said to have happened. Our wall clock may have been set forward. */
  earliestMs(): number {
    const { monotonicMs, wallMs } = this.#both()
    return Math.min(monotonicMs, wallMs) - this.#doubtMs
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
    this.#lookForStep(before.monotonicMs, serverMs)
    // As if it had been read when the question was sent: its clock is not taken for an earlier one than it is.
    this.#ahead = { monotonicMs: serverMs - before.monotonicMs, wallMs: serverMs - before.wallMs }
    this.#doubtMs = tookMs
    this.#comparedMs = before.monotonicMs
    return tookMs
  }

  #both(): Instant {
    const { monotonicMs, wallMs } = instant(this.#clock)
    return { monotonicMs: monotonicMs + this.#ahead.monotonicMs, wallMs: wallMs + this.#ahead.wallMs }
  }

  #lookForStep(monotonicMs: number, serverMs: number): void {
    if (this.#comparedMs === undefined) return
    const expectedMs = monotonicMs + this.#ahead.monotonicMs
    const allowedMs = SET_BACK_MS + this.#doubtMs + DRIFT * (monotonicMs - this.#comparedMs)
    if (serverMs < expectedMs - allowedMs) this.#onSetBack(expectedMs + NOTICED_WITHIN_MS)
  }
}
