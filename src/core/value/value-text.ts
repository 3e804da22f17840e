/**
 * What a value may be made of: one line of text, every character of which can be seen.
 *
 * A control character ends the line for Postfix and for a reader of the log. An invisible one makes
 * two texts that look the same into two addresses, and the mail goes to neither. What comes from a
 * word processor or a web page brings them along. One rule for every source of values: HTTP replies,
 * static entries, functions of the library, the cache file.
 *
 * Sources: Unicode Standard Annex #44 (General_Category, Default_Ignorable_Code_Point);
 * Unicode Technical Standard #39, section 3.1 (characters not for identifiers).
 */
import { filled } from '../reason.ts'

/** C0, DEL and C1, and halves of a character, which have no UTF-8. */
const CONTROL = /[\p{Cc}\p{Cs}]/u

/**
 * Spaces that are not the space, line and paragraph separators, direction marks, joiners, soft
 * hyphens, variation selectors, fillers, tags; and the blank of Braille, which is a symbol by its category.
 */
const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

/**
 * What stands for something that was lost (U+FFFC, and U+FFFD where a decoder met what is no text), and what is no
 * character that two programs agree on: private use, noncharacters such as U+FFFF, not assigned as far as Node.js knows.
 */
const NO_CHARACTER = /[\ufffc\ufffd\p{Co}\p{Cn}]/u

const BLANK = /^\s+$/

/** Nothing but these: the usual value, which is looked at once. */
const PLAIN = /^[\x21-\x7e][\x20-\x7e]*$/

/** Without blanks at its ends, as postmap(1) stores it: Postfix would take ` REJECT` and `smtp:[a.example] ` by the letter. */
export function withoutOuterBlanks(text: string): string {
  if (text.charCodeAt(0) !== SPACE && text.charCodeAt(text.length - 1) !== SPACE) return text
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) === SPACE) start++
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--
  // Nothing but blanks stays what it is, so that it is not taken for "not found".
  return start === end ? text : text.slice(start, end)
}

const SPACE = 0x20

/** What makes a text unusable: the ends of sentences that begin with where the value came from. */
export const VALUE_FAULTS = {
  controlCharacters: 'has control characters in a value',
  invisibleCharacter: 'has the invisible character … in a value',
  noCharacter: 'has …, which is not a character in use, in a value',
  onlySpaces: 'has a value of nothing but spaces',
} as const

/** The one of {@link VALUE_FAULTS} that a text has; undefined for a text that can be a value. */
export function whyNoValue(text: string): string | undefined {
  if (PLAIN.test(text)) return undefined
  if (CONTROL.test(text)) return VALUE_FAULTS.controlCharacters
  const invisible = INVISIBLE.exec(text)?.[0]
  if (invisible !== undefined) return filled(VALUE_FAULTS.invisibleCharacter, [codePointOf(invisible)])
  const none = NO_CHARACTER.exec(text)?.[0]
  if (none !== undefined) return filled(VALUE_FAULTS.noCharacter, [codePointOf(none)])
  // Postfix takes it for a result without an address, and bounces the mail in the end.
  return BLANK.test(text) ? VALUE_FAULTS.onlySpaces : undefined
}

/** Written as in the Unicode Standard: `U+00A0`. */
function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
