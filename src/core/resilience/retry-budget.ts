/**
 * How many retries and hedges one upstream may get: a share of its requests of the last minute.
 *
 * Without it a service in trouble would get twice the load just then. Keys that fail although others are answered
 * may use half of it, so that they cannot empty it for those others. Monotonic time as argument.
 */

/** Share of the last minute's requests that may be repeated. Ours: a tenth more load hurts no service. */
const RETRY_SHARE = 0.1

/** Retries a minute that a quiet upstream may always get. Ours. */
const MIN_RETRIES_PER_MINUTE = 10

/** Share of the budget for keys that fail although others are answered. Ours. */
const KEY_SHARE = 0.5

/** How often batches may be split, against the last minute's requests: each split is two more. Ours. */
export const SPLIT_SHARE = 1

/** Splits a minute that a quiet upstream may always make: one poisonous key of a hundred needs seven. Ours. */
export const MIN_SPLITS_PER_MINUTE = 120

/** Seconds that are looked back on. */
const WINDOW_SECONDS = 60

export class RetryBudget {
  readonly #share: number
  readonly #minPerMinute: number
  readonly #requests = new SecondCounts()
  readonly #retries = new SecondCounts()
  readonly #keyRetries = new SecondCounts()

  constructor(share = RETRY_SHARE, minPerMinute = MIN_RETRIES_PER_MINUTE) {
    this.#share = share
    this.#minPerMinute = minPerMinute
  }

  /** A question was asked of the upstream for the first time. */
  countRequest(nowMs: number): void {
    this.#requests.add(nowMs)
  }

  /**
   * Takes one retry out of the budget; false when there is none left.
   *
   * @param othersAnswered The endpoint answers others: the failure is this key's.
   */
  take(nowMs: number, othersAnswered = false): boolean {
    const allowed = Math.max(this.#minPerMinute, this.#share * this.#requests.total(nowMs))
    if (this.#retries.total(nowMs) + 1 > allowed) return false
    if (othersAnswered) {
      if (this.#keyRetries.total(nowMs) + 1 > KEY_SHARE * allowed) return false
      this.#keyRetries.add(nowMs)
    }
    this.#retries.add(nowMs)
    return true
  }
}

/** Counts events of the last minute in a ring of one count per second. */
class SecondCounts {
  readonly #counts = new Uint32Array(WINDOW_SECONDS)
  #second = 0
  #total = 0

  add(nowMs: number): void {
    this.#advance(nowMs)
    const index = this.#second % WINDOW_SECONDS
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
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
      const index = (second - back) % WINDOW_SECONDS
      this.#total -= this.#counts[index] ?? 0
      this.#counts[index] = 0
    }
    this.#second = Math.max(second, this.#second)
  }
}
