/**
 * Keys that did something lately: a set with a bound and an expiry. Monotonic time as argument.
 */

/** Keys that are remembered, ours: more than a minute of a strong attack, about 1 MB. */
const MAX_RECENT_KEYS = 5000

/** Longest key that is remembered, UTF-16 units. Ours: no address is longer. */
const MAX_KEY_LENGTH = 320

export class RecentKeys {
  readonly #forMs: number
  /** Until when, in the order of addition. */
  readonly #untilMs = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#untilMs.size === 0
  }

  /** @param forMs How long a key is remembered. */
  constructor(forMs: number) {
    this.#forMs = forMs
  }

  add(key: string, nowMs: number): void {
    if (key.length > MAX_KEY_LENGTH) return
    this.#untilMs.delete(key)
    this.#untilMs.set(key, nowMs + this.#forMs)
    if (this.#untilMs.size <= MAX_RECENT_KEYS) return
    for (const oldest of this.#untilMs.keys()) {
      this.#untilMs.delete(oldest)
      return
    }
  }

  has(key: string, nowMs: number): boolean {
    if (this.#untilMs.size === 0) return false
    const untilMs = this.#untilMs.get(key)
    if (untilMs === undefined) return false
    if (nowMs < untilMs) return true
    this.#untilMs.delete(key)
    return false
  }

  delete(key: string): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(key)
  }
}
