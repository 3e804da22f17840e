/**
 * `usedBy`: does the table fit the main.cf parameters that use it, and what would a wrong
 * "not found" do there?
 */

import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import { nearest } from '../../schema/suggest.ts'
import type { Path } from '../../schema/tree.ts'
import { searchOf } from '../build.ts'
import { POSTFIX_PARAMETERS, type PostfixParameter } from '../postfix-parameters.ts'
import type { TableSettings } from '../schema/table.ts'
import { CHECK_PROBLEMS } from './problems.ts'

interface WhatIsAsked {
  /** Something that may answer wrongly. */
  readonly asksNetwork: boolean
  /** A store, which Postfix can write. */
  readonly isWritten: boolean
}

export function checkUsedBy(
  table: TableSettings,
  { asksNetwork, isWritten }: WhatIsAsked,
  scope: Scope,
): void {
  const known: [string, PostfixParameter][] = []
  for (const [index, use] of table.usedBy.entries()) {
    const at = scope.isWritten(['usedBy', index]) ? ['usedBy', index] : ['usedBy']
    const parameter = POSTFIX_PARAMETERS.get(use)
    if (parameter === undefined) tellUnknown(use, at, scope)
    else if (parameter.forbidden !== undefined)
      scope.error(at, problem(CHECK_PROBLEMS, 'use-forbidden', use, parameter.forbidden))
    else if (parameter.isWritten === true && !isWritten)
      scope.error(at, problem(CHECK_PROBLEMS, 'use-without-store', use))
    else if (parameter.refused !== undefined) {
      scope.warning(at, problem(CHECK_PROBLEMS, 'use-refused', use, parameter.refused))
    } else known.push([use, parameter])
  }
  checkFit(table, known, scope)
  adviseDelimiter(table, scope)
  if (asksNetwork && table.canary === undefined) adviseCanary(table.usedBy, scope)
}

function tellUnknown(use: string, at: Path, scope: Scope): void {
  const near = nearest(use, [...POSTFIX_PARAMETERS.keys()])
  const advice =
    near === undefined ? 'set "search" and "propagateExtension" yourself' : `did you mean "${near}"`
  scope.warning(at, problem(CHECK_PROBLEMS, 'use-unknown', scope.show(at, use), advice))
}

/** Every parameter of one table gets the same answers, so all must want the same search. */
function checkFit(
  table: TableSettings,
  known: readonly (readonly [string, PostfixParameter])[],
  scope: Scope,
): void {
  const search = searchOf(table)
  const propagates = table.propagateExtension ?? known[0]?.[1].propagateExtension ?? false
  for (const [use, parameter] of known) {
    if (parameter.search !== search) {
      const place = table.search === undefined ? 'usedBy' : 'search'
      scope.warning(
        [place],
        problem(
          CHECK_PROBLEMS,
          'use-searches-otherwise',
          use,
          parameter.search,
          search,
          place === 'search' ? 'change it or leave it out' : 'use two tables',
        ),
      )
    }
    if (parameter.propagateExtension !== propagates) {
      const place = table.propagateExtension === undefined ? 'usedBy' : 'propagateExtension'
      scope.warning(
        [place],
        problem(
          CHECK_PROBLEMS,
          'use-extends-otherwise',
          use,
          parameter.propagateExtension ? 'puts' : 'does not put',
          propagates ? 'does' : 'does not',
          place === 'usedBy' ? 'use two tables' : 'change it or leave it out',
        ),
      )
    }
  }
}

/** Parameters that say which recipients exist: Postfix looks for `ann+news@` as `ann@`, too, where main.cf has a delimiter. */
const EXISTING_RECIPIENTS: ReadonlySet<string> = new Set([
  'virtual_alias_maps',
  'virtual_mailbox_maps',
  'relay_recipient_maps',
  'local_recipient_maps',
])

/** An empty one that is written is somebody's word; a missing one is forgotten more often than not. */
function adviseDelimiter(table: TableSettings, scope: Scope): void {
  const [use] = table.usedBy.filter((one) => EXISTING_RECIPIENTS.has(one))
  if (use === undefined || searchOf(table) !== 'address' || scope.isWritten(['recipientDelimiter'])) return
  scope.warning([], problem(CHECK_PROBLEMS, 'delimiter-advised', use))
}

function adviseCanary(uses: readonly string[], scope: Scope): void {
  // An unknown use may be one that rejects mail.
  const rejecting = uses.filter((use) => POSTFIX_PARAMETERS.get(use)?.notFoundRejects ?? true)
  if (uses.length > 0 && rejecting.length === 0) return
  const why =
    rejecting.length === 0 ? 'if a parameter that rejects mail uses this table' : `with ${rejecting[0]}`
  scope.warning([], problem(CHECK_PROBLEMS, 'canary-advised', why))
}
