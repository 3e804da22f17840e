/**
 * A purge as an entry of the stream: the fields `table`, and `key`, `domain` or neither; with a key perhaps `fingerprint` and `entry`.
 */
import type { PurgeScope } from '../core/cache/purge-log.ts'

/** How much earlier an answer may be than it is taken for, ms. Ours: the clock of this machine may have been corrected meanwhile. */
const CLOCKS_MS = 60_000

/** Purges that wait for the store to be reached. Ours: more become purges of whole tables. */
const MAX_WAITING = 1000

export interface Purge {
  readonly table: string
  readonly scope: PurgeScope
  /** Whom it is for: gateways whose table has this fingerprint in the store, since others have a list of their own. Undefined: all. */
  readonly fingerprint?: string | undefined
  /** Of one key, with a fingerprint: the entry of the list that took its place, as JSON; '' when it is gone. */
  readonly entry?: string | undefined
}

/** The id from which on to look for purges of answers that are as old as this. @param atMs Server ms. */
export function idBefore(atMs: number): string {
  return `${Math.max(0, Math.floor(atMs - CLOCKS_MS))}-0`
}

export function fieldsOf({ table, scope, fingerprint, entry }: Purge): readonly string[] {
  const fields = ['table', table]
  if (scope.kind === 'key') fields.push('key', scope.key)
  if (scope.kind === 'domain') fields.push('domain', scope.domain)
  if (fingerprint !== undefined) fields.push('fingerprint', fingerprint)
  if (entry !== undefined) fields.push('entry', entry)
  return fields
}

/** @returns Undefined for what is none. */
export function purgeOf(fields: ReadonlyMap<string, string>): Purge | undefined {
  const table = fields.get('table')
  if (table === undefined) return undefined
  const key = fields.get('key')
  const domain = fields.get('domain')
  const fingerprint = fields.get('fingerprint')
  if (key === undefined)
    return { table, scope: domain === undefined ? { kind: 'all' } : { kind: 'domain', domain }, fingerprint }
  // Without a fingerprint it is not known from whose list it is.
  const entry = fingerprint === undefined ? undefined : fields.get('entry')
  return { table, scope: { kind: 'key', key }, fingerprint, entry }
}

/** Those that wait; where they are too many, fewer that purge at least as much. */
export function fewer(purges: readonly Purge[]): Purge[] {
  if (purges.length <= MAX_WAITING) return [...purges]
  const tables = new Set(purges.map(({ table }) => table))
  return Array.from(tables, (table) => ({ table, scope: { kind: 'all' } }))
}
