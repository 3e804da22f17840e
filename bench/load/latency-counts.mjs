/**
 * Latencies, counted in places of a microsecond up to 50 ms and of 50 microseconds above.
 */
const FINE_US = 50_000
const COARSE_STEP_US = 50
const COARSE_PLACES = 200_000

export class LatencyCounts {
  #fine = new Uint32Array(FINE_US)
  #coarse = new Uint32Array(COARSE_PLACES)
  #count = 0

  add(ms) {
    const us = Math.round(ms * 1000)
    this.#count++
    if (us < FINE_US) this.#fine[us]++
    else this.#coarse[Math.min(COARSE_PLACES - 1, Math.floor(us / COARSE_STEP_US))]++
  }

  clear() {
    this.#fine.fill(0)
    this.#coarse.fill(0)
    this.#count = 0
  }

  /** In microseconds. */
  percentiles() {
    return {
      p50: this.#at(0.5),
      p90: this.#at(0.9),
      p99: this.#at(0.99),
      p999: this.#at(0.999),
      max: this.#at(1),
    }
  }

  #at(share) {
    let left = Math.max(1, Math.ceil(this.#count * share))
    for (let us = 0; us < FINE_US; us++) {
      left -= this.#fine[us]
      if (left <= 0) return us
    }
    for (let at = 0; at < COARSE_PLACES; at++) {
      left -= this.#coarse[at]
      if (left <= 0) return at * COARSE_STEP_US
    }
    return 0
  }
}
