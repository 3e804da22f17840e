/**
 * The text of `mapgate main-cf`: a whole line where `usedBy` tells the parameter, comments for
 * everything that has to be put somewhere by hand.
 */
import type { Config, TableConfig } from '../../config/config.ts'
import { POSTFIX_PARAMETERS } from '../../config/postfix-parameters.ts'
import { KINDS, type Kinds } from '../../gateway/load-config.ts'
import { listOf } from '../../schema/suggest.ts'
import { parameterBlocks } from './parameters.ts'
import { type TableReference, tableReference } from './reference.ts'

/** A table that a parameter uses, at each listener that serves it. */
interface Use {
  readonly table: string
  /** Postfix writes it. */
  readonly isWritten: boolean
  readonly references: readonly NamedReference[]
  /** For protocols that no parameter takes as a table. */
  readonly lines: readonly LinesReference[]
}

type NamedReference = Extract<TableReference, { kind: 'table' }>
type LinesReference = Extract<TableReference, { kind: 'lines' }>

/** Makes the whole text. */
export function mainCf(config: Config, kinds: Kinds = KINDS): string {
  const uses = [...config.tables.values()].map((table): Use & { readonly config: TableConfig } => {
    const named = { name: table.name, isWritten: isWritten(table, config, kinds) }
    const all = config.listeners.flatMap((listener) => tableReference(named, listener, kinds.protocols) ?? [])
    return {
      table: table.name,
      isWritten: named.isWritten,
      references: all.filter((reference) => reference.kind === 'table'),
      lines: all.filter((reference) => reference.kind === 'lines'),
      config: table,
    }
  })
  const blocks: string[][] = parameterBlocks(uses)
  for (const [parameter, tables] of byParameter(uses)) blocks.push(parameterBlock(parameter, tables))
  blocks.push(...aliasDomainsBlock(uses))
  for (const use of uses) if (use.config.usedBy.length === 0) blocks.push(...tableBlock(use))
  blocks.push(...linesBlocks(uses))
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

/** Clients write the table. */
function isWritten({ upstreams: [first = ''] }: TableConfig, config: Config, kinds: Kinds): boolean {
  const kind = config.upstreams.get(first)?.kind ?? ''
  return kinds.upstreams.get(kind)?.configuration?.isWritten === true
}

/** Two tables of one parameter go into one line: the second line would replace the first. */
function byParameter(
  uses: readonly (Use & { readonly config: TableConfig })[],
): ReadonlyMap<string, readonly Use[]> {
  const parameters = new Map<string, Use[]>()
  for (const use of uses) {
    for (const parameter of new Set(use.config.usedBy)) {
      parameters.set(parameter, [...(parameters.get(parameter) ?? []), use])
    }
  }
  return parameters
}

function parameterBlock(parameter: string, uses: readonly Use[]): string[] {
  const known = POSTFIX_PARAMETERS.get(parameter)
  if (known?.refused !== undefined) return [`# ${parameter}: ${known.refused}`]
  const asked = uses.filter(({ references }) => references.length > 0)
  const unserved = uses.filter(isUnserved).map(unservedLine)
  if (asked.length === 0)
    return unserved.length > 0 ? unserved : [`# ${parameter}: no listener names a table for it`]
  const list = known?.restrictionList
  const lines = list === undefined ? plainLines(parameter, asked) : restrictionLines(parameter, list, asked)
  return [...unserved, ...lines]
}

/** `virtual_alias_maps = socketmap:...`, and the same over other listeners as comments. */
function plainLines(parameter: string, uses: readonly Use[]): string[] {
  const [first = [], ...others] = choices(uses)
  return [
    ...notesOf(first),
    `${parameter} = ${first.map(({ text }) => text).join(', ')}`,
    ...others.flatMap((choice) => [
      ...notesOf(choice),
      `# or: ${parameter} = ${choice.map(({ text }) => text).join(', ')}`,
    ]),
  ]
}

/**
 * By default `virtual_alias_domains` is `$virtual_alias_maps` (postconf(5)): Postfix asks the aliases for each domain, which an
 * outage cannot answer. Where mailboxes are in tables, too, their domains are not domains of aliases alone.
 */
function aliasDomainsBlock(uses: readonly (Use & { readonly config: TableConfig })[]): string[][] {
  const parameters = new Set(uses.flatMap(({ config }) => config.usedBy))
  const hasMailboxes = parameters.has('virtual_mailbox_maps') || parameters.has('virtual_mailbox_domains')
  if (!parameters.has('virtual_alias_maps') || !hasMailboxes || parameters.has('virtual_alias_domains'))
    return []
  return [
    [
      '# or the domains that have aliases and no mailboxes; without this line Postfix asks virtual_alias_maps for every domain',
      'virtual_alias_domains =',
    ],
  ]
}

/** A restriction is among others, whose order matters: only a person can place it. */
function restrictionLines(restriction: string, list: string, uses: readonly Use[]): string[] {
  const lines = [`# put this into ${list}:`]
  for (const [index, choice] of choices(uses).entries()) {
    const text = choice.map((reference) => `${restriction} ${reference.text}`).join(', ')
    lines.push(...notesOf(choice), `#${index === 0 ? '' : ' or:'} ${text}`)
  }
  return lines
}

/** The first listener of every table, then the second of every table, as far as there are any. */
function choices(uses: readonly Use[]): readonly (readonly NamedReference[])[] {
  const longest = Math.max(...uses.map(({ references }) => references.length))
  return Array.from({ length: longest }, (_, index) =>
    uses.flatMap(({ references }) => references[index] ?? references.at(-1) ?? []),
  )
}

function notesOf(choice: readonly TableReference[]): string[] {
  return [...new Set(choice.flatMap((reference) => [...reference.notes, ...tryNote(reference)]))]
    .flatMap((note) => note.split('\n'))
    .map((line) => `# ${line}`)
}

/** Where the server cannot be asked by the name that is in main.cf. */
function tryNote(reference: TableReference): string[] {
  return reference.kind === 'table' && reference.server !== undefined
    ? [`to try it: mapgate query ${reference.server} KEY`]
    : []
}

/** A table without `usedBy`: its names, for the person who knows the parameter. */
function tableBlock(use: Use): string[][] {
  if (isUnserved(use)) return [[unservedLine(use)]]
  if (use.references.length === 0) return []
  return [
    [
      `# table ${use.table}:`,
      ...use.references.flatMap((reference) => [...notesOf([reference]), `#   ${reference.text}`]),
    ],
  ]
}

/** What a protocol wants in main.cf for a table, as it is; once where two tables of a listener want the same. */
function linesBlocks(uses: readonly Use[]): string[][] {
  const tables = new Map<string, string[]>()
  for (const { table, lines } of uses)
    for (const reference of lines) {
      const block = [...notesOf([reference]), ...reference.lines].join('\n')
      tables.set(block, [...(tables.get(block) ?? []), table])
    }
  return Array.from(tables, ([block, names]) => [
    `# table${names.length === 1 ? '' : 's'} ${listOf(names, 'and')}:`,
    block,
  ])
}

function isUnserved({ references, lines }: Use): boolean {
  return references.length === 0 && lines.length === 0
}

function unservedLine({ table, isWritten }: Use): string {
  return `# table ${table}: no listener ${isWritten ? 'lets Postfix write it' : 'serves it'}`
}
