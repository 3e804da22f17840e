/**
 * Reading the templates of a checked configuration, and the place `{keys}` of batch requests. Pure.
 */
import { parseTemplate, Template } from '../../core/template.ts'

/** Stands for all keys of a batch, alone in a parameter, a form field or a JSON string. */
export const KEYS = 'keys'

/** Names a batch request may use where one text is needed: there is no one key. */
export const BATCH_NAMES: readonly string[] = ['table']

/** Names a batch request may use where a list can stand. */
export const BATCH_LIST_NAMES: readonly string[] = [KEYS, 'table']

/** @throws TypeError for a text that is no template, or has more than `{keys}` where that stands. */
export function compileTemplate(text: string, names: readonly string[]): Template {
  const template = parseTemplate(text, names)
  if (!(template instanceof Template)) throw new TypeError(`not a template: ${template.message}`)
  if (template.names.has(KEYS) && !isKeys(template)) {
    throw new TypeError('{keys} must stand alone, with no other text around it')
  }
  return template
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
