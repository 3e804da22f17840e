/**
 * One table of a store: looked up as every other one, and written by clients.
 */
import type { Clock } from '../../core/clock.ts'
import { temporaryFor } from '../../core/reason.ts'
import { found, type LookupResult, NOT_FOUND, type Temporary } from '../../core/result.ts'
import type { EntryLife, StorePage, StorePurge, StoreResult, TableStore } from '../../core/store/store.ts'
import { codeOf, errorText } from '../../core/system/error-code.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../core/upstream.ts'
import { EnvironmentClosed } from '../lmdb.ts'
import { isMeantBy } from './purge-scope.ts'
import { STORE_REASONS } from './reasons.ts'
import type { StoreFile } from './store-file.ts'

const DONE: StoreResult = Object.freeze({ kind: 'done' })
const CLOSED = temporaryFor(STORE_REASONS.closed)

/** Time after a write that failed in which no other one is tried, ms. Ours: verify(8) and postscreen(8) ask again later. */
const PAUSE_MS = 1000

export class StoredTable implements Upstream, TableStore {
  readonly name: string
  readonly health = UNWATCHED
  readonly #table: string
  readonly #file: StoreFile
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  /** Until then writes fail as the last one did, monotonic ms. */
  #pausedUntilMs = 0
  #lastFailure: Temporary = CLOSED

  /** @param name Of the upstream. */
  constructor(
    name: string,
    table: string,
    file: StoreFile,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ) {
    this.name = name
    this.#table = table
    this.#file = file
    this.#clock = clock
    this.#onFailure = onFailure
  }

  ask({ key, explanation }: Question): Answer {
    const result = this.#look(key)
    explanation?.add({ step: 'upstream', kind: 'store', key, upstream: this.name, result })
    return { result, storable: false, source: 'store' }
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }

  async put(key: string, value: string, { ttlMs, expiresAtMs }: EntryLife): Promise<StoreResult> {
    if (this.#isPaused) return this.#lastFailure
    const nowMs = this.#clock.wallMs()
    const latestMs = nowMs + this.#file.bounds.ttlMs
    const wantedMs = expiresAtMs ?? (ttlMs === undefined ? latestMs : nowMs + ttlMs)
    try {
      await this.#file.put(this.#table, key, value, Math.min(wantedMs, latestMs), nowMs)
      return DONE
    } catch (error) {
      return this.#writeFailed(error)
    }
  }

  async delete(key: string): Promise<StoreResult> {
    if (this.#isPaused) return this.#lastFailure
    try {
      return (await this.#file.delete(this.#table, key, this.#clock.wallMs())) ? DONE : NOT_FOUND
    } catch (error) {
      return this.#writeFailed(error)
    }
  }

  async entries(after: string | undefined, limit: number): Promise<StorePage | Temporary> {
    if (!this.#file.isOpen) return CLOSED
    try {
      return await this.#file.page(this.#table, after, limit, this.#clock.wallMs())
    } catch (error) {
      return this.#failed(error)
    }
  }

  async purge(what: StorePurge): Promise<number | Temporary> {
    try {
      if (what.kind !== 'key') return await this.#file.purge(this.#table, isMeantBy(what))
      return (await this.#file.delete(this.#table, what.key, this.#clock.wallMs())) ? 1 : 0
    } catch (error) {
      return this.#writeFailed(error)
    }
  }

  #look(key: string): LookupResult {
    if (!this.#file.isOpen) return CLOSED
    try {
      const value = this.#file.get(this.#table, key, this.#clock.wallMs())
      return value === undefined ? NOT_FOUND : found(value)
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** The disk is full, or somebody else's: nobody's word about a key. */
  #failed(error: unknown): Temporary {
    if (error instanceof EnvironmentClosed) return CLOSED
    this.#onFailure(error)
    // LMDB has numbers for codes, and the system's words in its message.
    return temporaryFor(STORE_REASONS.unreadable, this.name, codeOf(error) || errorText(error))
  }

  get #isPaused(): boolean {
    return this.#clock.monotonicMs() < this.#pausedUntilMs
  }

  /** A full disk stays full for a while, and each try costs it and the log something. */
  #writeFailed(error: unknown): Temporary {
    this.#pausedUntilMs = this.#clock.monotonicMs() + PAUSE_MS
    this.#lastFailure = this.#failed(error)
    return this.#lastFailure
  }
}
