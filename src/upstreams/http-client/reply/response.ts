/**
 * A reply of a service as it came, and the readings of its header fields. Pure.
 */
import { parseHttpDate } from '../../../core/cache/http-date.ts'
import type { CachingHeaders, Validators } from '../../../core/upstream.ts'

/** Header fields by lower-case name; a repeated field as a list. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>

/** One complete reply. */
export interface HttpResponse {
  readonly status: number
  readonly headers: HeaderFields
  /** Empty where the status alone decides. */
  readonly body: Buffer
}

/** Longest ETag or Last-Modified that is kept and sent back, bytes. Ours: they are stored with every answer. */
const MAX_VALIDATOR_BYTES = 256

const CACHING_FIELDS: readonly [field: string, name: keyof CachingHeaders][] = [
  ['cache-control', 'cacheControl'],
  ['expires', 'expires'],
  ['age', 'age'],
  ['date', 'date'],
  ['vary', 'vary'],
]

/** The field as one text, repeated fields joined (RFC 9110 section 5.3). */
export function headerText(headers: HeaderFields, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * The media type without parameters, in lower case; '' when there is none. The field must not be repeated (RFC 9110
 * section 5.5): where two of them differ there is no telling, and `conflicting` is no type.
 */
export function mediaType(headers: HeaderFields): string {
  const field = headers['content-type']
  if (typeof field === 'string' && PLAIN_TYPE.test(field)) return field
  const [first = '', ...others] = (headerText(headers, 'content-type') ?? '')
    .slice(0, MAX_TYPE_LENGTH)
    .replace(QUOTED, '')
    .split(',')
    .map((field) => (field.split(';', 1)[0] ?? '').trim().toLowerCase())
  return others.every((other) => other === first) ? first : 'conflicting'
}

/** A type without parameters, in lower case already: the usual field, which is looked at once. */
const PLAIN_TYPE = /^[a-z]+\/[a-z0-9.+-]{1,100}$/

/** Longest part of a Content-Type field that is looked at, in characters. Ours: real ones have less than 100. */
const MAX_TYPE_LENGTH = 1000

/** A parameter's value in quotes, which may hold `,` and `;`. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g

/** Returns whether a media type is one of JSON: also the ones of before RFC 4627, and any `+json` (RFC 6839). */
export function isJsonType(type: string): boolean {
  return JSON_TYPES.has(type) || type.endsWith('+json')
}

const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'text/json',
  'application/x-json',
  'text/x-json',
])

/** True when the body is in the coding we asked for: none, neither of the content nor of the transfer. */
export function isIdentity(headers: HeaderFields): boolean {
  return (
    isOneOf(headerText(headers, 'content-encoding'), 'identity') &&
    isOneOf(headerText(headers, 'transfer-encoding'), 'chunked')
  )
}

function isOneOf(text: string | undefined, expected: string): boolean {
  const coding = text?.trim().toLowerCase() ?? ''
  return coding === '' || coding === expected
}

/** True when the end of the body is known by other means than the end of the connection (RFC 9112 section 6.3). */
export function isFramed({ status, headers }: HttpResponse): boolean {
  if (status === 204 || headers['content-length'] !== undefined) return true
  return /(?:^|[,\s])chunked\s*$/i.test(headerText(headers, 'transfer-encoding') ?? '')
}

/** True for a web page or XML: by its type, or by how it begins. */
export function isHtml(response: HttpResponse): boolean {
  const type = mediaType(response.headers)
  if (MARKUP_TYPES.has(type) || type.endsWith('+xml')) return true
  return isMarkup(response.body.subarray(0, 256).toString('latin1'))
}

const MARKUP_TYPES: ReadonlySet<string> = new Set(['text/html', 'text/xml', 'application/xml'])

/** Returns whether a text begins as HTML or XML: a declaration, a comment, or a tag without the `@` of `<a@b.example>`. */
export function isMarkup(text: string): boolean {
  return /^(?:\xef\xbb\xbf|\ufeff)?\s*<(?:[?!/]|[a-z][a-z0-9:-]*(?:\s|\/?>))/i.test(text)
}

/** The fields of RFC 9111 that say how long the reply may be used; undefined when there is none. */
export function cachingOf(headers: HeaderFields): CachingHeaders | undefined {
  let caching: { -readonly [name in keyof CachingHeaders]: string } | undefined
  for (const [field, name] of CACHING_FIELDS) {
    const text = headerText(headers, field)
    if (text === undefined) continue
    caching ??= {}
    caching[name] = text
  }
  return caching
}

/** ETag and Last-Modified, where they can be sent back as they are; undefined when there is none. */
export function validatorsOf(headers: HeaderFields): Validators | undefined {
  const etag = sendable(headerText(headers, 'etag'))
  const lastModified = sendable(headerText(headers, 'last-modified'))
  if (etag === undefined) return lastModified === undefined ? undefined : { lastModified }
  return lastModified === undefined ? { etag } : { etag, lastModified }
}

/**
 * Reads Retry-After (RFC 9110 section 10.2.3): seconds or an HTTP date.
 *
 * @param nowMs The wall clock, ms.
 * @returns ms from now, not negative and without a bound; `undefined` when there is none that can be read.
 */
export function retryAfterMs(headers: HeaderFields, nowMs: number): number | undefined {
  const text = headerText(headers, 'retry-after')?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const dateMs = parseHttpDate(text, nowMs)
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs)
}

/** A field value must be ASCII to be written back the same, and short to be kept. */
function sendable(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_VALIDATOR_BYTES) return undefined
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : undefined
}
