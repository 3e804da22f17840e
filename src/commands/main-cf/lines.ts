/**
 * The text of `mapgate main-cf`: a whole line where `usedBy` tells the parameter, comments for
 * everything that has to be put somewhere by hand.
 */
import type { Config } from '../../config/config.ts'
import { POSTFIX_PARAMETERS } from '../../config/postfix-parameters.ts'
import type { Kinds } from '../../gateway/kinds.ts'
import { KINDS } from '../../gateway/load-config.ts'
import { parameterBlocks } from '../../gateway/main-cf/parameters.ts'
import type { TableReference } from '../../gateway/main-cf/reference.ts'
import {
  isUnserved,
  type NamedReference,
  type Use,
  unservedText,
  usesOf,
} from '../../gateway/main-cf/uses.ts'
import { listOf } from '../../schema/suggest.ts'

/** Makes the whole text. */
export function mainCf(config: Config, kinds: Kinds = KINDS): string {
  const uses = usesOf(config, kinds)
  const blocks: string[][] = parameterBlocks(uses)
  for (const [parameter, tables] of byParameter(uses)) blocks.push(parameterBlock(parameter, tables))
  blocks.push(...aliasDomainsBlock(uses))
  for (const use of uses) if (use.config.usedBy.length === 0) blocks.push(...tableBlock(use))
  blocks.push(...linesBlocks(uses))
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

/** Two tables of one parameter go into one line: the second line would replace the first. */
function byParameter(uses: readonly Use[]): ReadonlyMap<string, readonly Use[]> {
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
    `${parameter} = ${textsOf(first).join(', ')}`,
    ...others.flatMap((choice) => otherLines(first, choice, `${parameter} = ${textsOf(choice).join(', ')}`)),
  ]
}

/** The same over another listener. Where main.cf names the same file for both, only what the file says otherwise. */
function otherLines(
  first: readonly NamedReference[],
  choice: readonly NamedReference[],
  line: string,
): string[] {
  const said = new Set(notesOf(first))
  const differing = notesOf(choice).filter((note) => !said.has(note))
  const isSameText = textsOf(choice).join() === textsOf(first).join()
  // Each may be tried by a name of its own: that alone is no other file.
  const tried = choice.flatMap(tryNote).length
  if (!isSameText || differing.length <= tried) return [...notesOf(choice), `# or: ${line}`]
  return ['# or, with another listener, instead of the same lines above:', ...differing]
}

function textsOf(choice: readonly NamedReference[]): string[] {
  return choice.map(({ text }) => text)
}

/**
 * By default `virtual_alias_domains` is `$virtual_alias_maps` (postconf(5)): Postfix asks the aliases for each domain, which an
 * outage cannot answer. Where mailboxes are in tables, too, their domains are not domains of aliases alone.
 */
function aliasDomainsBlock(uses: readonly Use[]): string[][] {
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

function unservedLine(use: Use): string {
  return `# table ${use.table}: ${unservedText(use)}`
}
