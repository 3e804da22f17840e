/**
 * Decoding JSON with a bound on what it costs: `[],[],[]` takes three bytes on the wire for each array, and
 * twenty times that as objects. Pure.
 */

/** Most values of a document: 500,000 take about 30 MB. Ours: a reply of `maxBodyBytes` (1 MiB) with real data has a tenth. */
const MAX_JSON_VALUES = 500_000

/** In an object, so that the document `null` is not taken for "not JSON". */
export interface JsonDocument {
  readonly json: unknown
}

/** Decodes a text; undefined for what is not JSON, or has more values than are read. */
export function parseJson(text: string): JsonDocument | undefined {
  if (text.length > MAX_JSON_VALUES && hasTooManyValues(text)) return undefined
  try {
    return { json: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

/** Every value but the first has a `,`, `[`, `{` or `:` before it, outside of strings. */
function hasTooManyValues(text: string): boolean {
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
    } else if (code === COMMA || code === BRACKET || code === BRACE || code === COLON) {
      values++
      if (values > MAX_JSON_VALUES) return true
    }
  }
  return false
}

/** Offset of the quote that ends the string which begins at `start`; of the end of the text when there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACE = 0x7b
