/**
 * What this gateway tells those that share a store with it, and does of what they tell.
 */
import type { PurgeWhat } from '../admin/ports.ts'
import type { PurgeReach } from '../core/status.ts'
import type { Purge } from '../tier/purge-entry.ts'
import type { Generation } from './generation.ts'
import { purgeTable, type RunningTable, replicaOf, storeOf } from './running-table.ts'

/** Longest entry that is sent, UTF-16 units. Ours: of a longer one the others ask for their list. */
const MAX_ENTRY = 16_384

/** Makes the other gateways forget; undefined where they share nothing with this one, or have the very entries that are gone. */
export function purgeElsewhere(
  { tables, shared }: Generation,
  table: string,
  what: PurgeWhat,
): Promise<PurgeReach> | undefined {
  const running = tables.get(table)
  if (shared === undefined || running?.tier === undefined || storeOf(running)?.isShared) return undefined
  const scope = what.kind === 'key' ? ({ kind: 'key', key: what.key.toString() } as const) : what
  return shared.store.purge({ table, scope })
}

/** Puts an entry that somebody pushed into the copies of the other gateways, too. @param item Undefined: it is gone. */
export function entryElsewhere(
  { tables, shared }: Generation,
  table: string,
  key: string,
  item: unknown,
): void {
  const fingerprint = tables.get(table)?.tier?.fingerprint
  if (fingerprint === undefined) return
  const entry = item === undefined ? '' : JSON.stringify(item)
  const scope = { kind: 'key', key } as const
  // It does not reject, and is sent when it can be.
  const purge = { table, scope, fingerprint }
  void shared?.store.purge(entry.length > MAX_ENTRY ? purge : { ...purge, entry })
}

/** Does what another gateway, or a service, has told. */
export async function applyPurge(running: RunningTable | undefined, { scope, entry }: Purge): Promise<void> {
  if (running === undefined) return
  const replica = replicaOf(running.asked)
  if (replica !== undefined && scope.kind === 'key' && entry !== undefined) {
    const item = itemOf(entry)
    if (item !== UNREADABLE && (await replica.control.change(scope.key, item)).kind === 'done') return
  }
  await purgeTable(running, scope.kind === 'key' ? { kind: 'key', key: Buffer.from(scope.key) } : scope)
}

const UNREADABLE = Symbol('unreadable')

function itemOf(entry: string): unknown {
  if (entry === '') return undefined
  try {
    return JSON.parse(entry)
  } catch {
    return UNREADABLE
  }
}
