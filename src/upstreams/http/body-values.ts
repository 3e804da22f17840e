/**
 * Values out of a body: what `response.value` selects, or what the body itself is. Pure.
 *
 * | in the reply | becomes |
 * | --- | --- |
 * | a text | itself; a plain text that is empty must have a length, or it may be a broken reply |
 * | a number | its decimal text |
 * | `null`, `""`, `[]` | nothing: skipped, and "not found" when there is nothing else |
 * | an array | its elements, one by one |
 * | true, false, an object, an array in an array, what `core/value-text.ts` refuses | unreadable |
 */
import { isUtf8 } from 'node:buffer'
import { whyNoValue } from '../../core/value-text.ts'
import type { JsonPath } from './json-path.ts'
import { type HttpResponse, isFramed, isHtml, isIdentity, mediaType } from './response.ts'

/** What a body holds. */
export type BodyValues =
  | { readonly kind: 'values'; readonly values: readonly string[] }
  /** The path selected no node at all. */
  | { readonly kind: 'missing' }
  /** The service's own error field says that it does not know. */
  | { readonly kind: 'service-error' }
  | { readonly kind: 'too-many' }
  /** `reason` completes "the service's reply ...". */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Which parts of a body to look at. */
export interface BodySelectors {
  readonly value: JsonPath | undefined
  readonly error: JsonPath | undefined
  readonly maxValues: number
}

/** Most nodes that `error` is looked at in. Ours: one is enough to be an error. */
const MAX_ERROR_NODES = 1000

/**
 * Most nodes that `value` may select, per value allowed. Ours: empty ones do not count as values,
 * but a path such as `$..*..*` must not fill the memory with them.
 */
const MAX_NODES_PER_VALUE = 10

const BYTE_ORDER_MARK = '\ufeff'

/** Reads a body: JSON when a path or the content type says so, else plain text. */
export function readBody(response: HttpResponse, selectors: BodySelectors): BodyValues {
  if (!isIdentity(response.headers)) return unreadable('has a content-encoding that was not asked for')
  const text = decode(response.body)
  if (text === undefined) return unreadable('is not UTF-8')
  const type = mediaType(response.headers)
  const isJson = type === 'application/json' || type.endsWith('+json')
  if (selectors.value === undefined && selectors.error === undefined && !isJson) {
    if (isHtml(response)) return unreadable('is a web page')
    const line = text.replace(/\r?\n$/, '')
    // Else a service that broke down behind the head would have said "not found".
    if (line === '' && !isFramed(response)) return unreadable('is empty, and ends only with its connection')
    return checked([line])
  }
  const document = parseJson(text)
  if (document !== undefined) return readDocument(document.json, selectors)
  return isHtml(response) ? unreadable('is a web page') : unreadable('is not JSON')
}

/** Reads a decoded JSON document. */
export function readDocument(document: unknown, selectors: BodySelectors): BodyValues {
  if (selectors.error !== undefined) {
    const errors = selectors.error.select(document, MAX_ERROR_NODES)
    if (errors.kind === 'failed') return unreadable('is nested too deep for response.error')
    if (errors.kind === 'too-many' || errors.values.some(isError)) return { kind: 'service-error' }
  }
  if (selectors.value === undefined) return collect([document])
  const selected = selectors.value.select(document, MAX_NODES_PER_VALUE * selectors.maxValues)
  if (selected.kind === 'failed') return unreadable('is nested too deep for response.value')
  if (selected.kind === 'too-many') return selected
  return selected.values.length === 0 ? { kind: 'missing' } : collect(selected.values)
}

/** Makes texts of selected nodes, arrays element by element. */
export function collect(nodes: readonly unknown[]): BodyValues {
  const values: string[] = []
  for (const node of nodes) {
    for (const element of Array.isArray(node) ? (node as readonly unknown[]) : [node]) {
      const text = textOf(element)
      if (text === undefined) return unreadable('has a value that is no text and no plain number')
      if (text !== '') values.push(text)
    }
  }
  return checked(values)
}

function checked(values: readonly string[]): BodyValues {
  for (const value of values) {
    const why = whyNoValue(value)
    if (why !== undefined) return unreadable(why)
  }
  return { kind: 'values', values: values.filter((value) => value !== '') }
}

/** '' for nothing; undefined for what cannot be a value. */
function textOf(element: unknown): string | undefined {
  if (element === null) return ''
  if (typeof element === 'string') return element
  return typeof element === 'number' ? decimalText(element) : undefined
}

/**
 * A number as decimal text; undefined for one that JSON.parse may have rounded, or that has no
 * text without an exponent: a wrong value is worse than none.
 */
function decimalText(number: number): string | undefined {
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) return undefined
  const text = String(number)
  return text.includes('e') ? undefined : text
}

function isError(node: unknown): boolean {
  return node !== null && node !== '' && node !== false
}

/** A byte order mark is dropped. */
function decode(body: Buffer): string | undefined {
  if (!isUtf8(body)) return undefined
  const text = body.toString('utf8')
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text
}

/** In an object, so that the document `null` is not taken for "not JSON". */
export function parseJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

/** The body as a JSON document, or why not. */
export function readJson(response: HttpResponse): { readonly json: unknown } | { readonly reason: string } {
  if (!isIdentity(response.headers)) return { reason: 'has a content-encoding that was not asked for' }
  const text = decode(response.body)
  if (text === undefined) return { reason: 'is not UTF-8' }
  return parseJson(text) ?? { reason: 'is not JSON' }
}

function unreadable(reason: string): BodyValues {
  return { kind: 'unreadable', reason }
}
