/**
 * Whether the service of a table has lost a part of its data: it says "not found" of keys that it found before,
 * while its canary may be among the rest.
 *
 *   watching   each such answer is judged (loss-judge.ts)
 *   holding    none is believed, until the operator's word or fifteen minutes without another lost key
 *
 * Where too few keys are known to ask for others, answers are counted: of the last five minutes' answers for
 * keys that were found before, at least 20 and at least 30 % are "not found".
 *
 * Strangers cannot cause it: their keys were not found before.
 */
import { ageMs, type Clock, type Instant, type Timer } from '../clock.ts'
import { sum } from '../collections/sum.ts'

/** How long an answer counts, ms. Ours: long enough for a small site to show twenty. */
const WINDOW_MS = 300_000

/** Lost keys that make a loss. Ours: more than are deleted by hand in five minutes. */
const MIN_LOST_KEYS = 20

/** Share of the answers that makes a loss. Ours: a clean-up of old accounts stays below. */
const MIN_LOST_SHARE = 0.3

/** Time without another lost key after which the loss is over, ms. Ours: a service is repaired or was right by then. */
const QUIET_MS = 900_000

/** Lost keys that are remembered, with when they were noticed. Ours: about 2 MB. */
const MAX_LOST_KEYS = 10_000

/** Length of a bucket of counts, ms: how exactly the window is kept. Ours. */
const BUCKET_MS = 10_000
const BUCKETS = WINDOW_MS / BUCKET_MS

export class LossGuard {
  readonly #clock: Clock
  readonly #onChanged: (isHolding: boolean) => void
  readonly #found = new Array<number>(BUCKETS).fill(0)
  readonly #lost = new Array<number>(BUCKETS).fill(0)
  /** Number of the newest bucket, counted from the clock's start. */
  #newest = 0
  /** When each key was first noticed to be lost, monotonic ms; oldest first. */
  readonly #lostKeys = new Map<string, number>()
  #isHolding = false
  #lastLossMs = 0
  /** When the operator said that what is lost is gone on purpose. */
  #confirmedAt: Instant | undefined
  #timer: Timer | undefined

  /** @param onChanged Called when a loss begins, and when it is over. */
  constructor(clock: Clock, onChanged: (isHolding: boolean) => void) {
    this.#clock = clock
    this.#onChanged = onChanged
  }

  get isHolding(): boolean {
    return this.#isHolding
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
   * @returns When that was noticed first, monotonic ms.
   */
  lost(storeKey: string, nowMs: number): number {
    this.#advance(nowMs)
    this.#forgetOld(nowMs)
    const noticedMs = this.#lostKeys.get(storeKey)
    if (noticedMs !== undefined) return noticedMs
    if (this.#lostKeys.size < MAX_LOST_KEYS) this.#lostKeys.set(storeKey, nowMs)
    this.#lost[this.#newest % BUCKETS] = (this.#lost[this.#newest % BUCKETS] ?? 0) + 1
    this.#lastLossMs = nowMs
    return nowMs
  }

  /** Returns whether so many of the last answers were "not found" that it is a loss. */
  hasLostMany(): boolean {
    const lost = sum(this.#lost)
    return lost >= MIN_LOST_KEYS && lost >= MIN_LOST_SHARE * (lost + sum(this.#found))
  }

  /** The service has lost data: no "not found" of a key that was found before is believed from now on. */
  hold(): void {
    if (this.#isHolding) return
    this.#isHolding = true
    this.#onChanged(true)
    this.#endAfter(QUIET_MS)
  }

  /** The operator says that the keys are gone: what was found until now may be "not found". */
  confirm(nowMs: number): void {
    this.#confirmedAt = { monotonicMs: nowMs, wallMs: this.#clock.wallMs() }
    this.#begin()
  }

  /** Returns whether an answer of this age was given before the operator's word. */
  isConfirmed(answerAgeMs: number): boolean {
    return this.#confirmedAt !== undefined && answerAgeMs >= ageMs(this.#clock, this.#confirmedAt)
  }

  /** Begins again: every stored answer was purged, so that no key is known to have been found. */
  reset(): void {
    this.#begin()
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#found.fill(0)
    this.#lost.fill(0)
    this.#lostKeys.clear()
    if (!this.#isHolding) return
    this.#isHolding = false
    this.#onChanged(false)
  }

  #endAfter(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(delayMs, () => {
      const leftMs = this.#lastLossMs + QUIET_MS - this.#clock.monotonicMs()
      if (leftMs > 0) this.#endAfter(leftMs)
      else this.#begin()
    })
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS)
    for (let old = Math.max(this.#newest + 1, bucket - BUCKETS + 1); old <= bucket; old++) {
      this.#found[old % BUCKETS] = 0
      this.#lost[old % BUCKETS] = 0
    }
    this.#newest = Math.max(this.#newest, bucket)
  }

  /** While a loss holds, a key that is asked for again and again is no new one. */
  #forgetOld(nowMs: number): void {
    if (this.#isHolding) return
    for (const [storeKey, noticedMs] of this.#lostKeys) {
      if (nowMs - noticedMs < QUIET_MS) return
      this.#lostKeys.delete(storeKey)
    }
  }
}
