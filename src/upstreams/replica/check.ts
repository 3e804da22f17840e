/**
 * What is wrong with the replica of a table that a schema cannot say.
 */
import type { Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import { jsonPathError } from '../http-client/reply/json-path.ts'
import { whyNoLmdb } from '../lmdb.ts'
import { replicaFolder } from './folder.ts'
import type { ReplicaSettings } from './settings.ts'

interface ReplicaCheck {
  /** Of the key `replica`. */
  readonly scope: Scope
  readonly cacheFile: string | undefined
  /** Has a folder looked at. */
  readonly keepsFilesIn: (at: Path, folder: string) => void
  readonly table: string
  /** HTTP services that the table asks. */
  readonly services: number
  readonly sideEffects: boolean
  /** The answers depend on more than the key. */
  readonly hasAttributes: boolean
  readonly hasCanary: boolean
}

export function checkReplica(
  replica: ReplicaSettings,
  { scope, table, cacheFile, keepsFilesIn, services, sideEffects, hasAttributes, hasCanary }: ReplicaCheck,
): void {
  const missing = whyNoLmdb('a replica')
  if (missing !== undefined) scope.error([], missing)
  if (services !== 1) {
    scope.error([], 'a replica is the list of one HTTP service; let the table ask exactly one')
  }
  if (sideEffects)
    scope.error([], 'cannot be used with sideEffects: true, where each lookup must ask; remove one')
  if (hasAttributes)
    scope.error([], 'a list has keys and no attributes; remove it, or {attribute.…} of the request')
  if (!hasCanary && replica.key === undefined)
    scope.warning(
      [],
      'without a canary nothing shows that the first list is not an error message; add canary: { key: a key that is always in it } to the table',
    )
  if (replica.directory === undefined && cacheFile === undefined) {
    scope.error(
      [],
      '"directory" is missing, and there is no cacheFile to keep the copy beside; add one of them',
    )
  } else {
    const at = replica.directory === undefined ? ['replica'] : ['replica', 'directory']
    keepsFilesIn(at, replicaFolder(replica.directory, cacheFile, table))
  }
  for (const name of ['key', 'value', 'deleted'] as const) {
    const path = replica[name]
    const why = path === undefined ? undefined : jsonPathError(path)
    if (why !== undefined) scope.error([name], `is not a JSONPath: ${why}`)
  }
  const { next, items, changes, cursor } = replica
  const container = items.replace(/\[\*\]$/, '')
  for (const [name, path] of [
    ['next', next],
    ['cursor', changes && cursor],
  ] as const) {
    if (path?.startsWith('$') !== true || parentOf(path) !== container) continue
    const more = name === 'next' ? '' : ', or name a header field'
    scope.error(
      [name],
      `is among the entries, ${scope.show(['items'], items)}; the list needs a name for its entries, such as items: $.entries[*]${more}`,
    )
  }
  if (
    changes !== undefined &&
    replica.format !== undefined &&
    replica.format !== 'json' &&
    cursor.startsWith('$')
  )
    scope.error(
      ['cursor'],
      `a list of ${replica.format} has no place for it; name a header field, such as x-cursor`,
    )
  if (replica.authoritative && replica.notFoundForMs === 0) {
    scope.error(
      ['notFoundFor'],
      'with authoritative: true nothing else can say "not found"; raise it, or remove authoritative',
    )
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('.'))
}
