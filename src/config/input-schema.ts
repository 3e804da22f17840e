/**
 * The schemas made for use: what a person may write (`inputSchema`, for the checks), and the
 * same in standard words only (`editorSchema`, the JSON Schema that `mapgate schema` prints).
 */
import { ConfigFile } from './schema/file.ts'
import { Table } from './schema/table.ts'
import { Upstream } from './schema/upstream.ts'
import { DURATION_PATTERN, SIZE_PATTERN } from './units.ts'

/** A JSON Schema, with the keywords of `schema/kinds.ts`. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly defaultText?: string
  readonly expected?: string
  readonly examples?: unknown
  readonly secret?: boolean
  readonly file?: boolean
  readonly partOf?: 'table' | 'upstream'
  readonly duration?: { readonly min: string; readonly max: string }
  readonly size?: { readonly min: string; readonly max: string }
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly additionalProperties?: boolean | SchemaNode
  readonly propertyNames?: SchemaNode
  readonly if?: SchemaNode
  readonly then?: SchemaNode
  readonly else?: SchemaNode
}

/** The schema of the whole file with every default in it: the source of all others. */
export const fileSchema: SchemaNode = ConfigFile as SchemaNode

/** What a person may write: keys that have a default may be left out. */
export function inputSchema(): SchemaNode {
  return transform(fileSchema, (node) => {
    if (node.partOf !== undefined) return { ...partial(node.partOf), description: node.description ?? '' }
    if (node.required === undefined) return node
    const needed = node.required.filter((key) => node.properties?.[key]?.default === undefined)
    const { required: _, ...rest } = node
    return needed.length === 0 ? rest : { ...rest, required: needed }
  })
}

/** Any keys of a table or upstream: what may stand in `defaults`. */
function partial(kind: 'table' | 'upstream'): SchemaNode {
  const whole = (kind === 'table' ? Table : Upstream) as SchemaNode
  return transform(whole, ({ required: _, default: _unused, ...rest }) => rest)
}

/** The JSON Schema for editors: draft 7, which they all know, and no keyword of ours. */
export function editorSchema(): object {
  const standard = transform(inputSchema(), (node) => {
    const { expected: _e, defaultText: _t, secret: _s, file: _f, partOf: _p, duration, size, ...rest } = node
    const pattern =
      duration !== undefined ? DURATION_PATTERN : size !== undefined ? SIZE_PATTERN : rest.pattern
    // A reference may stand in any text; what it holds is checked when the file is loaded.
    return pattern === undefined ? rest : { ...rest, pattern: orReference(pattern) }
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of mapgate',
    ...standard,
  }
}

function orReference(pattern: string): string {
  return `(${pattern})|\\$\\{`
}

/** Builds a new schema bottom-up: first the parts of a node, then the node. */
function transform(node: SchemaNode, change: (node: SchemaNode) => SchemaNode): SchemaNode {
  const parts: Record<string, unknown> = {}
  for (const keyword of ['items', 'additionalProperties', 'if', 'then', 'else'] as const) {
    const part = node[keyword]
    if (typeof part === 'object') parts[keyword] = transform(part, change)
  }
  if (node.properties !== undefined) {
    parts.properties = Object.fromEntries(
      Object.entries(node.properties).map(([key, part]) => [key, transform(part, change)]),
    )
  }
  return change({ ...node, ...parts })
}
