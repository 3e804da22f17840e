/**
 * The kinds of values that settings have. Everything about a key is in its schema once: type, default,
 * bounds, meaning, and what it decodes to. The checks, the settings of the program, the JSON Schema for
 * editors and docs/configuration.md are made out of it.
 */
import type { SchemaNode, UnitBounds } from './node.ts'
import { type DurationSchema, type Keywords, type Schema, Type } from './schema.ts'
import type { TreeMap } from './tree.ts'

/** A text such as `250ms`; decodes to milliseconds, and its key gets `Ms` at its end. */
export function duration(bounds: UnitBounds, byDefault: string, description: string): DurationSchema {
  return durationWith({ duration: bounds, default: byDefault, description })
}

/** A duration that may be left out; `defaultText` tells what then happens. */
export function optionalDuration(bounds: UnitBounds, defaultText: string, description: string) {
  return Type.Optional(durationWith({ duration: bounds, defaultText, description }))
}

function durationWith(keywords: Keywords): DurationSchema {
  return Type.Unsafe<string, number>({ type: 'string', ...keywords }) as DurationSchema
}

/** A text such as `64KiB`; decodes to bytes. Its key ends with `Bytes`. */
export function size(bounds: UnitBounds, byDefault: string, description: string): Schema<string, number> {
  return Type.Unsafe({ type: 'string', size: bounds, default: byDefault, description })
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
): Schema<Words[number]> {
  return Type.Unsafe({ type: 'string', enum: [...words], ...options })
}

/** Any text that is not empty. */
export function text(description: string, keywords: Keywords = {}) {
  return Type.String({ minLength: 1, description, ...keywords })
}

/** A text with a syntax of its own; decodes to what `decode` makes of it. */
export function parsed<Value>(
  {
    syntax,
    stopgap,
    decode,
  }: {
    readonly syntax: NonNullable<SchemaNode['syntax']>
    readonly stopgap: string
    readonly decode: (text: string) => Value
  },
  keywords: Keywords = {},
): Schema<string, Value> {
  return Type.Unsafe({ type: 'string', minLength: 1, syntax, stopgap, decode, ...keywords })
}

/** The path of a file that must be readable; decodes to an absolute one. */
export function file(description: string) {
  return Type.String({ minLength: 1, file: 'read', description })
}

/** One text or a list of them, for keys where one is the usual case; decodes to a list. */
export function oneOrMore(
  description?: string,
  keywords: Keywords = {},
): Schema<string | string[], readonly string[]> {
  const item = { type: 'string', minLength: 1, expected: 'text or a list of texts' }
  return eitherType({ type: 'array', items: item, minItems: 1 }, item, {
    decode: (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value),
    ...(description === undefined ? {} : { description }),
    ...keywords,
  })
}

/** A list or map, or something else: told apart by the type of the first. */
export function eitherType<Data, Value>(
  list: Keywords & { readonly type: string },
  other: object,
  keywords: Keywords,
): Schema<Data, Value> {
  return Type.Unsafe({
    if: { type: list.type },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    then: list,
    else: other,
    ...keywords,
  })
}

/** Texts by name. */
export function textMap(
  description: string,
  keywords: Keywords = {},
): Schema<Record<string, string>, ReadonlyMap<string, string>> {
  return Type.Unsafe({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
    ...keywords,
  })
}

/** Names and values of HTTP header fields: tokens, and Latin-1 without control characters. RFC 9110 sections 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Set by the HTTP client for each request, or they would break its framing. RFC 9110 section 7.6.1. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
])

/** Header fields by name; decodes to names in lower case. Never shown: a header may hold a token. */
export function headerMap(description: string) {
  const decode = (headers: ReadonlyMap<string, string>) =>
    new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]))
  return textMap(description, { default: {}, secret: true, entry: headerError, decode })
}

/** Things of one kind by name. */
export function namedMap<Value>(
  item: Schema<unknown, Value>,
  pattern: string,
  description: string,
  keywords: Keywords = {},
): Schema<TreeMap, ReadonlyMap<string, Value>> {
  return Type.Unsafe({
    type: 'object',
    propertyNames: { pattern },
    additionalProperties: item,
    description,
    ...keywords,
  })
}

/** What is wrong with a header, as the end of a sentence; never with its value. */
function headerError(name: string, value: unknown): string | undefined {
  if (!HEADER_NAME.test(name)) return 'is not the name of an HTTP header; use letters, digits and -'
  if (OWN_HEADERS.has(name.toLowerCase())) return 'is a header that mapgate sets itself; remove it'
  if (typeof value === 'string' && !HEADER_VALUE.test(value))
    return 'has a line end, control character or non-Latin-1 character in its value; remove it'
  return undefined
}
