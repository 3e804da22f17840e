/**
 * What a table may answer in an outage: `cache.staleNotFound` and `whenUnknown`, each only where Postfix can
 * neither bounce mail nor let somebody in by it.
 */

import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import { type NotFoundVerdict, notFoundVerdict } from '../not-found-verdicts.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { CHECK_PROBLEMS } from './problems.ts'

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
  if (table.canary === undefined) scope.error(path, problem(CHECK_PROBLEMS, 'stale-without-canary'))
  if (table.sideEffects) scope.error(path, problem(CHECK_PROBLEMS, 'stale-with-side-effects'))
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
    scope.error(path, problem(CHECK_PROBLEMS, 'outage-without-used-by'))
  }
  for (const use of usedBy) {
    const verdict = notFoundVerdict(use)
    if (verdict === undefined) {
      scope.error(path, problem(CHECK_PROBLEMS, 'outage-use-unknown', scope.show(['usedBy'], use)))
    } else if (!isAllowed(verdict)) {
      scope.error(
        path,
        problem(CHECK_PROBLEMS, 'outage-use-harmed', use, verdict.harm, advice(verdict, path)),
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
    scope.error(path, problem(CHECK_PROBLEMS, 'proof-is-itself'))
    return
  }
  if (proof.cache === undefined || proof.sideEffects) {
    scope.error(path, problem(CHECK_PROBLEMS, 'proof-stores-nothing', name))
  }
  for (const use of table.usedBy) {
    const proofs = notFoundVerdict(use)?.proofs ?? []
    if (proofs.length === 0 || proof.usedBy.some((other) => proofs.includes(other))) continue
    scope.error(path, problem(CHECK_PROBLEMS, 'proof-for-another-use', name, use, proofs.join(' or ')))
  }
}
