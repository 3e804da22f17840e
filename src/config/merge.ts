/**
 * Puts `defaults:` of the file under each of its tables and upstreams.
 */
import { branchFor } from '../schema/decode.ts'
import { partOf, type SchemaNode } from '../schema/node.ts'
import { asMap, copyMap, isMap, type Tree, type TreeMap } from '../schema/tree.ts'

/** A file with its own `defaults:` merged in, and nothing else added: what a person wrote for each table. */
export function mergeDefaults(file: TreeMap, schema: SchemaNode): TreeMap {
  const defaults = asMap(file.defaults)
  const merged = copyMap(file)
  for (const [section, kind] of [
    ['upstreams', 'upstream'],
    ['tables', 'table'],
  ] as const) {
    const under = asMap(defaults[kind])
    const things: TreeMap = Object.create(null)
    for (const [name, thing] of Object.entries(asMap(file[section]))) {
      const ofThing = partOf(partOf(schema, section) ?? {}, name) ?? {}
      things[name] = merge(fitting(under, branchFor(thing, ofThing)), thing)
    }
    merged[section] = things
  }
  return merged
}

/** The keys that a thing of this kind can have: a static upstream has none of the settings of an HTTP service. */
function fitting(under: TreeMap, { properties = {} }: SchemaNode): TreeMap {
  return Object.fromEntries(
    Object.entries(under).filter(([key]) => Object.hasOwn(properties, key)),
  ) as TreeMap
}

/** Maps are merged, lists and scalars replaced. */
function merge(under: Tree, over: Tree): Tree {
  if (!isMap(under) || !isMap(over)) return over
  const merged = copyMap(under)
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = below === undefined ? value : merge(below, value)
  }
  return merged
}
