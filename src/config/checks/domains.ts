/**
 * The domains filters: domains that can match, tables that exist, and no circles.
 */
import type { ConfigFileContent } from '../schema/file.ts'
import { didYouMean } from '../suggest.ts'
import type { CheckContext } from './context.ts'

export function checkDomains(context: CheckContext): void {
  const { report, file } = context
  for (const [name, { domains }] of Object.entries(file.tables)) {
    const path = ['tables', name, 'domains']
    if (Array.isArray(domains)) {
      for (const [index, domain] of domains.entries()) {
        if (/^\.?[^\s@.*][^\s@*]*$/.test(domain)) continue
        const at = [...path, index]
        report.error(
          at,
          `${context.show(at, domain)} is no domain; write example.com, or .example.com for its subdomains`,
        )
      }
      continue
    }
    if (domains === undefined) continue
    const at = [...path, 'table']
    const tables = Object.keys(file.tables)
    if (!tables.includes(domains.table)) {
      report.error(
        at,
        `there is no table ${context.show(at, domains.table)}; ${didYouMean(domains.table, tables)}`,
      )
      continue
    }
    const circle = circleFrom(file, name)
    if (circle !== undefined) {
      report.error(at, `goes in a circle: ${circle.join(' asks ')}; let one of them use a list`)
    }
  }
}

/** The way from a table through its filters back to itself; undefined when it ends. */
function circleFrom(file: ConfigFileContent, start: string): readonly string[] | undefined {
  const way = [start]
  for (;;) {
    const domains = file.tables[way.at(-1) ?? '']?.domains
    if (domains === undefined || Array.isArray(domains)) return undefined
    way.push(domains.table)
    if (domains.table === start) return way
    // A circle further on is told at the tables that are in it.
    if (way.indexOf(domains.table) < way.length - 1) return undefined
  }
}
