/**
 * A purge as an entry of the stream: the fields `table`, and `key`, `domain` or neither; with a key perhaps `entry`.
 */
import type { PurgeScope } from '../core/cache/purge-log.ts'
import { STREAM_LENGTH } from './stream.ts'

/** How much the clocks of a gateway and of the store's server may differ, ms, where nobody has compared them. Ours. */
const CLOCKS_MS = 60_000

export interface Purge {
  readonly table: string
  readonly scope: PurgeScope
  /** Of one key: the entry of the list that took its place, as JSON; '' when it is gone. */
  readonly entry?: string | undefined
}

/** Arguments of XADD before them: the stream keeps its last entries, about, and the server gives the id. */
export const TRIMMED = ['MAXLEN', '~', String(STREAM_LENGTH), '*']

/** The id from which on to look for purges of answers that are as old as this. @param wallMs By the clock of this gateway. */
export function idBefore(wallMs: number): string {
  return `${Math.max(0, Math.floor(wallMs - CLOCKS_MS))}-0`
}

export function fieldsOf({ table, scope, entry }: Purge): readonly string[] {
  const fields = ['table', table]
  if (scope.kind === 'key') fields.push('key', scope.key)
  if (scope.kind === 'domain') fields.push('domain', scope.domain)
  if (entry !== undefined) fields.push('entry', entry)
  return fields
}

/** @returns Undefined for what is none. */
export function purgeOf(fields: ReadonlyMap<string, string>): Purge | undefined {
  const table = fields.get('table')
  if (table === undefined) return undefined
  const key = fields.get('key')
  const domain = fields.get('domain')
  if (key !== undefined) return { table, scope: { kind: 'key', key }, entry: fields.get('entry') }
  return { table, scope: domain === undefined ? { kind: 'all' } : { kind: 'domain', domain } }
}

/** Fewer, which purge at least as much. */
export function wholeTables(purges: readonly Purge[]): Purge[] {
  const tables = new Set(purges.map(({ table }) => table))
  return Array.from(tables, (table) => ({ table, scope: { kind: 'all' } }))
}
