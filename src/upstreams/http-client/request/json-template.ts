/**
 * A JSON body with places to fill in: every string value at any depth is a template, the names
 * of members are not. Pure.
 *
 * The document is turned into text once; a lookup only fills in strings, so that nothing in a
 * key can become structure.
 */
import { ALL_ATTRIBUTES } from '../../../core/attributes.ts'
import type { Placeholder, Template } from '../../../core/value/template.ts'
import { escapeJson } from './escape.ts'
import { isList, KEYS } from './places.ts'

export class JsonTemplate {
  /** JSON text, and places within its strings; a place named `keys` stands for a whole array, and one named `attributes` for an object. */
  readonly #parts: readonly (string | Placeholder)[]

  /** @param compile Reads a string of the document as a template. */
  constructor(document: unknown, compile: (text: string) => Template) {
    this.#parts = Array.from(pieces(document, compile))
  }

  /** The JSON text; undefined when the key lacks a part. */
  render(
    textOf: (name: string) => string | undefined,
    keys: readonly string[],
    attributes: Readonly<Record<string, string>> = {},
  ): string | undefined {
    let json = ''
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        json += part
      } else if (part.name === KEYS) {
        json += JSON.stringify(keys)
      } else if (part.name === ALL_ATTRIBUTES) {
        json += JSON.stringify(attributes)
      } else {
        const value = textOf(part.name)
        if (value === undefined) return undefined
        json += escapeJson(value)
      }
    }
    return json
  }
}

function* pieces(node: unknown, compile: (text: string) => Template): Generator<string | Placeholder> {
  if (typeof node === 'string') {
    const template = compile(node)
    const quote = isList(template) ? '' : '"'
    yield quote
    for (const part of template.parts) yield typeof part === 'string' ? escapeJson(part) : part
    yield quote
  } else if (Array.isArray(node)) {
    yield '['
    for (const [at, element] of (node as readonly unknown[]).entries()) {
      if (at > 0) yield ','
      yield* pieces(element, compile)
    }
    yield ']'
  } else if (typeof node === 'object' && node !== null) {
    yield '{'
    for (const [at, [name, value]] of Object.entries(node).entries()) {
      yield `${at > 0 ? ',' : ''}${JSON.stringify(name)}:`
      yield* pieces(value, compile)
    }
    yield '}'
  } else {
    yield JSON.stringify(node)
  }
}
