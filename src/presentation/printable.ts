/**
 * Foreign text on a terminal: what a server, a service or a file of somebody else says may hold escape sequences,
 * which move the cursor, rename the window or type for the person (ECMA-48; xterm, control sequences).
 */

/**
 * Control characters of ASCII and of ISO 8859-1, the line ends of Unicode, and its format characters: those that turn the
 * direction make a line read as another one (Unicode TR 36, section 2.5).
 */
const CONTROL = /[\x00-\x1f\x7f-\x9f\p{Cf}\u2028\u2029]+/gu

/** Those that JSON leaves as they are (RFC 8259 section 7). */
const UNESCAPED_IN_JSON = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu

/** A text without control characters; a run of them is one space. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ')
}

/** One printable line, without space around it. */
export function oneLine(text: string): string {
  return printable(text).trim()
}

/**
 * A value of a foreign server for a terminal: what would move its cursor or more is written as `\xHH`. A tab stays; values
 * of mapgate have nothing of it (core/value-text.ts).
 */
export function printableValue(text: string): string {
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\p{Cf}\u2028\u2029]/gu, (character) =>
    character > '\xff' ? escaped(character) : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** JSON of the same meaning, with every control character escaped. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNESCAPED_IN_JSON, escaped)
}

/** As JSON escapes a character: one above U+FFFF is two (RFC 8259 section 7). */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
