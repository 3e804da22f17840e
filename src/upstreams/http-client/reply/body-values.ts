/**
 * Values out of a body: what `response.value` selects, or what the body itself is. Pure.
 *
 * | in the reply | becomes |
 * | --- | --- |
 * | a text | itself; a plain text that is empty must have a length, or it may be a broken reply |
 * | a text that is itself a JSON object or array, or begins as HTML or XML | unreadable |
 * | a number | its decimal text |
 * | `null`, `""`, `[]` | nothing: skipped, and "not found" when there is nothing else |
 * | an array | its elements, one by one |
 * | true, false, an object, an array in an array, what `core/value-text.ts` refuses | unreadable |
 */
import { isUtf8 } from 'node:buffer'
import type { ReasonEntry } from '../../../core/reason.ts'
import { whyNoMeaning } from '../../../core/value/failure-text.ts'
import { whyNoValue, withoutOuterBlanks } from '../../../core/value/value-text.ts'
import { HTTP_REASONS } from '../reasons.ts'
import { parseJson } from './json-document.ts'
import type { JsonPath } from './json-path.ts'
import { otherAnswerer } from './other-answerers.ts'
import { QUOTED_COMMAND, readPlainText } from './plain-text.ts'
import {
  type HttpResponse,
  isFramed,
  isHtml,
  isIdentity,
  isJsonType,
  isMarkup,
  mediaType,
} from './response.ts'

