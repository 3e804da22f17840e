/**
 * The cursor of a service: how far a list goes, in the service's own words. It is kept as it came, and sent back as it
 * is to ask for what has changed since. Pure.
 */

/** Longest cursor, bytes. Ours: a request line of 8 KiB, which servers take, has room for it percent-encoded. */
const MAX_CURSOR_BYTES = 2048

/** A field name, RFC 9110 section 5.1. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const PATH_OF_NAMES = /^\$(?:\.[A-Za-z_][\w-]*)+$/

const PLACE = '{cursor}'

/** Where a list has its cursor. */
export type CursorPlace =
  | { readonly kind: 'field'; readonly name: string }
  /** Path of names in a JSON document. */
  | { readonly kind: 'path'; readonly path: string }

/** @returns undefined for a text that is neither a path of names nor the name of a header field. */
export function cursorPlace(text: string): CursorPlace | undefined {
  if (PATH_OF_NAMES.test(text)) return { kind: 'path', path: text }
  return FIELD_NAME.test(text) && !text.startsWith('$')
    ? { kind: 'field', name: text.toLowerCase() }
    : undefined
}

/** @returns undefined for what is no cursor: nothing, no text, too long, or nothing that could be sent back. */
export function cursorText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value !== 'string' || value === '' || /[\p{Cc}\p{Cs}]/u.test(value)) return undefined
  return Buffer.byteLength(value) > MAX_CURSOR_BYTES ? undefined : value
}

/** The path and query by which the changes since a cursor are asked for. */
export function changesPath(template: string, cursor: string): string {
  return template.replaceAll(PLACE, () => encodeURIComponent(cursor))
}
