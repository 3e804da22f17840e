/**
 * Forgetting stored answers, as the admin API asks for it.
 */
import type { PurgeWhat } from '../admin/ports.ts'
import { normaliseKey } from '../core/key.ts'
import type { RunningTable } from './tables.ts'

/** @returns How many stored answers were forgotten. */
export function purgeTable({ store, config }: RunningTable, what: PurgeWhat): number {
  if (store === undefined) return 0
  if (what.kind !== 'key') return store.purge(what)
  const normalised = normaliseKey(what.key, config.foldCase)
  return normalised.kind === 'key' ? store.purge({ kind: 'key', key: normalised.key }) : 0
}
