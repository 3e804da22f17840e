/**
 * From checked data to the settings that a program uses: defaults in their place, durations in
 * milliseconds, sizes in bytes, and whatever else the schema's `decode` says.
 *
 * The checks have run before. What they let through here is a defect, hence the TypeErrors.
 */
import { resolve } from 'node:path'
import type { SchemaNode } from './node.ts'
import type { Schema, Settings } from './schema.ts'
import { copyMap, isMap, type Tree, type TreeMap } from './tree.ts'
import { parseDuration, parseSize } from './units.ts'
import { fits } from './validate.ts'

/** The branch of an `if` that holds for this data. */
export function branchFor(value: Tree, schema: SchemaNode): SchemaNode {
  if (schema.if === undefined) return schema
  const chosen = fits(value, schema.if) ? schema.then : schema.else
  return chosen === undefined ? schema : branchFor(value, chosen)
}

/** The same data with every default of the schema in its place. */
export function fillDefaults(value: Tree, schema: SchemaNode): Tree {
  const { items, additionalProperties, properties = {} } = branchFor(value, schema)
  if (Array.isArray(value)) {
    return items === undefined ? value : value.map((item) => fillDefaults(item, items))
  }
  if (!isMap(value)) return value
  const filled: TreeMap = copyMap(value)
  if (typeof additionalProperties === 'object') {
    for (const [key, item] of Object.entries(value)) filled[key] = fillDefaults(item, additionalProperties)
  }
  for (const [key, part] of Object.entries(properties)) {
    const own = filled[key] ?? (part.default as Tree | undefined)
    if (own !== undefined) filled[key] = fillDefaults(own, part)
  }
  return filled
}

/**
 * The settings that data stands for.
 *
 * @param value With its defaults filled in.
 * @param folder Where relative paths start.
 */
export function decode<Described extends Schema>(
  value: Tree,
  schema: Described,
  folder: string,
): Settings<Described> {
  return decodeNode(value, schema as SchemaNode, folder) as Settings<Described>
}

function decodeNode(value: Tree, schema: SchemaNode, folder: string): unknown {
  const branch = branchFor(value, schema)
  let decoded = branch === schema ? plainValue(value, schema, folder) : decodeNode(value, branch, folder)
  if (schema.decode !== undefined) decoded = schema.decode(decoded as never)
  return decoded
}

function plainValue(value: Tree, schema: SchemaNode, folder: string): unknown {
  const { items, properties, additionalProperties } = schema
  if (typeof value === 'string') return decodeText(value, schema, folder)
  if (Array.isArray(value))
    return items === undefined ? value : value.map((item) => decodeNode(item, items, folder))
  if (!isMap(value)) return value
  if (properties !== undefined) return decodeKeys(value, properties, folder)
  if (typeof additionalProperties !== 'object') return value
  return new Map(
    Object.entries(value).map(([key, item]) => [key, decodeNode(item, additionalProperties, folder)]),
  )
}

/** Every key of the schema, so that all settings of one kind have one shape. */
function decodeKeys(value: TreeMap, properties: Readonly<Record<string, SchemaNode>>, folder: string) {
  const settings: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(properties)) {
    const own = value[key]
    settings[settingName(key, part)] = own === undefined ? undefined : decodeNode(own, part, folder)
  }
  return settings
}

/** What the setting of a key is called: a duration says its unit. */
export function settingName(key: string, part: SchemaNode): string {
  return part.duration === undefined ? key : `${key}Ms`
}

function decodeText(text: string, schema: SchemaNode, folder: string): unknown {
  if (schema.duration !== undefined) return checked(parseDuration(text))
  if (schema.size !== undefined) return checked(parseSize(text))
  return schema.file === undefined ? text : resolve(folder, text)
}

function checked(amount: number | undefined): number {
  if (amount === undefined) throw new TypeError('an unchecked duration or size')
  return amount
}
