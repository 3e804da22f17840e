/**
 * The purges that a gateway applied or sent lately, for a server that has lost them.
 */
import type { Clock } from '../core/clock.ts'
import type { Purge } from './purge-entry.ts'
import { FIRST_ID, isBefore } from './stream.ts'

/** Purges that are remembered, most. Ours. */
const MAX_RECENT = 1000

/** How long one is, ms. Ours: a gateway that was away for longer has hardly any answer of before. */
const RECENT_MS = 3_600_000

interface RecentPurge {
  readonly purge: Purge
  /** In the stream. */
  readonly id: string
  /** Monotonic ms. */
  readonly atMs: number
}

export class RecentPurges {
  readonly #clock: Clock
  /** The latest of each table, domain and key; the first is the oldest. */
  readonly #purges = new Map<string, RecentPurge>()

  /** Of the latest. */
  #newestId = FIRST_ID

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add({ table, scope, fingerprint }: Purge, id: string): void {
    const what = JSON.stringify([table, scope, fingerprint])
    this.#purges.delete(what)
    // Without the entry of the list, which may have changed again: who has a copy asks for the list.
    this.#purges.set(what, { purge: { table, scope, fingerprint }, id, atMs: this.#clock.monotonicMs() })
    if (isBefore(this.#newestId, id)) this.#newestId = id
    for (const oldest of this.#purges.keys()) {
      if (this.#purges.size <= MAX_RECENT) return
      this.#purges.delete(oldest)
    }
  }

  takeOver(others: RecentPurges): void {
    for (const [what, purge] of others.#purges) this.#purges.set(what, purge)
    this.#newestId = others.#newestId
  }

  /** Returns whether any came behind an entry of the stream. */
  hasSince(lastId: string): boolean {
    return isBefore(lastId, this.#newestId)
  }

  /** Those of the last hour that came behind an entry of the stream. They are sent again, and then come back with other ids. */
  takeSince(lastId: string): readonly Purge[] {
    const sinceMs = this.#clock.monotonicMs() - RECENT_MS
    const lost: Purge[] = []
    for (const [what, { purge, id, atMs }] of this.#purges) {
      if (!isBefore(lastId, id)) continue
      this.#purges.delete(what)
      if (atMs >= sinceMs) lost.push(purge)
    }
    this.#newestId = lastId
    return lost
  }
}
