/**
 * The short memory of failure: a key whose question just failed is not asked again at once.
 *
 * A failure is never stored as an answer. It is only repeated to lookups within a second,
 * so that a busy client does not turn an outage into a storm; longer only where the service asks for it (Retry-After),
 * and never once the service is seen to be well again. Monotonic time: no step of the
 * wall clock makes a failure last.
 */
import { LRUCache } from 'lru-cache'
import type { Permanent, Temporary } from '../result.ts'

/** How long a failure is repeated, ms. Ours: short enough that a recovery is seen at once. */
const FAILURE_MEMORY_MS = 1000

/** Keys remembered, ours: a second of failures at the highest rate, about 2 MB. */
const MAX_FAILURES = 10_000

/** Longest key that is remembered, in UTF-16 units, ours: bounds the memory above; no address is longer. */
const MAX_KEY_LENGTH = 320

interface Failure {
  readonly result: Temporary | Permanent
  readonly sinceMs: number
  readonly untilMs: number
}

export class FailureMemory {
  readonly #failures = new LRUCache<string, Failure>({ maxSize: MAX_FAILURES, sizeCalculation: () => 1 })

  /** @param retryAfterMs How long the service asks not to be asked for this key, ms: bounded by the one who read it. */
  add(key: string, result: Temporary | Permanent, nowMs: number, retryAfterMs = 0): void {
    if (key.length > MAX_KEY_LENGTH) return
    this.#failures.set(key, {
      result,
      sinceMs: nowMs,
      untilMs: nowMs + Math.max(FAILURE_MEMORY_MS, retryAfterMs),
    })
  }

  /** @param recoveredAtMs When the service was last seen to be well again: what failed before then is forgotten. */
  get(
    key: string,
    nowMs: number,
    recoveredAtMs = Number.NEGATIVE_INFINITY,
  ): Temporary | Permanent | undefined {
    // The cached path of a healthy gateway pays nothing here.
    if (this.#failures.size === 0) return undefined
    const failure = this.#failures.get(key)
    if (failure === undefined) return undefined
    if (nowMs < failure.untilMs && failure.sinceMs >= recoveredAtMs) return failure.result
    this.#failures.delete(key)
    return undefined
  }

  delete(key: string): void {
    if (this.#failures.size > 0) this.#failures.delete(key)
  }
}
