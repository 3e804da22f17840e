/**
 * JSONPath (RFC 9535) with bounds: what a path selects in a service's reply, without letting a
 * strange reply cost more than its size allows.
 */
import { JSONPathError, type JSONPathQuery, type JSONValue } from 'json-p3'
import { beginSteps, compileWithin } from './json-path-budget.ts'

/** What a path selected: `over` when there were more than asked for, or it could not be applied at all. */
type Selection =
  | { readonly kind: 'nodes'; readonly values: readonly unknown[] }
  | { readonly kind: 'too-many' }
  | { readonly kind: 'failed' }

/** A compiled path. */
export class JsonPath {
  readonly #query: JSONPathQuery
  readonly #steps: readonly Step[] | undefined

  /** @throws TypeError for a text that is no JSONPath: the configuration was not checked. */
  constructor(text: string) {
    try {
      this.#query = compileWithin(text)
      this.#steps = stepsOf(this.#query)
    } catch (error) {
      if (error instanceof Error) throw new TypeError(`not a JSONPath: ${error.message}`)
      throw error
    }
  }

  /**
   * Applies the path to a decoded JSON document.
   *
   * @param maxNodes Most nodes to select; the search ends at the next one.
   */
  select(document: unknown, maxNodes: number): Selection {
    if (this.#steps !== undefined && maxNodes > 0) return follow(this.#steps, document)
    const values: unknown[] = []
    beginSteps()
    try {
      for (const node of this.#query.lazyQuery(document as JSONValue)) {
        if (values.length === maxNodes) return { kind: 'too-many' }
        values.push(node.value)
      }
    } catch (error) {
      // Nested too deep, too many steps, a text too long for a regular expression, or the stack.
      if (error instanceof JSONPathError || error instanceof RangeError) return { kind: 'failed' }
      throw error
    }
    return { kind: 'nodes', values }
  }
}

/** One name or index of a path that selects one node at most. */
type Step = string | number

/**
 * The steps of a singular query (RFC 9535 section 2.3.5.1), such as `$.data[0].goto`: nearly every
 * path is one. Following it here costs a tenth of what the library needs (bench/RESULTS.md).
 *
 * @returns undefined for any other path.
 */
function stepsOf(query: JSONPathQuery): readonly Step[] | undefined {
  if (!query.singularQuery()) return undefined
  const steps: Step[] = []
  for (const { selectors } of query.segments as readonly { readonly selectors: readonly object[] }[]) {
    const [selector] = selectors
    const step = selector && (selector as { readonly name?: unknown; readonly index?: unknown })
    if (typeof step?.name === 'string') steps.push(step.name)
    else if (typeof step?.index === 'number') steps.push(step.index)
    else return undefined
  }
  return steps
}

/** A name is of an object and an index of an array; a negative index counts from the end. */
function follow(steps: readonly Step[], document: unknown): Selection {
  let node = document
  for (const step of steps) {
    if (typeof step === 'number') {
      if (!Array.isArray(node)) return NOTHING
      const index = step < 0 ? node.length + step : step
      if (index < 0 || index >= node.length) return NOTHING
      node = (node as readonly unknown[])[index]
    } else {
      if (typeof node !== 'object' || node === null || Array.isArray(node)) return NOTHING
      if (!Object.hasOwn(node, step)) return NOTHING
      node = (node as Readonly<Record<string, unknown>>)[step]
    }
  }
  return { kind: 'nodes', values: [node] }
}

const NOTHING: Selection = { kind: 'nodes', values: [] }

/** Says what is wrong with a JSONPath, undefined when nothing is: for the check of a configuration. */
export function jsonPathError(text: string): string | undefined {
  try {
    new JsonPath(text)
    return undefined
  } catch (error) {
    if (error instanceof TypeError) return error.message.replace(/^not a JSONPath: /, '')
    throw error
  }
}
