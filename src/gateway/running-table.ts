/**
 * A running table as the gateway shows and changes it: its state, its readiness, what it stored. `tables.ts` builds it.
 */
import type { PurgeWhat } from '../admin/ports.ts'
import type { TableConfig } from '../config/config.ts'
import type { AnswerStore } from '../core/cache/answer-store.ts'
import type { LossGuard } from '../core/cache/loss-guard.ts'
import { normaliseKey } from '../core/key/key.ts'
import { readinessOf, type TableReadiness } from '../core/outage/readiness.ts'
import type { RecentLookups } from '../core/outage/recent-lookups.ts'
import type { ReplicaOfTable } from '../core/replica/table-copy.ts'
import type { Temporary } from '../core/result.ts'
import type { TableStatus } from '../core/status.ts'
import type { TableStore } from '../core/store/store.ts'
import type { Table } from '../core/table.ts'
import type { TableTier } from '../tier/table-tier.ts'
import type { SharedUpstream, TableUpstream } from '../upstreams/kind.ts'
import { addressSpellings } from './key-spellings.ts'
import type { RunningShadow } from './shadow.ts'
import type { RunningShared } from './shared.ts'

export interface RunningTable {
  readonly config: TableConfig
  readonly table: Table
  /** Of the table of this name, over reloads. */
  readonly recent: RecentLookups
  readonly store: AnswerStore | undefined
  /** What it shares with other gateways; undefined where it shares nothing. */
  readonly tier: TableTier | undefined
  readonly lossGuard: LossGuard
  /** Its upstreams as it asks them. */
  readonly asked: readonly TableUpstream[]
  /** What it was built over. */
  readonly upstreams: readonly SharedUpstream[]
  readonly shadow: RunningShadow | undefined
  readonly shared: RunningShared | undefined
}

export type RunningTables = ReadonlyMap<string, RunningTable>

/** What clients write of a table; undefined where it is read only. */
export function storeOf({ asked }: RunningTable): TableStore | undefined {
  return asked.find(({ store }) => store !== undefined)?.store
}

/** Every upstream of a table that has to be started and stopped. */
export function allAsked({ asked, shadow }: RunningTable): readonly TableUpstream[] {
  return shadow === undefined ? asked : [...asked, shadow.asked]
}

/** How ready a table is for an outage of its services now. */
export function tableReadiness({ table, recent }: RunningTable, nowMs: number): TableReadiness {
  return readinessOf(recent.sample(nowMs), (key, asked, exact) => table.answerOffline(key, asked, exact))
}

export function tableStatus(
  { config, store, asked, lossGuard, shadow }: RunningTable,
  readiness: number | undefined,
): TableStatus {
  const replica = replicaOf(asked)
  return {
    name: config.name,
    upstreams: config.upstreams,
    search: config.search,
    ...(store !== undefined && { cache: store.status() }),
    canaries: asked.flatMap((upstream) => upstream.canaries()),
    ...(readiness !== undefined && { readiness }),
    ...(lossGuard.isHolding && { holdsLoss: true }),
    ...(replica && { replica: replica.control.status() }),
    ...(shadow && config.shadow && { shadow: { ...config.shadow, ...shadow.record.counts } }),
  }
}

/** The operator says that the keys which the service lost are gone on purpose. @returns Whether their loss was held back. */
export function confirmLoss({ lossGuard }: RunningTable, nowMs: number): boolean {
  const wasHeld = lossGuard.isHolding
  if (wasHeld) lossGuard.confirm(nowMs)
  return wasHeld
}

/** The table's own copy, where it has one: of its only HTTP service. */
export function replicaOf(asked: readonly TableUpstream[]): ReplicaOfTable | undefined {
  return asked.find(({ replica }) => replica !== undefined)?.replica
}

/**
 * Forgets stored answers, those of a key in every spelling of its domain; or what Postfix wrote.
 *
 * @returns How many.
 */
export async function purgeTable(
  running: RunningTable,
  what: PurgeWhat,
): Promise<number | Temporary | 'not-by-key'> {
  const { store, tier, lossGuard, config, asked } = running
  // What is asked by attributes is stored by those, some of them as a hash.
  if (config.attributes !== undefined && what.kind !== 'all') return 'not-by-key'
  // Who purges knows of changes, which a copy does not have.
  replicaOf(asked)?.control.refresh(what.kind === 'all')
  const written = storeOf(running)
  if (written !== undefined)
    return written.purge(what.kind === 'key' ? { kind: 'key', key: what.key.toString() } : what)
  if (store === undefined) return 0
  if (what.kind === 'all') lossGuard.reset()
  if (what.kind !== 'key') return store.purge(what)
  const normalised = normaliseKey(what.key, config.foldCase)
  if (normalised.kind !== 'key') return 0
  let forgotten = 0
  for (const key of addressSpellings(normalised.key)) {
    forgotten += store.purge({ kind: 'key', key })
    for (const index of asked.keys()) tier?.delete(store.prefixFor(index) + key)
  }
  return forgotten
}
