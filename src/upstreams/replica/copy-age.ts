/**
 * How old a copy is, by both clocks: the larger age counts, so that a wrong clock makes a copy too old and never too
 * young.
 */
import type { Clock } from '../../core/clock.ts'

/** How far the wall clock may have been set back since a copy was written, ms. Ours: what NTP corrects. */
const MAX_SET_BACK_MS = 60_000

export class CopyAge {
  readonly #clock: Clock
  #monotonicMs: number | undefined
  #wallMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The copy was asked for at this instant. */
  set(monotonicMs: number, wallMs: number): void {
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }

  /** The copy is of before the start. One of the future has no age that can be told. */
  restore(wallMs: number | undefined): void {
    const ageMs = wallMs === undefined ? undefined : this.#clock.wallMs() - wallMs
    if (wallMs === undefined || ageMs === undefined || ageMs < -MAX_SET_BACK_MS) {
      this.#monotonicMs = undefined
      return
    }
    this.set(this.#clock.monotonicMs() - Math.max(0, ageMs), wallMs)
  }

  /** Infinite where there is no copy, and where the clock cannot tell. */
  ms(nowMs = this.#clock.monotonicMs()): number {
    if (this.#monotonicMs === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, nowMs - this.#monotonicMs, this.#clock.wallMs() - this.#wallMs)
  }
}
