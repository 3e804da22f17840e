/**
 * Checks the shape of a configuration against the schema, and says in plain words what is
 * wrong. `validate.ts` finds; the table of words here tells.
 */

import type { SchemaNode } from '../schema/node.ts'
import { problem } from '../schema/problem.ts'
import { listOf, nearest } from '../schema/suggest.ts'
import { type Path, type Tree, type TreeMap, valueAt } from '../schema/tree.ts'
import { parseDuration, parseSize } from '../schema/units.ts'
import { failuresOf, type SchemaFailure } from '../schema/validate.ts'
import { FILE_PROBLEMS } from './problems.ts'
import type { Report } from './report.ts'

/** Decides whether a value may be quoted: not where a reference or a secret is. */
type MayQuote = (path: Path) => boolean

/**
 * Checks the shape, and repairs the tree: what is wrong gives way to something harmless, so
 * that the checks which follow can go on and find the rest.
 */
export function checkShape(tree: TreeMap, schema: SchemaNode, report: Report, mayQuote: MayQuote): void {
  for (const found of failuresOf(tree, schema)) {
    const shown = mayQuote(found.path) ? quote(found.data) : 'the value'
    const failure = { ...found, shown }
    if (!report.isBroken(failure.path)) tell(failure, report)
    repair(failure, tree, report)
  }
}

/** One failure, with what its words are made of. */
interface Failure extends SchemaFailure {
  /** The value in words; `the value` where it must not be shown. */
  readonly shown: string
}

function tell(failure: Failure, report: Report): void {
  const { keyword, path, schema, key } = failure
  switch (keyword) {
    case 'additionalProperties': {
      const misplaced = schema.misplaced?.[key]
      if (misplaced !== undefined) {
        report.keyError(path, key, misplaced)
        return
      }
      const known = Object.keys(schema.properties ?? {})
      const near = nearest(key, known)
      const advice = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"`
      report.keyError(path, key, problem(FILE_PROBLEMS, 'key-unknown', JSON.stringify(key), advice))
      return
    }
    case 'propertyNames': {
      const advice = 'use letters, digits, ".", "_" and "-", a letter or digit first'
      report.keyError(path, key, problem(FILE_PROBLEMS, 'name-unusable', JSON.stringify(key), advice))
      return
    }
    case 'required': {
      const why = schema.properties?.[key]?.whyNeeded
      report.errorHere(
        path,
        `${JSON.stringify(key)} is missing${why === undefined ? '' : `: ${why}`}; add it`,
      )
      return
    }
    case 'entry':
      report.error([...path, key], schema.entry?.(key, (failure.data as TreeMap)[key]) ?? '', 'key')
      return
    case 'syntax':
      report.errorHere(path, schema.syntax?.(String(failure.data), failure.shown) ?? '')
      return
    default:
      report.errorHere(path, WORDS[keyword]?.(failure) ?? `${failure.shown} is not allowed here`)
  }
}

/** Puts something harmless in the place of what is wrong. */
function repair(failure: Failure, tree: TreeMap, report: Report): void {
  const { keyword, path, schema, key } = failure
  // A bad name stays: others refer to it, and it is no harm to the checks.
  if (keyword === 'propertyNames') return
  if (keyword === 'additionalProperties' || keyword === 'entry') {
    report.markBroken([...path, key])
    const map = containerAt(tree, path)
    if (map !== undefined) delete map[key]
    return
  }
  const isMissing = keyword === 'required'
  const place = isMissing ? [...path, key] : path
  report.markBroken(place)
  const container = containerAt(tree, place.slice(0, -1))
  const wanted = isMissing ? schema.properties?.[key] : schema
  if (container !== undefined) container[String(place.at(-1))] = harmless(wanted ?? {})
}

/** A value of the right type. */
function harmless(schema: SchemaNode): Tree {
  if (schema.default !== undefined) return structuredClone(schema.default) as Tree
  if (schema.stopgap !== undefined) return schema.stopgap
  if (schema.if !== undefined) return harmless(schema.else ?? {})
  switch (schema.type) {
    case 'object': {
      const needed = (schema.required ?? []).map((key) => [key, harmless(schema.properties?.[key] ?? {})])
      return Object.fromEntries(needed) as TreeMap
    }
    case 'array':
      return []
    case 'integer':
    case 'number':
      return schema.minimum ?? 0
    case 'boolean':
      return false
    default:
      return schema.duration?.min ?? schema.size?.min ?? schema.enum?.[0] ?? ''
  }
}

