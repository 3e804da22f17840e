/**
 * A clock that only a test moves: both clocks and every timer.
 */
import type { Clock, Timer } from '../../../src/core/clock.ts'

interface Pending {
  readonly dueMs: number
  readonly order: number
  readonly run: () => void
}

export class ManualClock implements Clock {
  #monotonicMs: number
  #wallMs: number
  #order = 0
  readonly #pending = new Set<Pending>()

  constructor(monotonicMs = 1_000_000, wallMs = Date.UTC(2026, 0, 1)) {
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  after(delayMs: number, run: () => void): Timer {
    const pending = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#pending.add(pending)
    return { cancel: () => this.#pending.delete(pending) }
  }

  /** The turn of the event loop is real: only time is moved by hand. */
  afterTurn(run: () => void): Timer {
    const immediate = setImmediate(run)
    return { cancel: () => clearImmediate(immediate) }
  }

  /** How many timers wait: a test that ends with one has found a leak. */
  get timers(): number {
    return this.#pending.size
  }

  /** Moves both clocks, and runs the timers that fall due, in order, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#pending.delete(next)
      this.#moveTo(Math.max(this.#monotonicMs, next.dueMs))
      next.run()
    }
    this.#moveTo(untilMs)
  }

  /** As {@link advance}, and lets promises settle after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    await settle()
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#pending.delete(next)
      this.#moveTo(Math.max(this.#monotonicMs, next.dueMs))
      next.run()
      await settle()
    }
    this.#moveTo(untilMs)
    await settle()
  }

  /** Steps the wall clock alone, as NTP or a resume from suspend does. May be negative. */
  stepWall(ms: number): void {
    this.#wallMs += ms
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }

  #nextDue(untilMs: number): Pending | undefined {
    let next: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.dueMs > untilMs) continue
      if (next === undefined || pending.dueMs < next.dueMs) next = pending
      else if (pending.dueMs === next.dueMs && pending.order < next.order) next = pending
    }
    return next
  }
}

/** Lets every promise that can settle now do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
