/**
 * How many retries and hedges one upstream may get: a share of its requests of the last minute.
 *
 * Without it a service in trouble would get twice the load just then. Monotonic time as argument.
 */

/** Share of the last minute's requests that may be repeated. Source: design, "Retries". */
export const RETRY_SHARE = 0.1

/** Retries a minute that a quiet upstream may always get. Source: design, "Retries". */
export const MIN_RETRIES_PER_MINUTE = 10

/** Seconds that are looked back on. */
const WINDOW_SECONDS = 60

export class RetryBudget {
  readonly #requests = new SecondCounts()
  readonly #retries = new SecondCounts()

  /** A question was asked of the upstream for the first time. */
  countRequest(nowMs: number): void {
    this.#requests.add(nowMs)
  }

  /** Takes one retry out of the budget; false when there is none left. */
  take(nowMs: number): boolean {
    const allowed = Math.max(MIN_RETRIES_PER_MINUTE, RETRY_SHARE * this.#requests.total(nowMs))
    if (this.#retries.total(nowMs) + 1 > allowed) return false
    this.#retries.add(nowMs)
    return true
  }
}

/** Counts events of the last minute in a ring of one place per second. */
class SecondCounts {
  readonly #counts = new Uint32Array(WINDOW_SECONDS)
  #second = 0
  #total = 0

  add(nowMs: number): void {
    this.#advance(nowMs)
    const place = this.#second % WINDOW_SECONDS
    this.#counts[place] = (this.#counts[place] ?? 0) + 1
    this.#total++
  }

  total(nowMs: number): number {
    this.#advance(nowMs)
    return this.#total
  }

  /** Forgets the seconds that left the window. */
  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const passed = Math.min(second - this.#second, WINDOW_SECONDS)
    for (let back = 0; back < passed; back++) {
      const place = (second - back) % WINDOW_SECONDS
      this.#total -= this.#counts[place] ?? 0
      this.#counts[place] = 0
    }
    this.#second = Math.max(second, this.#second)
  }
}
