/**
 * When the log speaks of something that happens again and again: at once, then once a minute with how often.
 */
import type { Clock } from '../core/clock.ts'

/** Time between two lines about the same, ms. Ours. */
const LINE_MS = 60_000

export class RepeatedLines {
  readonly #clock: Clock
  /** By what happens and where: when a line was written last, and how often it happened since. Bounded by the configuration. */
  readonly #lines = new Map<string, { readonly atMs: number; since: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts one. @returns How many the line is about, when one is due. */
  take(what: string): number | undefined {
    const nowMs = this.#clock.monotonicMs()
    const last = this.#lines.get(what)
    if (last !== undefined && nowMs - last.atMs < LINE_MS) {
      last.since++
      return undefined
    }
    this.#lines.set(what, { atMs: nowMs, since: 0 })
    return (last?.since ?? 0) + 1
  }
}
