/**
 * What a table may answer in an outage: `cache.staleNotFound` and `whenUnknown`, each only where Postfix can
 * neither bounce mail nor let somebody in by it.
 */
import { checkName, type Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import { type NotFoundVerdict, notFoundVerdict } from '../not-found-verdicts.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'

type Tables = FileSettings['tables']

/** @param scope The table's own. */
export function checkOutage(table: TableSettings, tables: Tables, scope: Scope): void {
  checkStaleNotFound(table, tables, scope)
  if (table.whenUnknown !== undefined) refuse(table, ['whenUnknown'], scope, ({ mayBeMissed }) => mayBeMissed)
}

function checkStaleNotFound(table: TableSettings, tables: Tables, scope: Scope): void {
  const { staleNotFound } = table.cache ?? {}
  if (staleNotFound === undefined) return
  const path = ['cache', 'staleNotFound']
  if (table.canary === undefined) {
    const why =
      'needs a canary: without one mapgate cannot tell that the service was healthy when it said "not found"'
    scope.error(path, `${why}; add canary: { key: ... } with a key that always exists`)
  }
  if (table.sideEffects)
    scope.error(path, 'cannot be used with sideEffects: true, where nothing is stored; remove one')
  const { ifFoundIn } = staleNotFound
  if (ifFoundIn === undefined) {
    refuse(table, path, scope, ({ stale }) => stale === 'harmless' || stale === 'operator')
    return
  }
  const at = [...path, 'ifFoundIn']
  refuse(table, at, scope, ({ stale }) => stale === 'harmless' || stale === 'proof')
  checkProof(table, ifFoundIn, tables, at, scope)
}

/** Reports each use of a table for which a setting is not allowed, with what would happen. */
function refuse(
  { usedBy }: TableSettings,
  path: Path,
  scope: Scope,
  isAllowed: (verdict: NotFoundVerdict) => boolean,
): void {
  if (usedBy.length === 0) {
    scope.error(
      path,
      'needs usedBy, because what a wrong "not found" does depends on it; name every main.cf parameter that uses this table',
    )
  }
  for (const use of usedBy) {
    const verdict = notFoundVerdict(use)
    if (verdict === undefined) {
      scope.error(
        path,
        `cannot be used with ${scope.show(['usedBy'], use)}: mapgate does not know what a wrong "not found" does there; remove it`,
      )
    } else if (!isAllowed(verdict)) {
      scope.error(
        path,
        `cannot be used with ${use}: by a wrong "not found" ${verdict.harm}; ${advice(verdict, path)}`,
      )
    }
  }
}

function advice({ stale, proofs }: NotFoundVerdict, path: Path): string {
  if (path.at(-1) !== 'staleNotFound' || stale !== 'proof') return 'remove it, or use a table of its own'
  return `add ifFoundIn: the table that is used by ${proofs.join(' or ')}`
}

function checkProof(table: TableSettings, name: string, tables: Tables, path: Path, scope: Scope): void {
  const proof = tables.get(name)
  if (proof === undefined) {
    checkName(scope, path, 'table', name, [...tables.keys()])
    return
  }
  if (proof === table) {
    scope.error(path, 'is the table itself; name the table that knows the mailboxes')
    return
  }
  if (proof.cache === undefined || proof.sideEffects) {
    scope.error(
      path,
      `table "${name}" stores nothing, so it knows nothing in an outage; name another, or let it store`,
    )
  }
  for (const use of table.usedBy) {
    const proofs = notFoundVerdict(use)?.proofs ?? []
    if (proofs.length === 0 || proof.usedBy.some((other) => proofs.includes(other))) continue
    scope.error(
      path,
      `table "${name}" is no proof for ${use}: its usedBy does not name ${proofs.join(' or ')}; name a table with one of them`,
    )
  }
}
