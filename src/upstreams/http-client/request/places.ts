/**
 * Reading the templates of a checked configuration, and the places that stand for more than a text: `{keys}` of batch
 * requests, and `{attributes}`. Pure.
 */
import { ALL_ATTRIBUTES } from '../../../core/attributes.ts'
import { KEY_PART_NAMES } from '../../../core/key/key-parts.ts'
import { ANY_ATTRIBUTE, parseTemplate, Template } from '../../../core/value/template.ts'

/** Stands for all keys of a batch, alone in a parameter, a form field or a JSON string. */
export const KEYS = 'keys'

/** Names a batch request may use where one text is needed: there is no one key. */
export const BATCH_NAMES: readonly string[] = ['table']

/** Names a batch request may use where a list can be. */
export const BATCH_LIST_NAMES: readonly string[] = [KEYS, 'table']

/** Names a request for one question may use where one text is needed. */
export const REQUEST_NAMES: readonly string[] = [...KEY_PART_NAMES, ANY_ATTRIBUTE]

/** Names a request for one question may use in JSON. */
export const REQUEST_JSON_NAMES: readonly string[] = [...REQUEST_NAMES, ALL_ATTRIBUTES]

/** Names that stand for more than a text. */
const LISTS: readonly string[] = [KEYS, ALL_ATTRIBUTES]

/** @throws TypeError for a text that is no template, or has more than `{keys}` or `{attributes}` where that is. */
export function compileTemplate(text: string, names: readonly string[]): Template {
  const template = parseTemplate(text, names)
  if (!(template instanceof Template)) throw new TypeError(`not a template: ${template.message}`)
  const list = LISTS.find((name) => template.names.has(name))
  if (list !== undefined && !isList(template)) {
    throw new TypeError(`{${list}} must stand alone, with no other text around it`)
  }
  return template
}

/** True for a template that is a list of keys or of attributes, and nothing else. */
export function isList(template: Template): boolean {
  const [first] = template.parts
  return template.parts.length === 1 && typeof first === 'object' && LISTS.includes(first.name)
}

/** True for the template `{keys}` and nothing else. */
export function isKeys(template: Template): boolean {
  const [first] = template.parts
  return template.parts.length === 1 && typeof first === 'object' && first.name === KEYS
}

/** The same places, with every literal between them passed through `change`. */
export function mapLiterals(template: Template, change: (literal: string) => string): Template {
  return new Template(template.parts.map((part) => (typeof part === 'string' ? change(part) : part)))
}
