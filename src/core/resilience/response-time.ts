/**
 * How long an endpoint usually takes, so that "slow" means slow for this one.
 *
 * Source: RFC 6298 section 2: a smoothed mean and four times its mean deviation.
 */

/** A request that has taken less than this is not slow, ms. Ours: services that answer from a database need less. */
const MIN_SLOW_MS = 500

/** A request for many keys that has taken less than this is not asked in parts, ms. Ours: a reply of many keys may be large. */
const MIN_SPLIT_MS = 100

/** A request that has taken less than this is not late, ms. Ours: with the time between two looks, a hang is seen in half a second. */
const MIN_LATE_MS = 200

/** Weight of the newest reply in the mean, and in the deviation. Source: RFC 6298 section 2.3. */
const MEAN_WEIGHT = 1 / 8
const DEVIATION_WEIGHT = 1 / 4

/** How many deviations above the mean are slow. Source: RFC 6298 section 2.3. */
const DEVIATIONS = 4

export class ResponseTime {
  #meanMs = 0
  #deviationMs = 0
  #count = 0

  /** A good reply took so long. */
  add(durationMs: number): void {
    if (this.#count++ === 0) {
      this.#meanMs = durationMs
      this.#deviationMs = durationMs / 2
      return
    }
    this.#deviationMs += DEVIATION_WEIGHT * (Math.abs(durationMs - this.#meanMs) - this.#deviationMs)
    this.#meanMs += MEAN_WEIGHT * (durationMs - this.#meanMs)
  }

  /** A request that has taken this long is slow, ms. */
  get slowAfterMs(): number {
    return Math.max(MIN_SLOW_MS, this.#longMs)
  }

  /** A request that has taken this long is a reason to ask whether the endpoint answers, if it answers nobody else, ms. */
  get lateAfterMs(): number {
    return Math.max(MIN_LATE_MS, this.#longMs)
  }

  /** A request for many keys that has taken this long is asked in parts, if others are answered meanwhile, ms. */
  get splitAfterMs(): number {
    return Math.max(MIN_SPLIT_MS, this.#longMs)
  }

  get #longMs(): number {
    return this.#meanMs + DEVIATIONS * this.#deviationMs
  }
}
