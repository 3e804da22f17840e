/**
 * JSONPath filters and descents within bounds: no reply of a service may keep the event loop for long.
 *
 * A path is the operator's and a document is not: `$..[?count(@..*) > 9]` visits every part of a document once for
 * each of its parts, and a regular expression of JavaScript may need longer than the universe for 60 characters.
 * So every step that json-p3 makes is counted, and `match()` and `search()` run on RE2, whose time is linear in
 * the text. Their patterns must be in the path: one out of the document would be a stranger's.
 */
import { JSONPathEnvironment, JSONPathNode, type JSONPathQuery, type JSONValue, jsonpath } from 'json-p3'
import { RE2JS } from 're2js'

/** Deepest nesting that `..` descends into. Ours: RFC 9535 sets no limit; json-p3's own default is 50. */
const MAX_DEPTH = 50

/** Longest text that match() and search() look at, in characters. Ours: names, addresses and states are short. */
const MAX_REGEXP_SUBJECT = 1024

/** Most steps of one path in one document: nodes visited, characters matched. Ours: about a quarter of a second. */
const MAX_STEPS = 500_000

/** A document that needs more steps than there are, or is nested too deep. */
class TooMuchWork extends RangeError {}

let stepsLeft = 0

/** Gives the next path its steps: one path is applied at a time, since nothing in it waits. */
export function beginSteps(): void {
  stepsLeft = MAX_STEPS
}

function spend(steps: number): void {
  stepsLeft -= steps
  if (stepsLeft < 0) throw new TooMuchWork('the document has too many parts for this path')
}

/**
 * Compiles a path, every part of which counts its steps.
 *
 * @throws Error for a text that is no JSONPath, or one that is not allowed here.
 */
export function compileWithin(text: string): JSONPathQuery {
  const query = environment.compile(text)
  bound(query, new Set())
  return query
}

/** Walks over all that a compiled path consists of, the paths in its filters too. */
function bound(part: unknown, seen: Set<unknown>): void {
  if (typeof part !== 'object' || part === null || part === environment || seen.has(part)) return
  seen.add(part)
  if (part instanceof jsonpath.JSONPathSegment && 'visit' in part) Object.assign(part, { visit })
  if (part instanceof jsonpath.selectors.JSONPathSelector) countSteps(part)
  if (part instanceof jsonpath.expressions.FunctionExtension) checkPattern(part)
  for (const inner of Object.values(part)) bound(inner, seen)
}

/** In place of `DescendantSegment.visit`: the same order (RFC 9535 section 2.5.2.2), counted. */
function* visit(node: JSONPathNode, depth = 1): Generator<JSONPathNode> {
  if (depth >= MAX_DEPTH) throw new TooMuchWork('nested too deep')
  spend(1)
  yield node
  const { value, location, root } = node
  if (Array.isArray(value)) {
    for (const [at, child] of (value as JSONValue[]).entries()) {
      yield* visit(new JSONPathNode(child, location.concat(at), root), depth + 1)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      yield* visit(new JSONPathNode(child as JSONValue, location.concat(name), root), depth + 1)
    }
  }
}

/** A selector looks at its node, and all but names and indexes at every child of it. */
function countSteps(selector: jsonpath.selectors.JSONPathSelector): void {
  const looksAtOne =
    selector instanceof jsonpath.selectors.NameSelector ||
    selector instanceof jsonpath.selectors.IndexSelector
  const resolve = selector.resolve.bind(selector)
  const lazyResolve = selector.lazyResolve.bind(selector)
  const count = (node: JSONPathNode): void => spend(looksAtOne ? 1 : 1 + childrenOf(node.value))
  Object.assign(selector, {
    resolve: (node: JSONPathNode) => {
      count(node)
      return resolve(node)
    },
    lazyResolve: (node: JSONPathNode) => {
      count(node)
      return lazyResolve(node)
    },
  })
}

function childrenOf(value: unknown): number {
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** @throws TypeError for match() or search() whose pattern is not a literal I-Regexp (RFC 9485). */
function checkPattern({ name, args }: jsonpath.expressions.FunctionExtension): void {
  if (name !== 'match' && name !== 'search') return
  const pattern = args[1]
  if (!(pattern instanceof jsonpath.expressions.StringLiteral)) {
    throw new TypeError(`${name}() needs a pattern that is in the path itself, in quotes`)
  }
  // json-p3's own function throws for what is no I-Regexp.
  new jsonpath.functions.Search({ throwErrors: true }).call('', pattern.value)
  compiled(pattern.value, name)
}

/** By function and pattern; as many as the configuration has. */
const patterns = new Map<string, RE2JS>()

function compiled(pattern: string, name: 'match' | 'search'): RE2JS {
  const id = `${name} ${pattern}`
  let regexp = patterns.get(id)
  if (regexp === undefined) {
    const source = withoutLineEnds(pattern)
    regexp = RE2JS.compile(name === 'match' ? `^(?:${source})$` : source)
    patterns.set(id, regexp)
  }
  return regexp
}

/** A dot of an I-Regexp is any character but LF and CR (RFC 9485 section 5.3). */
function withoutLineEnds(pattern: string): string {
  return pattern.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\./gsu, (part) => (part === '.' ? '[^\\n\\r]' : part))
}

function test(name: 'match' | 'search', subject: unknown, pattern: unknown): boolean {
  if (typeof subject !== 'string' || typeof pattern !== 'string') return false
  if (subject.length > MAX_REGEXP_SUBJECT) throw new TooMuchWork('text too long for a regular expression')
  spend(subject.length)
  return compiled(pattern, name).matcher(subject).find()
}

const environment = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH })
for (const name of ['match', 'search'] as const) {
  const original = environment.functionRegister.get(name)
  if (original === undefined) throw new TypeError(`json-p3 has no ${name}()`)
  const { argTypes, returnType } = original
  const call = (subject: unknown, pattern: unknown): boolean => test(name, subject, pattern)
  environment.functionRegister.set(name, { argTypes, returnType, call })
}

// RFC 9535 section 2.4.4 counts the characters of a text, which takes a step for each.
const length = environment.functionRegister.get('length')
if (length !== undefined) {
  const { argTypes, returnType } = length
  const call = (value: unknown): unknown => {
    if (typeof value === 'string') spend(value.length)
    return length.call(value)
  }
  environment.functionRegister.set('length', { argTypes, returnType, call })
}
