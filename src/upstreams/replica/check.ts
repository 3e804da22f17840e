/**
 * What is wrong with the replica of a table that a schema cannot say.
 */

import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import { jsonPathError } from '../http-client/reply/json-path.ts'
import { whyNoLmdb } from '../lmdb.ts'
import { replicaFolder } from './folder.ts'
import { REPLICA_PROBLEMS } from './problems.ts'
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
  if (missing !== undefined) scope.error([], { code: 'lmdb-missing', message: missing })
  if (services !== 1) {
    scope.error([], problem(REPLICA_PROBLEMS, 'replica-of-several'))
  }
  if (sideEffects) scope.error([], problem(REPLICA_PROBLEMS, 'replica-with-side-effects'))
  if (hasAttributes) scope.error([], problem(REPLICA_PROBLEMS, 'replica-with-attributes', '…'))
  if (!hasCanary && replica.key === undefined)
    scope.warning([], problem(REPLICA_PROBLEMS, 'replica-without-canary'))
  if (replica.directory === undefined && cacheFile === undefined) {
    scope.error([], problem(REPLICA_PROBLEMS, 'replica-without-directory'))
  } else {
    const at = replica.directory === undefined ? ['replica'] : ['replica', 'directory']
    keepsFilesIn(at, replicaFolder(replica.directory, cacheFile, table))
  }
  for (const name of ['key', 'value', 'deleted'] as const) {
    const path = replica[name]
    const why = path === undefined ? undefined : jsonPathError(path)
    if (why !== undefined) scope.error([name], problem(REPLICA_PROBLEMS, 'replica-not-a-path', why))
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
      problem(REPLICA_PROBLEMS, 'replica-name-without-items', scope.show(['items'], items), more),
    )
  }
  if (
    changes !== undefined &&
    replica.format !== undefined &&
    replica.format !== 'json' &&
    cursor.startsWith('$')
  )
    scope.error(['cursor'], problem(REPLICA_PROBLEMS, 'replica-cursor-without-place', replica.format))
  if (replica.authoritative && replica.notFoundForMs === 0) {
    scope.error(['notFoundFor'], problem(REPLICA_PROBLEMS, 'replica-max-age-authoritative'))
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('.'))
}
