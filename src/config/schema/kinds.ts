/**
 * The kinds of values that the configuration has, as schemas with a type.
 *
 * Everything a key is stands in its schema once: type, default, bounds and meaning. The
 * checks, the JSON Schema for editors and docs/configuration.md are made out of it.
 *
 * The static types describe a file with its defaults filled in: a key that has a default
 * is always there. What a person may leave out is decided in `../input-schema.ts`.
 *
 * Keywords of our own (the JSON Schema for editors gets standard ones in their place):
 *   duration, size   bounds of a text with a unit
 *   expected         what a wrong value should have been, in plain words
 *   defaultText      the default where it depends on other keys
 *   secret           the value is never shown
 *   file             the path of a file, relative to the configuration's folder
 */
import { Type } from '../json-schema.ts'

/** Bounds of a duration or size, written as in the file. */
export interface UnitBounds {
  readonly min: string
  readonly max: string
}

/** A text such as `250ms`. Without a default the key is optional. */
export function duration(bounds: UnitBounds, byDefault: string, description: string) {
  return Type.Unsafe<string>({ type: 'string', duration: bounds, default: byDefault, description })
}

/** A duration that may be left out; `defaultText` tells what then happens. */
export function optionalDuration(bounds: UnitBounds, defaultText: string, description: string) {
  return Type.Optional(Type.Unsafe<string>({ type: 'string', duration: bounds, defaultText, description }))
}

/** A text such as `64KiB`. */
export function size(bounds: UnitBounds, byDefault: string, description: string) {
  return Type.Unsafe<string>({ type: 'string', size: bounds, default: byDefault, description })
}

/** A whole number within bounds, both included. */
export function count(minimum: number, maximum: number, byDefault: number, description: string) {
  return Type.Integer({ minimum, maximum, default: byDefault, description })
}

/** Yes or no. */
export function flag(byDefault: boolean, description: string) {
  return Type.Boolean({ default: byDefault, description })
}

/** One word of a closed set. */
export function oneOf<const Words extends readonly string[]>(
  words: Words,
  options: { readonly default?: Words[number]; readonly description: string; readonly defaultText?: string },
) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options })
}

/** Any text that is not empty. */
export function text(description: string, options: Readonly<Record<string, unknown>> = {}) {
  return Type.String({ minLength: 1, description, ...options })
}

/** The path of a file; relative paths start at the configuration's folder. */
export function file(description: string) {
  return Type.String({ minLength: 1, file: true, description })
}

/** One text or a list of them, for keys where one is the usual case. */
export function oneOrMore(description: string, options: Readonly<Record<string, unknown>> = {}) {
  const item = { type: 'string', minLength: 1, expected: 'text or a list of texts' }
  return Type.Unsafe<string | string[]>({
    if: { type: 'array' },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    then: { type: 'array', items: item, minItems: 1 },
    else: item,
    description,
    ...options,
  })
}

/** Texts by name. */
export function textMap(description: string, options: Readonly<Record<string, unknown>> = {}) {
  return Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
    ...options,
  })
}

/** Things of one kind by name. */
export function namedMap<Item>(
  item: object,
  pattern: string,
  description: string,
  options: Readonly<Record<string, unknown>> = {},
) {
  return Type.Unsafe<Record<string, Item>>({
    type: 'object',
    propertyNames: { pattern },
    additionalProperties: item,
    description,
    ...options,
  })
}
