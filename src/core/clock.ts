/**
 * Time as an argument. Nothing in the core reads a clock or starts a timer by itself, so
 * a test moves time by hand and never sleeps.
 */

// Taken once: the global of this name is a getter, and every lookup reads the clock.
const { performance } = globalThis

/** Both clocks and the timers of one program. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back, may stand still while the machine sleeps. */
  monotonicMs(): number
  /** Milliseconds since 1970-01-01 UTC; may jump in both directions. */
  wallMs(): number
  /** Calls `run` once, `delayMs` from now on the monotonic clock. Keeps no process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` once, when the I/O of this turn of the event loop has been handled. */
  afterTurn(run: () => void): Timer
}

/** A timer that has not run yet. */
export interface Timer {
  /** Does nothing when the timer has run or was cancelled before. */
  cancel(): void
}

/** An instant on both clocks, to measure an age from. */
export interface Instant {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Longest delay a Node.js timer can hold, ms. Source: Node.js timers, TIMEOUT_MAX. */
const TIMEOUT_MAX_MS = 2_147_483_647

/** The machine's own clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, TIMEOUT_MAX_MS))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  afterTurn(run) {
    const immediate = setImmediate(run)
    return { cancel: () => clearImmediate(immediate) }
  },
}

/** Reads both clocks at once. */
export function instant(clock: Clock): Instant {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }
}

/**
 * Returns how long ago `since` was, in ms, never negative.
 *
 * The larger difference of the two clocks counts: the monotonic one stands still while a
 * machine is suspended, and the wall clock may be set back. Taking the larger one means
 * that a wrong clock makes an answer too old, never too young.
 */
export function ageMs(clock: Clock, since: Instant): number {
  return Math.max(0, clock.monotonicMs() - since.monotonicMs, clock.wallMs() - since.wallMs)
}

/** A duration as people and logs read it: ms with three decimals, since more are noise. */
export function readableMs(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000
}
