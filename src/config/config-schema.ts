/**
 * The schemas made for use: of the whole file (`file`), of what a person may write (`input`, for the
 * checks), and the same in standard words only (the JSON Schema that `mapgate schema` prints).
 */
import { type SchemaNode, transform } from '../schema/node.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { DURATION_PATTERN, SIZE_PATTERN } from '../schema/units.ts'
import { configFile } from './schema/file.ts'

/** The schema of the whole file with every default in it: the source of all others. */
export function fileSchema(kinds: SettingsKinds): SchemaNode {
  return configFile(kinds) as SchemaNode
}

/** What a person may write: keys that have a default may be left out. */
export function inputSchema(file: SchemaNode): SchemaNode {
  return transform(file, (node) => {
    if (node.required === undefined) return node
    const needed = node.required.filter((key) => node.properties?.[key]?.default === undefined)
    const { required: _, ...rest } = node
    return needed.length === 0 ? rest : { ...rest, required: needed }
  })
}

/** The JSON Schema for editors: draft 7, which they all know, and no keyword of ours. */
export function editorSchema(kinds: SettingsKinds): object {
  const standard = transform(inputSchema(fileSchema(kinds)), (node) => {
    const { duration, size, ...rest } = node
    const pattern =
      duration !== undefined ? DURATION_PATTERN : size !== undefined ? SIZE_PATTERN : rest.pattern
    const plain = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !OURS.has(keyword)))
    // A reference may be in any text; what it holds is checked when the file is loaded.
    return pattern === undefined ? plain : { ...plain, pattern: orReference(pattern) }
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of mapgate',
    ...standard,
  }
}

/** Keywords that no editor knows. */
const OURS: ReadonlySet<string> = new Set([
  'expected',
  'defaultText',
  'secret',
  'sent',
  'file',
  'partOf',
  'syntax',
  'entry',
  'stopgap',
  'decode',
  'whyNeeded',
  'misplaced',
  'kinds',
])

function orReference(pattern: string): string {
  return `(${pattern})|\\$\\{`
}
