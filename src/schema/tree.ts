/**
 * Plain data as it was read from a file or request, and the way to a part of it.
 */

/** Plain data. Objects have no prototype, so a key such as `__proto__` is only a key. */
export type Tree = null | boolean | number | string | Tree[] | TreeMap
export interface TreeMap {
  [key: string]: Tree
}

/** Keys and list positions from the top down. */
export type Path = readonly (string | number)[]

/** Tells maps from lists and scalars. */
export function isMap(value: Tree | undefined): value is TreeMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** The value as a map; an empty one when it is none. */
export function asMap(value: Tree | undefined): TreeMap {
  return isMap(value) ? value : {}
}

/** A copy of a map, with more keys or others in their place. */
export function copyMap(map: TreeMap): TreeMap {
  return Object.assign(Object.create(null), map)
}

/** The value at a path; undefined when there is none. */
export function valueAt(tree: Tree | undefined, path: Path): Tree | undefined {
  let at = tree
  for (const part of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined
    at = (at as TreeMap)[part]
  }
  return at
}
