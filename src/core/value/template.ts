/**
 * Texts with places to fill in.
 *
 *   /aliases/{key}      a place, named `key`
 *   {attribute.sender}  a place for what the client said besides the key
 *   {{literally}}       `{{` and `}}` are the characters `{` and `}`
 *
 *   template    = *( literal / place )
 *   place       = "{" name "}"
 *   name        = 1*( ALPHA / DIGIT / "." / "_" )
 *   literal     = any character but "{" and "}" / "{{" / "}}"
 *
 * A template is read once, when the configuration is, and filled in for every lookup.
 */
import { ATTRIBUTE } from '../attributes.ts'
import { KEY_PART_NAMES } from '../key/key-parts.ts'

/** A place to fill in. */
export interface Placeholder {
  readonly name: string
}

/** Why a text is not a template. */
interface TemplateError {
  readonly kind: 'error'
  /** What was found and what would be right. */
  readonly message: string
  /** Where in the text, in characters (UTF-16 units) from 0. */
  readonly position: number
  /** The name that is not known, when that is the trouble; for "did you mean". */
  readonly unknownName?: string
}

/** A text that was read as a template. */
export class Template {
  readonly kind = 'template'
  /** Literal texts (braces already single) and places, in order. */
  readonly parts: readonly (string | Placeholder)[]

  constructor(parts: readonly (string | Placeholder)[]) {
    this.parts = parts
  }

  /** The names in use. */
  get names(): ReadonlySet<string> {
    return new Set(this.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name])))
  }

  /**
   * Fills in every place.
   *
   * @param textOf The text for a name; `undefined` when there is none.
   * @param quote Makes a text harmless for where the template is. Literals are not escaped.
   * @returns `undefined` when a place has no text: the template cannot be used ("suppressed").
   */
  render(textOf: (name: string) => string | undefined, quote: (text: string) => string): string | undefined {
    let rendered = ''
    for (const part of this.parts) {
      if (typeof part === 'string') {
        rendered += part
        continue
      }
      const value = textOf(part.name)
      if (value === undefined) return undefined
      rendered += quote(value)
    }
    return rendered
  }
}

/** Among the names that a place may have: every attribute. */
export const ANY_ATTRIBUTE = `${ATTRIBUTE}*`

/**
 * Reads a text as a template.
 *
 * @param names The names a place may have, {@link ANY_ATTRIBUTE} among them; default those of a key.
 */
export function parseTemplate(
  text: string,
  names: readonly string[] = KEY_PART_NAMES,
): Template | TemplateError {
  const parts: (string | Placeholder)[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    const character = text.charAt(at)
    if (character !== '{' && character !== '}') {
      literal += character
      at++
      continue
    }
    if (text.charAt(at + 1) === character) {
      literal += character
      at += 2
      continue
    }
    const place = readPlaceholder(text, at, names)
    if ('kind' in place) return place
    if (literal !== '') parts.push(literal)
    literal = ''
    parts.push(place)
    at += place.name.length + 2
  }
  if (literal !== '') parts.push(literal)
  return new Template(parts)
}

/** Reads the place whose `{` is at `at`. */
function readPlaceholder(text: string, at: number, names: readonly string[]): Placeholder | TemplateError {
  const error = (message: string): TemplateError => ({ kind: 'error', message, position: at })
  if (text.charAt(at) === '}') return error('"}" without "{" before it; write "}}" for the character itself')
  const end = text.indexOf('}', at)
  if (end < 0) return error('"{" without "}" behind it; write "{{" for the character itself')
  const name = text.slice(at + 1, end)
  if (names.includes(name) || (isAttribute(name) && names.includes(ANY_ATTRIBUTE))) return { name }
  if (!/^[A-Za-z0-9._]*$/.test(name)) {
    return error('"{" does not begin a placeholder here; write "{{" for the character itself')
  }
  return { ...error(`unknown placeholder {${name}}; known are ${listOf(names)}`), unknownName: name }
}

/** Returns whether a name is that of an attribute, known or not. */
export function isAttribute(name: string): boolean {
  return name.length > ATTRIBUTE.length && name.startsWith(ATTRIBUTE)
}

/** `{key} {user} {domain1}..{domain9} {table} {attribute.NAME}`: the nine labels as one, and all attributes. */
function listOf(names: readonly string[]): string {
  const shown = names.filter((name) => !/^domain[2-9]$/.test(name) && !isAttribute(name))
  if (shown.length < names.length && names.some(isAttribute)) shown.push(`${ATTRIBUTE}NAME`)
  return shown.map((name) => (name === 'domain1' ? '{domain1}..{domain9}' : `{${name}}`)).join(' ')
}
