/**
 * The tables that the pages in docs/postfix write, together in one configuration: what somebody has who copied
 * each of them. The pages are about example.com.
 */
import { parse } from 'yaml'
import { configurations } from '../../docs/markdown.ts'
import type { MainCf } from '../../support/postfix/files.ts'

/** The whole set-up of docs/resilience.md. */
export function tablesOfResilience(): PageTables {
  const [block] = configurations('docs/resilience.md')
  const { defaults, tables } = parse(block?.text ?? '') as {
    readonly defaults: { readonly table: object }
    readonly tables: PageTables
  }
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [name, { ...defaults.table, ...table }]),
  )
}

/** The main.cf parameters for tables, as `mapgate main-cf` prints them; restrictions have to be put into their lists. */
export function mainCfFor(tables: PageTables, map: (table: string) => string): MainCf {
  const uses = Object.entries(tables).flatMap(([name, { usedBy }]) =>
    [usedBy].flat().map((use) => [use, map(name)]),
  )
  return {
    recipient_delimiter: '+',
    ...Object.fromEntries(uses.filter(([use]) => !use?.startsWith('check_'))),
  }
}

/** One table as its page writes it. */
export interface PageTable {
  readonly usedBy: string | readonly string[]
  readonly request: { readonly path: string }
  readonly response: { readonly value: string }
  readonly domains?: readonly string[]
  readonly whenUnknown?: string
  readonly cache?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

export type PageTables = Readonly<Record<string, PageTable>>

/** @param pages Names of files in docs/postfix, without `.md`. */
export function tablesOfPages(...pages: readonly string[]): PageTables {
  const tables = pages.map((page) => {
    const [block] = configurations(`docs/postfix/${page}.md`)
    return (parse(block?.text ?? '') as { tables: PageTables }).tables
  })
  return Object.assign({}, ...tables)
}

/** The same tables with other settings for some of them; undefined takes a table out. */
export function changed(
  tables: PageTables,
  changes: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>,
): PageTables {
  const all = Object.entries({ ...tables, ...changes }).filter(
    ([name]) => !(name in changes && changes[name] === undefined),
  )
  return Object.fromEntries(all.map(([name]) => [name, { ...tables[name], ...changes[name] } as PageTable]))
}
