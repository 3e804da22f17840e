/**
 * Watches the event loop by a timer, and says when the program is overloaded. The rule is in
 * core/resilience/loop-lag.ts.
 */
import type { Clock, Timer } from '../core/clock.ts'
import { LAG_TICK_MS, LoopLag } from '../core/resilience/loop-lag.ts'

export class LoopWatch {
  readonly #clock: Clock
  readonly #lag = new LoopLag()
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get overloaded(): boolean {
    return this.#lag.overloaded
  }

  /** @param onOverload Called when an overload begins. */
  start(onOverload: () => void): void {
    const dueMs = this.#clock.monotonicMs() + LAG_TICK_MS
    this.#timer = this.#clock.after(LAG_TICK_MS, () => {
      const nowMs = this.#clock.monotonicMs()
      const before = this.#lag.overloaded
      this.#lag.ticked(nowMs, nowMs - dueMs)
      if (this.#lag.overloaded && !before) onOverload()
      this.start(onOverload)
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