/** What a body holds. */
export type BodyValues =
  | { readonly kind: 'values'; readonly values: readonly string[] }
  /** The path selected no node at all. */
  | { readonly kind: 'missing' }
  /** The results of a batch do not have the key. */
  | { readonly kind: 'left-out' }
  /** The service's own error field says that it does not know. */
  | { readonly kind: 'service-error' }
  | { readonly kind: 'too-many' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Which parts of a body to look at. */
export interface BodySelectors {
  readonly value: JsonPath | undefined
  readonly error: JsonPath | undefined
  readonly maxValues: number
  /** `value` selects what transport(5) reads, where `error: text` and `retry: text` are values. As a whole body they may be a failure. */
  readonly hasErrorTransport?: boolean
  /** A number or a list is no value. Default false. */
  readonly isTextOnly?: boolean
}

/** Most nodes that `error` is looked at in. Ours: one is enough to be an error. */
const MAX_ERROR_NODES = 1000

/**
 * Most nodes that `value` may select, per value allowed. Ours: empty ones do not count as values,
 * but a path such as `$..*..*` must not fill the memory with them.
 */
const MAX_NODES_PER_VALUE = 10

/** What `mediaType` says where there is no telling. */
const CONFLICTING = 'conflicting'

/** The details of a failure (RFC 9457), whatever the status. */
const PROBLEM = 'application/problem+json'

/** The types of a text as it is; every other is of a language, a form or a file. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['', 'text/plain'])

const BYTE_ORDER_MARK = '\ufeff'

/** Reads a body: JSON when a path or the content type says so, else plain text. */
export function readBody(response: HttpResponse, selectors: BodySelectors): BodyValues {
  if (!isIdentity(response.headers)) return unreadable(HTTP_REASONS.contentEncoding)
  const text = decode(response.body)
  if (text === undefined) return unreadable(HTTP_REASONS.notUtf8)
  const type = mediaType(response.headers)
  if (type === CONFLICTING) return unreadable(HTTP_REASONS.twoTypes)
  if (type === PROBLEM) return unreadable(HTTP_REASONS.problemDocument)
  if (selectors.value === undefined && selectors.error === undefined && !isJsonType(type)) {
    return readText(text, type, response, selectors)
  }
  const document = parseJson(text)
  if (document !== undefined) return readDocument(document.json, selectors)
  return isHtml(response) ? unreadable(HTTP_REASONS.webPage) : unreadable(HTTP_REASONS.notJson)
}

/** A body that was not sent as JSON, as a whole. */
function readText(text: string, type: string, response: HttpResponse, selectors: BodySelectors): BodyValues {
  if (isHtml(response)) return unreadable(HTTP_REASONS.webPage)
  if (!TEXT_TYPES.has(type)) return unreadable(HTTP_REASONS.noTextType)
  if (otherAnswerer(response) !== undefined) return unreadable(HTTP_REASONS.otherAnswerer)
  const line = text.replace(/\r?\n$/, '')
  // Else a service that broke down behind the head would have said "not found".
  if (line === '' && !isFramed(response)) return unreadable(HTTP_REASONS.emptyAndUnframed)
  const plain = readPlainText(line)
  switch (plain.kind) {
    case 'text':
      return checked([line])
    case 'unusable':
      return { kind: 'unreadable', reason: plain.reason }
    case 'json': {
      const body = collectNodes([plain.document.json], selectors)
      // What was not sent as JSON may be anything that broke: too little to reject mail by.
      return body.kind === 'values' && body.values.length === 0 ? unreadable(HTTP_REASONS.emptyJson) : body
    }
  }
}

/** Reads a decoded JSON document. */
export function readDocument(document: unknown, selectors: BodySelectors): BodyValues {
  if (selectors.error !== undefined) {
    const errors = selectors.error.select(document, MAX_ERROR_NODES)
    if (errors.kind === 'failed') return unreadable(HTTP_REASONS.tooDeepForError)
    if (errors.kind === 'too-many' || errors.values.some(isError)) return { kind: 'service-error' }
  }
  if (selectors.value === undefined) return collectNodes([document], selectors)
  const selected = selectors.value.select(document, MAX_NODES_PER_VALUE * selectors.maxValues)
  if (selected.kind === 'failed') return unreadable(HTTP_REASONS.tooDeepForValue)
  if (selected.kind === 'too-many') return selected
  if (selected.values.length === 0) return { kind: 'missing' }
  return collectNodes(selected.values, selectors)
}

function collectNodes(
  nodes: readonly unknown[],
  { hasErrorTransport, isTextOnly }: BodySelectors,
): BodyValues {
  const isText = (node: unknown) => typeof node === 'string' || node === null
  if (isTextOnly === true && !nodes.every(isText)) return unreadable(HTTP_REASONS.notText)
  return collect(nodes, hasErrorTransport)
}

/** Makes texts of selected nodes, arrays element by element. */
export function collect(nodes: readonly unknown[], hasErrorTransport = false): BodyValues {
  const values: string[] = []
  for (const node of nodes) {
    for (const element of Array.isArray(node) ? (node as readonly unknown[]) : [node]) {
      const text = textOf(element)
      if (text === undefined) return unreadable(HTTP_REASONS.notText)
      if (text !== '') values.push(text)
    }
  }
  return checked(values, hasErrorTransport)
}

const ERROR_TRANSPORT = /^(?:error|retry): \S/

function checked(texts: readonly string[], hasErrorTransport = false): BodyValues {
  const values: string[] = []
  for (const text of texts) {
    const value = withoutOuterBlanks(text)
    if (value === '') continue
    if (isStructure(value)) return unreadable(HTTP_REASONS.encodedTwice)
    const why = whyNoValue(value)
    if (why !== undefined) return { kind: 'unreadable', reason: `the service's reply ${why}` }
    const meaningless = hasErrorTransport && ERROR_TRANSPORT.test(value) ? undefined : whyNoMeaning(value)
    if (meaningless !== undefined) return unreadable(NO_MEANING[meaningless])
    values.push(value)
  }
  return { kind: 'values', values }
}

const NO_MEANING = {
  word: HTTP_REASONS.programWord,
  failure: HTTP_REASONS.failureText,
  dump: HTTP_REASONS.dataDump,
} as const

/** A list that was put into a text before it was put into JSON, as columns of databases are, or a piece of a page. */
function isStructure(value: string): boolean {
  const start = value.charAt(0)
  if (start === '<') return isMarkup(value)
  if (start === '"') return !QUOTED_COMMAND.test(value) && parseJson(value) !== undefined
  if (start !== '{' && start !== '[') return false
  const document = parseJson(value)?.json
  return typeof document === 'object' && document !== null
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

/** Returns whether what `response.error` selects says that something went wrong. */
export function isError(node: unknown): boolean {
  return node !== null && node !== '' && node !== false
}

/** A byte order mark is dropped. */
function decode(body: Buffer): string | undefined {
  if (!isUtf8(body)) return undefined
  const text = body.toString('utf8')
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text
}

/** The body as a JSON document, or why not. */
export function readJson(response: HttpResponse): { readonly json: unknown } | { readonly reason: string } {
  if (!isIdentity(response.headers)) return { reason: HTTP_REASONS.contentEncoding.text }
  const text = decode(response.body)
  if (text === undefined) return { reason: HTTP_REASONS.notUtf8.text }
  return parseJson(text) ?? { reason: HTTP_REASONS.notJson.text }
}

function unreadable({ text }: ReasonEntry<'unreadable'>): BodyValues {
  return { kind: 'unreadable', reason: text }
}
