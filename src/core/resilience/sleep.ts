/**
 * Waiting on a clock that may be a test's.
 */
import type { Clock } from '../clock.ts'

/** Resolves `delayMs` from now. Cannot be cut short: the caller looks at its deadline before. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
}

/** What a promise resolves with, or undefined when that takes longer than `limitMs`. Leaves no timer behind. */
export function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => resolve(undefined))
    promise.finally(() => timer.cancel()).then(resolve, reject)
  })
}
