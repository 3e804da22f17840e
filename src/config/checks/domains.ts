/**
 * The domains filters: domains that can match, tables that exist, and no circles.
 */
import type { Scope } from '../../schema/scope.ts'
import { checkName } from '../../schema/scope.ts'
import type { FileSettings } from '../schema/file.ts'

type Tables = FileSettings['tables']

export function checkDomains(tables: Tables, scope: Scope): void {
  for (const [name, { domains }] of tables) {
    if (domains?.kind === 'list') checkList(domains.domains, scope.within([name, 'domains']))
    if (domains?.kind !== 'table') continue
    const at = [name, 'domains', 'table']
    checkName(scope, at, 'table', domains.table, [...tables.keys()])
    const circle = circleFrom(tables, name)
    if (circle !== undefined) {
      scope.error(at, `goes in a circle: ${circle.join(' asks ')}; let one of them use a list`)
    }
  }
}

function checkList(domains: readonly string[], scope: Scope): void {
  for (const [index, domain] of domains.entries()) {
    if (/^\.?[^\s@.*][^\s@*]*$/.test(domain)) continue
    scope.error(
      [index],
      `${scope.show([index], scope.textAt([index]))} is no domain; write example.com, or .example.com for its subdomains`,
    )
  }
}

/** The way from a table through its filters back to itself; undefined when it ends. */
function circleFrom(tables: Tables, start: string): readonly string[] | undefined {
  const way = [start]
  for (;;) {
    const domains = tables.get(way.at(-1) ?? '')?.domains
    if (domains?.kind !== 'table') return undefined
    way.push(domains.table)
    if (domains.table === start) return way
    // A circle further on is told at the tables that are in it.
    if (way.indexOf(domains.table) < way.length - 1) return undefined
  }
}
