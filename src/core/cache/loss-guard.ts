/**
 * Notices a service that has lost a part of its data: it says "not found" of many keys that it found before,
 * while its canary may be among the rest.
 *
 *   of the last five minutes' answers for keys that were found before, at least 20 and at least 30 % are
 *   "not found"      -> further ones are not believed
 *   fifteen minutes without another lost key, or the operator's word -> they are believed again
 *
 * A single deleted user is "not found" at once. Strangers cannot cause it: their keys were not found before.
 */

/** How long an answer counts, ms. Ours: long enough for a small site to show twenty. */
const WINDOW_MS = 300_000

/** Lost keys that make a loss. Ours: more than are deleted by hand in five minutes. */
const MIN_LOST_KEYS = 20

/** Share of the answers that makes a loss. Ours: a clean-up of old accounts stays below. */
const MIN_LOST_SHARE = 0.3

/** Time without another lost key after which the loss is over, ms. Ours: a service is repaired or was right by then. */
const QUIET_MS = 900_000

/** Lost keys that are remembered, so that asking for one again is no new loss. Ours: about 2 MB. */
const MAX_LOST_KEYS = 10_000

/** Length of a bucket of counts, ms: how exactly the window is kept. Ours. */
const BUCKET_MS = 10_000
const BUCKETS = WINDOW_MS / BUCKET_MS

export class LossGuard {
  readonly #onChanged: (isHolding: boolean) => void
  readonly #found = new Array<number>(BUCKETS).fill(0)
  readonly #lost = new Array<number>(BUCKETS).fill(0)
  /** Number of the newest bucket, counted from the clock's start. */
  #newest = 0
  readonly #lostKeys = new Set<string>()
  #state: 'watching' | 'holding' | 'confirmed' = 'watching'
  #lastLossMs = 0

  /** @param onChanged Called when a loss begins, and when it is over. */
  constructor(onChanged: (isHolding: boolean) => void) {
    this.#onChanged = onChanged
  }

  get isHolding(): boolean {
    return this.#state === 'holding'
  }

  /** A key that was found before is found again. */
  found(storeKey: string, nowMs: number): void {
    this.#advance(nowMs)
    this.#found[this.#newest % BUCKETS] = (this.#found[this.#newest % BUCKETS] ?? 0) + 1
    this.#lostKeys.delete(storeKey)
  }

  /**
   * A key that was found before is "not found".
   *
   * @returns Whether that may be believed.
   */
  lost(storeKey: string, nowMs: number): boolean {
    this.#advance(nowMs)
    if (!this.#lostKeys.has(storeKey)) {
      if (this.#lostKeys.size < MAX_LOST_KEYS) this.#lostKeys.add(storeKey)
      this.#lost[this.#newest % BUCKETS] = (this.#lost[this.#newest % BUCKETS] ?? 0) + 1
      this.#lastLossMs = nowMs
    }
    if (this.#state === 'watching' && this.#isLoss()) this.#become('holding')
    return this.#state !== 'holding'
  }

  /** The operator says that the keys are gone: they are "not found", and so are those that follow. */
  confirm(nowMs: number): void {
    this.#lastLossMs = nowMs
    this.#become('confirmed')
  }

  /** Begins anew: every stored answer was purged, so that no key is known to have been found. */
  reset(): void {
    this.#found.fill(0)
    this.#lost.fill(0)
    this.#lostKeys.clear()
    this.#become('watching')
  }

  #isLoss(): boolean {
    const lost = sum(this.#lost)
    return lost >= MIN_LOST_KEYS && lost >= MIN_LOST_SHARE * (lost + sum(this.#found))
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS)
    for (let old = Math.max(this.#newest + 1, bucket - BUCKETS + 1); old <= bucket; old++) {
      this.#found[old % BUCKETS] = 0
      this.#lost[old % BUCKETS] = 0
    }
    this.#newest = Math.max(this.#newest, bucket)
    if (this.#state !== 'watching' && nowMs - this.#lastLossMs >= QUIET_MS) {
      this.#lostKeys.clear()
      this.#become('watching')
    }
    if (this.#state === 'watching' && this.#lostKeys.size === MAX_LOST_KEYS) this.#lostKeys.clear()
  }

  #become(state: 'watching' | 'holding' | 'confirmed'): void {
    const wasHolding = this.isHolding
    this.#state = state
    if (wasHolding !== this.isHolding) this.#onChanged(this.isHolding)
  }
}

function sum(counts: readonly number[]): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
