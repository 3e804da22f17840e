/**
 * `usedBy`: does the table fit the main.cf parameters that use it, and what would a wrong
 * "not found" do there?
 */
import type { Path } from '../issue.ts'
import { POSTFIX_PARAMETERS, type PostfixParameter } from '../postfix-parameters.ts'
import type { TableFile } from '../schema/table.ts'
import { nearest } from '../suggest.ts'
import { listed } from '../values.ts'
import type { CheckContext } from './context.ts'
import { searchOf } from './search.ts'
import { httpUpstreams } from './tables.ts'

export function checkUsedBy(context: CheckContext, table: TableFile, path: Path): void {
  const uses = listed(table.usedBy)
  const known: [string, PostfixParameter][] = []
  for (const [index, use] of uses.entries()) {
    const at = typeof table.usedBy === 'string' ? [...path, 'usedBy'] : [...path, 'usedBy', index]
    const parameter = POSTFIX_PARAMETERS.get(use)
    if (parameter === undefined) tellUnknown(context, use, at)
    else if (parameter.refused !== undefined) {
      context.report.warning(at, `${use} cannot use this table: ${parameter.refused}`)
    } else known.push([use, parameter])
  }
  checkFit(context, table, known, path)
  checkCanary(context, table, uses, path)
}

function tellUnknown(context: CheckContext, use: string, at: Path): void {
  const near = nearest(use, [...POSTFIX_PARAMETERS.keys()])
  const advice =
    near === undefined ? 'set "search" and "propagateExtension" yourself' : `did you mean "${near}"`
  context.report.warning(at, `${context.show(at, use)} is no parameter that mapgate knows; ${advice}`)
}

/** Every parameter of one table gets the same answers, so all must want the same search. */
function checkFit(
  context: CheckContext,
  table: TableFile,
  known: readonly (readonly [string, PostfixParameter])[],
  path: Path,
): void {
  const search = searchOf(table)
  const propagates = table.propagateExtension ?? known[0]?.[1].propagateExtension ?? false
  for (const [use, parameter] of known) {
    if (parameter.search !== search) {
      const place = table.search === undefined ? 'usedBy' : 'search'
      context.report.warning(
        [...path, place],
        `${use} searches as "${parameter.search}", but this table as "${search}"; ${place === 'search' ? 'change it or leave it out' : 'use two tables'}`,
      )
    }
    if (parameter.propagateExtension !== propagates) {
      const place = table.propagateExtension === undefined ? 'usedBy' : 'propagateExtension'
      context.report.warning(
        [...path, place],
        `${use} ${parameter.propagateExtension ? 'puts' : 'does not put'} the extension back on results, but this table ${propagates ? 'does' : 'does not'}; ${place === 'usedBy' ? 'use two tables' : 'change it or leave it out'}`,
      )
    }
  }
}

function checkCanary(context: CheckContext, table: TableFile, uses: readonly string[], path: Path): void {
  if (table.canary !== undefined || httpUpstreams(context, table).length === 0) return
  // An unknown use may be one that rejects mail.
  const rejecting = uses.filter((use) => POSTFIX_PARAMETERS.get(use)?.notFoundRejects ?? true)
  if (uses.length > 0 && rejecting.length === 0) return
  const why =
    rejecting.length === 0 ? 'if a parameter that rejects mail uses this table' : `with ${rejecting[0]}`
  context.report.warning(
    path,
    `has no canary: ${why}, a service that wrongly answers "not found" to everything bounces mail; add canary: { key: ... } with a key that always exists`,
  )
}