/** A map or list; both are written to by key. */
function containerAt(tree: Tree, path: Path): TreeMap | undefined {
  const at = valueAt(tree, path)
  return at !== null && typeof at === 'object' ? (at as TreeMap) : undefined
}

/** What to say for each keyword. */
const WORDS: Readonly<Record<string, (failure: Failure) => string>> = {
  type: ({ data, schema }) => `is ${describe(data)}, must be ${wanted(schema, data)}`,
  enum: ({ shown, schema, data }) => {
    const words = schema.enum ?? []
    const near = typeof data === 'string' && shown !== 'the value' ? nearest(data, words) : undefined
    return `${shown} is not known, must be ${schema.expected ?? listOf(words)}${near === undefined ? '' : `; did you mean "${near}"`}`
  },
  pattern: ({ shown, schema }) => `${shown} does not fit, must be ${schema.expected ?? 'another text'}`,
  minimum: (failure) =>
    `${failure.shown} is below the smallest ${named(failure)}, ${failure.schema.minimum}; raise it`,
  maximum: (failure) =>
    `${failure.shown} is above the largest ${named(failure)}, ${failure.schema.maximum}; lower it`,
  minLength: ({ data, schema }) =>
    data === ''
      ? 'is empty, must be text'
      : `is shorter than ${schema.minLength} characters; write a longer one`,
  maxLength: ({ schema }) => `is longer than ${schema.maxLength} characters; shorten it`,
  minItems: () => 'is an empty list; name at least one',
  maxItems: ({ schema }) => `has more than ${schema.maxItems} items; remove some`,
  duration: (failure) =>
    outOfUnit(failure, 'a duration', parseDuration, 'ms, s, m, h or d', '5s', failure.schema.duration),
  size: (failure) =>
    outOfUnit(failure, 'a size', parseSize, 'B, KiB, MiB or GiB', '64KiB', failure.schema.size),
}

function outOfUnit(
  failure: Failure,
  what: string,
  parse: (text: string) => number | undefined,
  units: string,
  example: string,
  bounds: { readonly min: string; readonly max: string } | undefined,
): string {
  const { shown, data } = failure
  const text = String(data)
  const amount = parse(text)
  if (
    amount === undefined &&
    /^[0-9.]+[A-Za-z]+$/.test(text) &&
    parse(text.replace(/\.[0-9]+/, '')) !== undefined
  ) {
    return `${shown} is not a whole number of ${what === 'a duration' ? 'milliseconds' : 'bytes'}; round it`
  }
  if (amount === undefined || bounds === undefined) {
    return `${shown} is not ${what}; write a number and a unit (${units}), such as ${example}`
  }
  const bare = shown === 'the value' ? shown : text
  const long = what === 'a duration' ? ['shortest', 'longest'] : ['smallest', 'largest']
  return amount < (parse(bounds.min) ?? 0)
    ? `${bare} is below the ${long[0]} ${named(failure)}, ${bounds.min}; raise it`
    : `${bare} is above the ${long[1]} ${named(failure)}, ${bounds.max}; lower it`
}

/** The key that a bound belongs to; in a list, the key of the list. */
function named({ path }: Failure): string {
  return String(path.findLast((part) => typeof part === 'string') ?? 'value')
}

function quote(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : describe(value)
}

/** A value's type in words. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'string') return 'text'
  return typeof value === 'number' ? 'a number' : `${value} (a yes/no value)`
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
}

/** What a value of another type should have been. */
function wanted(schema: SchemaNode, data: unknown): string {
  if (schema.expected !== undefined) return schema.expected
  const isNumber = typeof data === 'number'
  if (schema.duration !== undefined) return `a duration with a unit, such as ${isNumber ? `${data}s` : '5s'}`
  if (schema.size !== undefined) return `a size with a unit, such as ${isNumber ? `${data}B` : '64KiB'}`
  if (schema.enum !== undefined) return listOf(schema.enum)
  const isPlain = isNumber || typeof data === 'boolean'
  if (schema.type === 'string' && isPlain) return `text: quote it, as in "${data}"`
  return TYPE_WORDS[schema.type ?? ''] ?? 'something else'
}
