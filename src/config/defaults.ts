/**
 * Fills a checked file up: `defaults:` under each table and upstream, then the defaults of
 * the schema under everything.
 */

import { fileSchema, type SchemaNode } from './input-schema.ts'
import type { ConfigFileContent } from './schema/file.ts'
import type { Tree, TreeMap } from './tree-reader.ts'

/** A file with its own `defaults:` merged in, and nothing else added: what a person wrote for each table. */
export function mergeDefaults(file: TreeMap): TreeMap {
  const defaults = asMap(file.defaults)
  return copy({
    ...file,
    tables: mapValues(asMap(file.tables), (table) => merge(asMap(defaults.table), table)),
    upstreams: mapValues(asMap(file.upstreams), (upstream) =>
      // A static upstream has none of the settings that are worth a default.
      'entries' in asMap(upstream) ? upstream : merge(asMap(defaults.upstream), upstream),
    ),
  })
}

/** The same with every default of the schema in its place. */
export function fillDefaults(file: TreeMap): ConfigFileContent {
  return fill(file, fileSchema) as unknown as ConfigFileContent
}

/** Maps are merged, lists and scalars replaced. */
function merge(under: Tree, over: Tree): Tree {
  if (!isMap(under) || !isMap(over)) return over
  const merged: TreeMap = copy(under)
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = below === undefined ? value : merge(below, value)
  }
  return merged
}

function fill(value: Tree, schema: SchemaNode): Tree {
  if (schema.if !== undefined) {
    const wantsList = schema.if.type === 'array'
    const chosen = (wantsList ? Array.isArray(value) : isMap(value)) ? schema.then : schema.else
    return chosen === undefined ? value : fill(value, chosen)
  }
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item) => fill(item, items))
  }
  if (!isMap(value)) return value
  return fillMap(value, schema)
}

function fillMap(value: TreeMap, schema: SchemaNode): TreeMap {
  const filled: TreeMap = copy(value)
  const { additionalProperties, properties = {} } = schema
  if (typeof additionalProperties === 'object') {
    for (const [key, item] of Object.entries(value)) filled[key] = fill(item, additionalProperties)
  }
  for (const [key, part] of Object.entries(properties)) {
    const own = filled[key] ?? (part.default as Tree | undefined)
    if (own !== undefined) filled[key] = fill(own, part)
  }
  return filled
}

/** Tells maps from lists and scalars. */
export function isMap(value: Tree | undefined): value is TreeMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** The value as a map; an empty one when it is none. */
export function asMap(value: Tree | undefined): TreeMap {
  return isMap(value) ? value : {}
}

function mapValues(map: TreeMap, change: (value: Tree) => Tree): TreeMap {
  const changed: TreeMap = Object.create(null)
  for (const [key, value] of Object.entries(map)) changed[key] = change(value)
  return changed
}

function copy(map: TreeMap): TreeMap {
  return Object.assign(Object.create(null), map)
}
