/**
 * Finds where data does not fit a schema: every failure, not only the first.
 *
 * It reads the schema as it goes and knows the keywords of `SchemaNode`. A configuration is looked
 * at once at each start: to make a program of the schema first, as ajv does, takes much
 * longer than the look. A test holds that both find the same.
 *
 * Rules: JSON Schema draft 7; the other keywords as in `node.ts`.
 */
import type { SchemaNode } from './node.ts'
import { isMap, type Path, type Tree, type TreeMap } from './tree.ts'
import { parseDuration, parseSize } from './units.ts'

/** One place where the data does not fit. */
export interface SchemaFailure {
  /** The keyword of the schema that does not hold. */
  readonly keyword: string
  /** The value that it does not hold for. */
  readonly path: Path
  readonly data: Tree
  /** The schema with the keyword. */
  readonly schema: SchemaNode
  /** The key of the map that the failure is about, where it is about one. */
  readonly key: string
}

type Found = (keyword: string, key?: string) => void

/** @returns Every failure, of a map before those of what is in it. */
export function failuresOf(data: Tree, schema: SchemaNode): readonly SchemaFailure[] {
  const failures: SchemaFailure[] = []
  visit(data, schema, [], failures)
  return failures
}

function visit(data: Tree, schema: SchemaNode, path: Path, failures: SchemaFailure[]): void {
  const found: Found = (keyword, key = '') => failures.push({ keyword, path, data, schema, key })
  if (schema.type !== undefined && !isOfType(data, schema.type)) {
    found('type')
    return
  }
  if (schema.if !== undefined) {
    const chosen = fits(data, schema.if) ? schema.then : schema.else
    if (chosen !== undefined) visit(data, chosen, path, failures)
  }
  if (schema.const !== undefined && data !== schema.const) found('const')
  if (schema.enum !== undefined && !schema.enum.includes(data as string)) found('enum')
  if (typeof data === 'number') checkNumber(data, schema, found)
  else if (typeof data === 'string') checkText(data, schema, found)
  else if (Array.isArray(data)) {
    checkList(data, schema, found)
    const { items } = schema
    if (items === undefined) return
    for (const [index, item] of data.entries()) visit(item, items, [...path, index], failures)
  } else if (isMap(data)) {
    checkKeys(data, schema, found)
    for (const [key, value] of Object.entries(data)) {
      if (schema.entry?.(key, value) !== undefined) found('entry', key)
      const part = schemaOfKey(schema, key)
      if (typeof part === 'object') visit(value, part, [...path, key], failures)
    }
  }
}

/** Returns whether the data fits. */
export function fits(data: Tree, schema: SchemaNode): boolean {
  return failuresOf(data, schema).length === 0
}

function isOfType(data: Tree, type: string): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(data)
    case 'object':
      return isMap(data)
    case 'integer':
      return Number.isInteger(data)
    case 'number':
      return Number.isFinite(data)
    case 'string':
    case 'boolean':
      return typeof data === type
    default:
      throw new TypeError(`a schema with the type ${type}`)
  }
}

function checkNumber(data: number, { minimum, maximum }: SchemaNode, found: Found): void {
  if (minimum !== undefined && data < minimum) found('minimum')
  if (maximum !== undefined && data > maximum) found('maximum')
}

function checkText(data: string, schema: SchemaNode, found: Found): void {
  const { minLength = 0, maxLength, pattern, duration, size, syntax } = schema
  // Characters are counted, and not the units of UTF-16 (draft 7, section 6.3).
  if (data.length < 2 * minLength && [...data].length < minLength) found('minLength')
  if (maxLength !== undefined && data.length > maxLength && [...data].length > maxLength) found('maxLength')
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(data)) found('pattern')
  if (duration !== undefined && !isWithin(data, duration, parseDuration)) found('duration')
  if (size !== undefined && !isWithin(data, size, parseSize)) found('size')
  if (syntax?.(data, '') !== undefined && data.length >= minLength) found('syntax')
}

function isWithin(
  text: string,
  { min, max }: { readonly min: string; readonly max: string },
  parse: (text: string) => number | undefined,
): boolean {
  const amount = parse(text)
  return amount !== undefined && amount >= (parse(min) ?? 0) && amount <= (parse(max) ?? 0)
}

function checkList(data: readonly Tree[], { minItems, maxItems }: SchemaNode, found: Found): void {
  if (minItems !== undefined && data.length < minItems) found('minItems')
  if (maxItems !== undefined && data.length > maxItems) found('maxItems')
}

function checkKeys(data: TreeMap, schema: SchemaNode, found: Found): void {
  const { required = [], propertyNames } = schema
  for (const key of required) if (!Object.hasOwn(data, key)) found('required', key)
  for (const key of Object.keys(data)) {
    if (propertyNames !== undefined && !fits(key, propertyNames)) found('propertyNames', key)
    if (schemaOfKey(schema, key) === false) found('additionalProperties', key)
  }
}

/** The schema of one key of a map; false when there may be no such key. */
function schemaOfKey({ properties, additionalProperties }: SchemaNode, key: string) {
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key]
  return additionalProperties
}
