/**
 * One table of a store that several gateways write. What the shared store does not say is not known: temporary, and never "not
 * found".
 */
import type { Clock } from '../../core/clock.ts'
import { temporaryFor } from '../../core/reason.ts'
import { found, NOT_FOUND, type Temporary } from '../../core/result.ts'
import type { EntryTier } from '../../core/store/entry-tier.ts'
import type { EntryLife, StorePage, StorePurge, StoreResult, TableStore } from '../../core/store/store.ts'
import { errorText } from '../../core/system/error-code.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../core/upstream.ts'
import { isMeantBy } from './purge-scope.ts'
import { STORE_REASONS } from './reasons.ts'

const DONE: StoreResult = Object.freeze({ kind: 'done' })

/**
 * Time after a failure in which nothing else is tried, ms. Ours: verify(8) and postscreen(8) are one process each and wait for each
 * reply, which may take a second while the shared store hangs; and short enough to be quick again.
 */
const PAUSE_MS = 250

export class SharedTable implements Upstream, TableStore {
  readonly name: string
  readonly health = UNWATCHED
  readonly isShared = true
  readonly #table: string
  readonly #entries: EntryTier
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  /** Until then all fails as the last one did, monotonic ms. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #lastFailure: Temporary | undefined

  /** @param name Of the upstream. */
  constructor(
    name: string,
    table: string,
    entries: EntryTier,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ) {
    this.name = name
    this.#table = table
    this.#entries = entries
    this.#clock = clock
    this.#onFailure = onFailure
  }

  async ask({ key, explanation }: Question): Promise<Answer> {
    const result = await this.#tried(async () => {
      const value = await this.#entries.get(this.#table, key)
      return value === undefined ? NOT_FOUND : found(value)
    })
    explanation?.add({ step: 'upstream', kind: 'store', key, upstream: this.name, result })
    return { result, storable: false, source: 'store' }
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }

  put(key: string, value: string, { ttlMs, expiresAtMs }: EntryLife): Promise<StoreResult> {
    const nowMs = this.#entries.nowMs()
    const latestMs = nowMs + this.#entries.bounds.ttlMs
    const wantedMs = expiresAtMs ?? (ttlMs === undefined ? latestMs : nowMs + ttlMs)
    return this.#tried(async () => {
      await this.#entries.put(this.#table, key, value, Math.min(wantedMs, latestMs))
      return DONE
    })
  }

  delete(key: string): Promise<StoreResult> {
    return this.#tried(async () => ((await this.#entries.delete(this.#table, key)) ? DONE : NOT_FOUND))
  }

  entries(after: string | undefined, limit: number): Promise<StorePage | Temporary> {
    return this.#tried(() => this.#entries.page(this.#table, after, limit))
  }

  purge(what: StorePurge): Promise<number | Temporary> {
    return this.#tried(async () => {
      if (what.kind !== 'key') return this.#entries.purge(this.#table, isMeantBy(what))
      return (await this.#entries.delete(this.#table, what.key)) ? 1 : 0
    })
  }

  async #tried<Result>(work: () => Promise<Result>): Promise<Result | Temporary> {
    if (this.#lastFailure !== undefined && this.#clock.monotonicMs() < this.#pausedUntilMs)
      return this.#lastFailure
    try {
      return await work()
    } catch (error) {
      this.#onFailure(error)
      this.#pausedUntilMs = this.#clock.monotonicMs() + PAUSE_MS
      this.#lastFailure = temporaryFor(STORE_REASONS.unreachable, this.name, errorText(error))
      return this.#lastFailure
    }
  }
}
