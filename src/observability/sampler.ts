/**
 * Lets a bounded number of things through per second and counts the rest, so that an outage, when
 * every lookup fails, floods neither the log nor a page.
 */
import type { Clock } from '../core/clock.ts'

const WINDOW_MS = 1000

/** One bounded stream of things to tell. */
export class Sampler {
  readonly #clock: Clock
  readonly #perSecond: number
  #windowStartMs = Number.NEGATIVE_INFINITY
  #taken = 0
  #suppressed = 0

  /** @param perSecond Most that is let through in one second, at least 1. */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  /**
   * Asks to tell one more.
   *
   * @returns How many were suppressed since the last one told; undefined when this one is suppressed too.
   */
  take(): number | undefined {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs
      this.#taken = 0
    }
    if (this.#taken >= this.#perSecond) {
      this.#suppressed += 1
      return undefined
    }
    this.#taken += 1
    const suppressed = this.#suppressed
    this.#suppressed = 0
    return suppressed
  }
}
