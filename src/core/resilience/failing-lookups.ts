/**
 * Lookups that fail one after the other at an endpoint that answers its known questions. By these it is well, so no circuit
 * opens and no rule for outages answers: it may be a stranger whose keys fail while nobody else asks. But it may also be a service
 * that answers its canaries from a memory of their own. Only somebody who looks can tell, so it is said.
 */

/** How long lookups must have failed before it is said, ms. Ours: a minute of mail waits unseen at most. */
const SAID_AFTER_MS = 60_000

/** Time without a failure after which it is over, ms. Ours. */
const OVER_AFTER_MS = 60_000

export class FailingLookups {
  #sinceMs = Number.NEGATIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY
  /** When a lookup last got a good reply, monotonic ms. A canary is none. */
  goodAtMs = Number.NEGATIVE_INFINITY

  /** A request of a lookup ended by a reply, or without one in time. */
  replied(nowMs: number, isGood: boolean): void {
    if (isGood) {
      this.goodAtMs = nowMs
      this.#lastMs = Number.NEGATIVE_INFINITY
      return
    }
    if (nowMs - this.#lastMs >= OVER_AFTER_MS) this.#sinceMs = nowMs
    this.#lastMs = nowMs
  }

  /**
   * For how long all lookups have failed, ms; undefined before it is to be said.
   *
   * @param knownAtMs When a known question was last found, monotonic ms: it must be after the first of them.
   */
  forMs(nowMs: number, knownAtMs: number): number | undefined {
    if (nowMs - this.#lastMs >= OVER_AFTER_MS || knownAtMs < this.#sinceMs) return undefined
    const forMs = nowMs - this.#sinceMs
    return forMs >= SAID_AFTER_MS ? forMs : undefined
  }
}
