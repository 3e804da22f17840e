/**
 * The domains filters: domains that can match, tables that exist, and no cycles.
 */
import { filterByList, filterSubject } from '../../core/search/domains-filter.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { searchOf } from '../build.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'

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
      scope.error(at, `is a cycle: ${cycle.join(' asks ')}; use a list in one of them`)
    }
  }
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
      `${scope.show(['canary', 'key'], canary.key)} has no domain, and where "domains" is set, keys without one are not asked: it proves nothing about the others; use a key in a domain of the list`,
    )
    return
  }
  scope.error(
    ['domains'],
    `does not have the domain of the canary, ${scope.show(['canary', 'key'], verdict.domain)}: its keys are "not found" without asking; correct one of them`,
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
  if (subject.kind !== 'domain' || upstreams.length === 0) return
  const mayFind = upstreams.some((name) => {
    const settings = file.upstreams.get(name)
    const kind = settings && kinds.find((one) => one.name === settings.kind)
    return kind?.finds === undefined || settings === undefined || kind.finds(settings, subject.domain)
  })
  if (mayFind) return
  scope.error(
    ['domains'],
    `the table ${scope.show(['domains', 'table'], domains.table)} does not have the domain of the canary, ${scope.show(['canary', 'key'], subject.domain)}: its keys are "not found" without asking; correct one of them`,
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
