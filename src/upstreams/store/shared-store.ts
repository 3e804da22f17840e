/**
 * A store whose entries are in the store that several gateways share: nothing of it is on this machine.
 */

import type { UpstreamStatus } from '../../core/status.ts'
import type { EntryTier } from '../../core/store/entry-tier.ts'
import type { SharedUpstream, TableUpstream, UpstreamKind, UpstreamParts, UpstreamTable } from '../kind.ts'
import { UnsharedUpstream } from '../unshared.ts'
import type { StoreSettings } from './configuration.ts'
import { SharedTable } from './shared-table.ts'

/** The state of a store, wherever its entries are. */
export interface StoreStatus extends UpstreamStatus {
  /** What it holds; absent while that is not known. */
  readonly store?: { readonly entries: number; readonly bytes: number; readonly evicted: number }
}

/** Said when an entry that had not expired was dropped for a new one. */
export const FULL =
  'the store is full: entries that expire first are dropped; raise maxEntries or maxBytes, or lower ttl'

export class SharedStore extends UnsharedUpstream<StoreSettings, UpstreamTable> {
  readonly #entries: EntryTier
  readonly #parts: UpstreamParts

  constructor(kind: UpstreamKind, settings: StoreSettings, entries: EntryTier, parts: UpstreamParts) {
    super(kind, settings)
    this.#entries = entries
    this.#parts = parts
  }

  override configure(): void {
    const { name, store } = this.settings
    this.#entries.bounds = store
    this.#entries.onFull = () => this.#parts.observer.upstream(name).troubled('store', FULL)
  }

  isSameFor(other: SharedUpstream): boolean {
    return other instanceof SharedStore && other.#entries === this.#entries
  }

  forTable({ name: table }: UpstreamTable): TableUpstream {
    const { clock, observer } = this.#parts
    const onFailure = (error: unknown) => observer.table(table).storeFailed(error)
    const stored = new SharedTable(this.settings.name, table, this.#entries, clock, onFailure)
    return { upstream: stored, start: () => {}, stop: () => {}, canaries: () => [], store: stored }
  }

  override status(): StoreStatus {
    const totals = this.#entries.totals()
    return { ...super.status(), ...(totals !== undefined && { store: totals }) }
  }
}
