/**
 * How a text is made harmless for each place of a request, so that a key can never add a path
 * segment, a parameter, a field or a header. Pure.
 */

/**
 * Percent-encodes everything but unreserved characters (RFC 3986 section 2.3). Right for a path
 * segment, a query value and a form value alike: nothing that separates any of them is left. A
 * space becomes `%20`, which form decoders read as well as `+`.
 */
export function escapeUrl(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, percent)
}

/** The inside of a JSON string. */
export function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/**
 * A part of a header value: the UTF-8 bytes outside of printable ASCII are percent-encoded, `%`
 * as well so that the text can be read back, and spaces at the ends, which HTTP would drop.
 */
export function escapeHeader(text: string): string {
  const kept = text.trim()
  // Not by ` +$`, which takes the square of the spaces in the middle. trim() takes more than spaces, all of it encoded anyway.
  const start = text.length - text.trimStart().length
  const end = kept === '' ? start : start + kept.length
  return (
    encodeURIComponent(text.slice(0, start)) +
    text.slice(start, end).replace(/[^\x20-\x7e]+|%/gu, percentBytes) +
    encodeURIComponent(text.slice(end))
  )
}

/**
 * Literal text of a path template as it may be in a URL: what a URL cannot hold is encoded,
 * `%41` and the separators stay as they were written.
 */
export function escapePathLiteral(text: string): string {
  return text.replace(/[^\x21-\x7e]+|["#<>\\^`{|}]/gu, encodeURIComponent)
}

/** Fixed header text as Latin-1 characters that carry its UTF-8 bytes, since header values are bytes. */
export function headerBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/** encodeURIComponent leaves none of the characters that come here as they are: `%`, space, control, non-ASCII. */
function percentBytes(characters: string): string {
  return encodeURIComponent(characters)
}
