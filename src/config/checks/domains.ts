/**
 * The domains filters: domains that can match, tables that exist, and no cycles.
 */

import { filterByList, filterSubject } from '../../core/search/domains-filter.ts'
import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { searchOf } from '../build.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { CHECK_PROBLEMS } from './problems.ts'

type Tables = FileSettings['tables']

export function checkDomains(file: FileSettings, kinds: readonly UpstreamSettingsKind[], scope: Scope): void {
  const { tables } = file
  for (const [name, table] of tables) {
    const { domains } = table
    checkCanaryIsIn(table, scope.within([name]))
    checkTableHasCanary(table, { file, kinds }, scope.within([name]))
    if (domains?.kind !== 'table') continue
    const at = [name, 'domains', 'table']
    checkName(scope, at, 'table', domains.table, [...tables.keys()])
    const cycle = cycleFrom(tables, name)
    if (cycle !== undefined) {
      scope.error(at, problem(CHECK_PROBLEMS, 'domains-in-a-cycle', cycle.join(' asks ')))
    }
  }
}

/** Names that nobody can have, made up for a canary: no slip of the pen. Source: RFC 6761 section 6.4. */
function isMadeUp(domain: string): boolean {
  return /(?:^|\.)invalid$/.test(domain)
}

/** The canary is a key of this table: a list that has not its domain has a slip of the pen, and rejects mail. */
function checkCanaryIsIn(table: TableSettings, scope: Scope): void {
  const { domains, canary } = table
  if (domains?.kind !== 'list' || canary === undefined || canary.key === '' || scope.isBroken(['domains']))
    return
  const verdict = filterByList(domains.domains)(canary.key)
  if (verdict.kind === 'pass') return
  if (verdict.domain === undefined) {
    // A bare user and `*` are asked as partial keys of others, where there are such.
    const search = searchOf(table)
    if (search !== 'exact' && (search !== 'address' || table.localDomains.length > 0)) return
    scope.warning(
      ['canary', 'key'],
      problem(CHECK_PROBLEMS, 'canary-without-domain', scope.show(['canary', 'key'], canary.key)),
    )
    return
  }
  if (isMadeUp(verdict.domain)) return
  scope.error(
    ['domains'],
    problem(CHECK_PROBLEMS, 'domains-lack-canary', scope.show(['canary', 'key'], verdict.domain)),
  )
}

/** The same for a table of domains, where its upstreams can be looked into. */
function checkTableHasCanary(
  { domains, canary }: TableSettings,
  { file, kinds }: { readonly file: FileSettings; readonly kinds: readonly UpstreamSettingsKind[] },
  scope: Scope,
): void {
  if (domains?.kind !== 'table' || canary === undefined || canary.key === '') return
  const subject = filterSubject(canary.key)
  const upstreams = file.tables.get(domains.table)?.upstream ?? []
  if (subject.kind !== 'domain' || isMadeUp(subject.domain) || upstreams.length === 0) return
  const mayFind = upstreams.some((name) => {
    const settings = file.upstreams.get(name)
    const kind = settings && kinds.find((one) => one.name === settings.kind)
    return kind?.finds === undefined || settings === undefined || kind.finds(settings, subject.domain)
  })
  if (mayFind) return
  scope.error(
    ['domains'],
    problem(
      CHECK_PROBLEMS,
      'domains-table-lacks-canary',
      scope.show(['domains', 'table'], domains.table),
      scope.show(['canary', 'key'], subject.domain),
    ),
  )
}

/** The way from a table through its filters back to itself; undefined when it ends. */
function cycleFrom(tables: Tables, start: string): readonly string[] | undefined {
  const way = [start]
  for (;;) {
    const domains = tables.get(way.at(-1) ?? '')?.domains
    if (domains?.kind !== 'table') return undefined
    way.push(domains.table)
    if (domains.table === start) return way
    // A cycle further on is reported at the tables that are in it.
    if (way.indexOf(domains.table) < way.length - 1) return undefined
  }
}
