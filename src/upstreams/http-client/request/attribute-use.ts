/**
 * Which attributes of its clients a request names. Pure.
 */
import { ALL_ATTRIBUTES, ATTRIBUTE } from '../../../core/attributes.ts'
import { isAttribute, parseTemplate, Template } from '../../../core/value/template.ts'
import type { WrittenRequest } from '../settings.ts'
import { AUTH_HTTP, AUTH_HTTP_ATTRIBUTES } from './auth-http.ts'
import { REQUEST_JSON_NAMES } from './places.ts'

/** The names of the attributes, and {@link ALL_ATTRIBUTES} where all are sent; empty for a table that is asked by keys. */
export function attributesIn(request: WrittenRequest | undefined): ReadonlySet<string> {
  const names = new Set<string>()
  if (request === undefined) return names
  const { path, query, headers, json, form } = request
  if (form === AUTH_HTTP) for (const name of AUTH_HTTP_ATTRIBUTES) names.add(name)
  for (const text of textsIn([path, query, headers, json, form])) {
    const template = parseTemplate(text, REQUEST_JSON_NAMES)
    if (!(template instanceof Template)) continue
    for (const name of template.names) {
      if (isAttribute(name)) names.add(name.slice(ATTRIBUTE.length))
      else if (name === ALL_ATTRIBUTES) names.add(name)
    }
  }
  return names
}

/** Every text in a value of any shape. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (value instanceof Map) return [...value.values()].flatMap(textsIn)
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsIn)
}
