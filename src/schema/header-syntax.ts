/**
 * What may stand in HTTP header fields. RFC 9110 sections 5.1 and 5.5: names are tokens,
 * values are Latin-1 without control characters.
 */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Set by the HTTP client for each request, or they would break its framing. RFC 9110 section 7.6.1. */
const OWN = new Set([
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

/** What is wrong with a header, as the end of a sentence; never with its value. */
export function headerError(name: string, value: unknown): string | undefined {
  if (!TOKEN.test(name)) return 'is no name of an HTTP header; use letters, digits and -'
  if (OWN.has(name.toLowerCase())) return 'is a header that mapgate sets itself; remove it'
  if (typeof value === 'string' && !VALUE.test(value))
    return 'has a line end, control character or non-Latin-1 character in its value; remove it'
  return undefined
}
