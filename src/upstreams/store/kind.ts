/**
 * The kind `store`: tables that Postfix writes. README.md beside this file is its manual page.
 */
import type { Metric } from '../../core/observed/metric.ts'
import type {
  Probe,
  SharedUpstream,
  TableUpstream,
  UpstreamKind,
  UpstreamParts,
  UpstreamTable,
} from '../kind.ts'
import { type StoreSettings, storeConfiguration } from './configuration.ts'
import { STORE_REASONS } from './reasons.ts'
import { FULL, SharedStore, type StoreStatus } from './shared-store.ts'
import { StoreFile } from './store-file.ts'
import { StoredTable } from './stored-table.ts'

/** The data file, the lock file, and two that LMDB opens for a moment. */
const DESCRIPTORS = 4

const METRICS: readonly Metric<StoreStatus>[] = [
  {
    name: 'store_entries',
    kind: 'gauge',
    help: 'Entries that a store holds now, by upstream.',
    labels: ['upstream'],
    samples: ({ name, store }, write) => store && write({ upstream: name }, store.entries),
  },
  {
    name: 'store_bytes',
    kind: 'gauge',
    help: 'Keys and values that a store holds now, in bytes, by upstream.',
    labels: ['upstream'],
    samples: ({ name, store }, write) => store && write({ upstream: name }, store.bytes),
  },
  {
    name: 'store_evictions_total',
    kind: 'counter',
    help: 'Entries that were dropped before their time because a store was full, by upstream.',
    labels: ['upstream'],
    samples: ({ name, store }, write) => store && write({ upstream: name }, store.evicted),
  },
]

export const store: UpstreamKind<StoreSettings> = {
  name: storeConfiguration.name,
  configuration: storeConfiguration,
  cached: false,
  keepsCase: true,
  metrics: METRICS,
  reasons: { STORE_REASONS },
  needs: ({ store }) => ({ descriptors: store.directory === undefined ? 0 : DESCRIPTORS, heapBytes: 0 }),
  async plan(settings, running, parts) {
    const { directory, shared } = settings.store
    if (shared && parts.entryTier !== undefined)
      return new SharedStore(store, settings, parts.entryTier(settings.name), parts)
    if (directory === undefined) throw new TypeError('unchecked configuration: a store without a folder')
    const isKept = running instanceof OpenStore && running.settings.store.directory === directory
    const file = isKept ? running.file : await StoreFile.open(directory, settings.store)
    return new OpenStore(settings, file, parts)
  },
}

class OpenStore implements SharedUpstream {
  readonly kind: UpstreamKind = store
  readonly settings: StoreSettings
  /** Goes on over reloads that leave its folder as it is. */
  readonly file: StoreFile
  readonly #parts: UpstreamParts

  constructor(settings: StoreSettings, file: StoreFile, parts: UpstreamParts) {
    this.settings = settings
    this.file = file
    this.#parts = parts
  }

  configure(): void {
    const { name, store } = this.settings
    this.file.bounds = store
    const { observer } = this.#parts
    this.file.onFull = () => observer.upstream(name).troubled('store', FULL)
    this.file.onLost = (trouble) => observer.upstream(name).troubled('store-file', trouble)
  }

  isSameFor(other: SharedUpstream): boolean {
    return other instanceof OpenStore && other.file === this.file
  }

  changedFiles(): readonly string[] {
    return []
  }

  forTable({ name: table }: UpstreamTable): TableUpstream {
    const { clock, observer } = this.#parts
    const onFailure = (error: unknown) => observer.table(table).storeFailed(error)
    const stored = new StoredTable(this.settings.name, table, this.file, clock, onFailure)
    return { upstream: stored, start: () => {}, stop: () => {}, canaries: () => [], store: stored }
  }

  probes(): readonly Probe[] {
    return []
  }

  status(): StoreStatus {
    const { name } = this.settings
    const totals = this.file.isOpen ? { store: this.file.totals() } : {}
    return { name, kind: this.kind.name, inFlight: 0, queued: 0, endpoints: [], ...totals }
  }

  troubles(): readonly string[] {
    return this.file.trouble === undefined ? [] : [this.file.trouble]
  }

  abort(): void {}

  async close(other: SharedUpstream | undefined): Promise<void> {
    if (!(other instanceof OpenStore && other.file === this.file)) await this.file.close()
  }

  destroy(): Promise<void> {
    return this.file.close()
  }
}
