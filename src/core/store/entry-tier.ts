/**
 * The entries of a store that several gateways write: the port between the upstream kind `store` and what holds them.
 *
 * Unlike answers they are nowhere else, so that what cannot be read is not known, and what was acknowledged is kept.
 */
import type { StoreBounds, StorePage, StoreTotals } from './store.ts'

/** All but `now` and `totals` reject with what went wrong: then nobody knows. */
export interface EntryTier {
  /** As the configuration in use has them: each write keeps those of its gateway. */
  bounds: StoreBounds
  /** Called for each entry that a write from here dropped before its time. */
  onFull: () => void
  /** Its clock, wall clock ms: when entries expire is counted by it. */
  nowMs(): number
  get(table: string, key: string): Promise<string | undefined>
  /** Resolves when it is stored. */
  put(table: string, key: string, value: string, expiresAtMs: number): Promise<void>
  /** Resolves when it is gone: whether there was one. */
  delete(table: string, key: string): Promise<boolean>
  /** At most `limit` entries behind a key, or the first ones. */
  page(table: string, after: string | undefined, limit: number): Promise<StorePage>
  /** Removes the entries of a table that `isMeant`. @returns How many. */
  purge(table: string, isMeant: (key: string) => boolean): Promise<number>
  /** As they were when it was last asked; undefined until it has said so. */
  totals(): StoreTotals | undefined
}
