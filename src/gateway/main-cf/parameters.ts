/**
 * Parameters of main.cf that lead Postfix to a listener, such as the name of a service. Each has one value, whatever
 * tables it is for.
 */
import type { PostfixParameter } from '../../protocols/protocol.ts'
import { listOf } from '../../schema/suggest.ts'

/** A table, and what each listener that serves it needs. */
interface NeededBy {
  readonly table: string
  readonly references: readonly { readonly parameters?: readonly PostfixParameter[] }[]
}

/** A value that a parameter needs for some tables. */
interface NeededValue {
  readonly comments: readonly string[]
  readonly tables: readonly string[]
}

/** What listeners need in main.cf besides the tables: each parameter once, since Postfix takes the last of two. */
export function parameterBlocks(uses: readonly NeededBy[]): string[][] {
  return Array.from(neededValues(uses), ([name, values]) => parameterLines(name, values))
}

/** Said of each parameter that no one value of does for all tables. */
export function exclusiveParameters(uses: readonly NeededBy[]): string[] {
  return Array.from(neededValues(uses)).flatMap(([name, values]) =>
    forAllTables(values) === undefined ? [exclusiveText(name)] : [],
  )
}

function exclusiveText(parameter: string): string {
  return `${parameter} has one value, and tables are at several listeners; let one listener have all of them, or set the others in master.cf for the services that ask them: -o ${parameter}=VALUE`
}

function neededValues(uses: readonly NeededBy[]): ReadonlyMap<string, ReadonlyMap<string, NeededValue>> {
  const byName = new Map<string, Map<string, NeededValue>>()
  for (const { table, references } of uses)
    for (const { name, value, comments } of references.flatMap(({ parameters = [] }) => parameters)) {
      const values = byName.get(name) ?? new Map<string, NeededValue>()
      const before = values.get(value)
      byName.set(name, values)
      values.set(value, {
        comments: [...new Set([...(before?.comments ?? []), ...comments])],
        tables: [...new Set([...(before?.tables ?? []), table])],
      })
    }
  return byName
}

/** The value that does for all tables, and its comments. */
function forAllTables(
  values: ReadonlyMap<string, NeededValue>,
): { readonly value: string; readonly comments: readonly string[] } | undefined {
  const all = new Set(Array.from(values.values()).flatMap(({ tables }) => tables))
  for (const [value, { comments, tables }] of values)
    if (tables.length === all.size) return { value, comments }
  return undefined
}

function parameterLines(parameter: string, values: ReadonlyMap<string, NeededValue>): string[] {
  const one = forAllTables(values)
  if (one !== undefined) return [...one.comments, `${parameter} = ${one.value}`]
  return [
    `# ${exclusiveText(parameter)}`,
    ...Array.from(values).flatMap(([value, { comments, tables }], index) => [
      ...comments,
      `# for table${tables.length === 1 ? '' : 's'} ${listOf(tables, 'and')}:`,
      `${index === 0 ? '' : '# or: '}${parameter} = ${value}`,
    ]),
  ]
}
