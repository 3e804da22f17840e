/**
 * The store that several gateways share: connection, circuit, writes behind the replies, purges.
 *
 * With answers it is behind each gateway's own store: whatever happens to it (down, slow, full, emptied) costs questions to the
 * service, and nothing else. What Postfix writes (shared-entries.ts) is here alone.
 */
import type { Clock } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { PurgeReach, SharedStoreStatus } from '../core/status.ts'
import type { EntryTier } from '../core/store/entry-tier.ts'
import { CallerFingerprints } from './caller-fingerprints.ts'
import { openClient } from './client.ts'
import { openCluster } from './cluster.ts'
import type { Connection, ConnectionOptions } from './connection.ts'
import { Link } from './link.ts'
import type { Purge } from './purge-entry.ts'
import { Purges } from './purges.ts'
import { openPrimary } from './sentinel.ts'
import { shownPlace, type TierSettings } from './settings.ts'
import { SharedEntries } from './shared-entries.ts'
import { TableTier } from './table-tier.ts'
import { WriteQueue } from './write-queue.ts'

interface SharedStoreOptions {
  readonly settings: TierSettings
  /** Contents of the files that the settings name. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  /** Key of the HMAC that stands for keys; undefined: they stand as they are. */
  readonly hashKey: string | undefined
  readonly clock: Clock
  readonly observer: TierObserver
  /** A purge of another gateway, or of a service. */
  readonly onPurge: (purge: Purge) => void
  /** Of a table as it runs now: {@link TableTier.fingerprint}. */
  readonly fingerprintOf: (table: string) => string | undefined
  /** Wall clock ms of the answers that are here from the start on; undefined where there are none. */
  readonly savedMs?: number | undefined
  /** In the place of which this comes when it starts. */
  readonly before?: SharedStore | undefined
  /** Default {@link openConnection}. */
  readonly open?: typeof openConnection
}

export class SharedStore {
  readonly #options: Omit<SharedStoreOptions, 'before'>
  readonly #link: Link
  readonly #writes: WriteQueue
  readonly #purges: Purges
  readonly #fingerprints = new CallerFingerprints()
  /** Until the start. */
  #before: SharedStore | undefined
  readonly #entries = new Map<string, SharedEntries>()

  constructor({ before, ...options }: SharedStoreOptions) {
    const { settings, tls, clock, observer, onPurge, fingerprintOf, savedMs, open = openConnection } = options
    this.#options = options
    this.#before = before
    this.#purges = new Purges({
      prefix: settings.prefix,
      clock,
      observer,
      connection: () => this.#link.connection,
      serverMs: () => this.#link.earliestMs(),
      onPurge,
      fingerprintOf,
      savedMs,
    })
    this.#link = new Link({
      clock,
      observer,
      timeoutMs: settings.timeoutMs,
      open: (parts) => open({ ...parts, settings, tls, channels: this.#purges.channels }),
      onMessage: (channel, message) => this.#purges.onMessage(channel, message),
      onSetBack: (untilMs) => this.#purges.forgetAll(untilMs),
      catchUp: (connection, isNew) => this.#catchUp(connection, isNew),
    })
    this.#writes = new WriteQueue(clock, observer, () => this.#link.connection)
  }

  start(): void {
    const before = this.#before
    this.#before = undefined
    if (before !== undefined) {
      before.#purges.handOver(this.#purges)
      this.#writes.takeOver(before.#writes)
    }
    this.#link.start()
  }

  close(): void {
    this.#writes.close()
    this.#link.close()
  }

  /**
   * The store as a table uses it whose configuration has this fingerprint.
   *
   * @param caller As whom the service is asked, with secrets; '' for anybody.
   */
  forTable(table: string, fingerprint: string, caller: string): TableTier {
    const { clock, observer, hashKey, settings } = this.#options
    this.#purges.follow(table)
    return new TableTier({
      table,
      fingerprint: this.#fingerprints.of(fingerprint, caller),
      prefix: settings.prefix,
      hashKey,
      clock,
      observer,
      link: this.#link,
      purges: this.#purges,
      writes: this.#writes,
    })
  }

  async #catchUp(connection: Connection, isNew: boolean): Promise<void> {
    if (!(await this.#writes.catchUp(connection))) this.#purges.forgetAll(this.#link.nowMs())
    await this.#purges.catchUp(connection, isNew)
  }

  /** What Postfix writes of the tables of a store of this name; the same for all who ask. */
  entriesOf(store: string): EntryTier {
    const entries =
      this.#entries.get(store) ?? new SharedEntries(this.#link, this.#options.settings.prefix, store)
    this.#entries.set(store, entries)
    return entries
  }

  /** Makes every gateway forget, and what is stored there worthless. */
  purge(purge: Purge): Promise<PurgeReach> {
    return this.#purges.announce(purge)
  }

  status(): SharedStoreStatus {
    const { lastFailure, isUp } = this.#link
    return {
      address: shownPlace(this.#options.settings),
      state: isUp ? 'up' : 'down',
      queuedWrites: this.#writes.size,
      ...(lastFailure !== undefined && { lastFailure }),
    }
  }
}

/**
 * Opens a connection to what the settings name: one server, a cluster, or the primary that sentinels watch.
 *
 * @throws (rejects) with what went wrong.
 */
async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, cluster, sentinel } = options.settings
  if (url !== undefined) return openClient(url, options)
  if (cluster !== undefined) return openCluster(cluster, options)
  if (sentinel !== undefined) return openPrimary(sentinel, options)
  throw new TypeError('unchecked configuration: a shared store without an address')
}
