/**
 * A YAML file as plain data that remembers where everything stood.
 *
 * YAML 1.2 core schema: `off`, `yes` and `no` are text, and there are no merge keys. Size,
 * depth and the growth by aliases are bounded, so that no file can exhaust the memory.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Path } from './issue.ts'

/** Plain data. Objects have no prototype, so a key such as `__proto__` is only a key. */
export type Tree = null | boolean | number | string | Tree[] | TreeMap
export interface TreeMap {
  [key: string]: Tree
}

/** Longest file that is read, in characters. Ours: static entries may be many, but not more than this. */
export const MAX_FILE_CHARACTERS = 4 * 1024 * 1024

/** Deepest nesting of maps and lists. Ours: the configuration itself needs about ten. */
const MAX_DEPTH = 64

/** Most values in a file, those that aliases repeat included. Ours, against alias bombs. */
const MAX_NODES = 200_000

const TOO_DEEP = 'is nested too deeply; write it flatter'

/** The parser turns the RangeError of a stack that is used up into one of its own errors, with this text of V8. */
const STACK_EXHAUSTED = /call stack/

/** Where one value and its key begin, as offsets in the text. */
interface Place {
  readonly key: number | undefined
  readonly value: number
  readonly isCollection: boolean
}

/** Something wrong with the text itself. */
export interface DocumentProblem {
  readonly path: Path
  readonly offset: number
  readonly message: string
}

/** A file as it was read, before anything in it was looked at. */
export class SourceDocument {
  readonly tree: Tree
  readonly problems: readonly DocumentProblem[]
  readonly #lines: LineCounter
  readonly #places: ReadonlyMap<string, Place>

  constructor(
    tree: Tree,
    problems: readonly DocumentProblem[],
    lines: LineCounter,
    places: ReadonlyMap<string, Place>,
  ) {
    this.tree = tree
    this.problems = problems
    this.#lines = lines
    this.#places = places
  }

  /** Tells whether the file has something at this path. */
  has(path: Path): boolean {
    return this.#places.has(JSON.stringify(path))
  }

  /** The offset of the key (`key`), or of what an editor should jump to (`value`: maps and lists at their key). */
  offsetOf(path: Path, part: 'key' | 'value'): number {
    const place = this.#places.get(JSON.stringify(path))
    if (place === undefined) return path.length === 0 ? 0 : this.offsetOf(path.slice(0, -1), 'value')
    const atKey = part === 'key' || place.isCollection
    return atKey ? (place.key ?? place.value) : place.value
  }

  /** Line and column of an offset, both from 1. */
  positionOf(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** Reads a YAML text. Never throws: what is wrong stands in `problems`. */
export function readDocument(text: string): SourceDocument {
  const lines = new LineCounter()
  const places = new Map<string, Place>()
  const broken = (offset: number, message: string) =>
    new SourceDocument(null, [{ path: [], offset, message }], lines, places)
  if (text.length > MAX_FILE_CHARACTERS) {
    return broken(0, `is longer than ${MAX_FILE_CHARACTERS / 1024 / 1024} MiB; make it shorter`)
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      // `silent` would also keep quiet about a second document.
      logLevel: 'error',
    })
    if (document.errors.some(({ message }) => STACK_EXHAUSTED.test(message))) return broken(0, TOO_DEEP)
    if (document.errors.length > 0) {
      const problems = document.errors.map((error) => ({
        path: [],
        offset: error.pos[0],
        message: `not valid YAML: ${SYNTAX_WORDS[error.code] ?? firstLine(error.message)}`,
      }))
      return new SourceDocument(null, problems, lines, places)
    }
    const reader = new TreeReader(document, places)
    const tree = reader.read(document.contents, [], undefined)
    return new SourceDocument(tree, reader.problems, lines, places)
  } catch (error) {
    // The parser calls itself for every level: a file of brackets alone exhausts the stack.
    if (error instanceof RangeError) return broken(0, TOO_DEEP)
    throw error
  }
}

/** Where the parser speaks to programmers. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here; one file holds one',
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}

/** Walks the nodes of one document. */
class TreeReader {
  readonly problems: DocumentProblem[] = []
  readonly #document: Document.Parsed
  readonly #places: Map<string, Place>
  #nodes = 0

  constructor(document: Document.Parsed, places: Map<string, Place>) {
    this.#document = document
    this.#places = places
  }

  read(node: unknown, path: Path, keyOffset: number | undefined): Tree {
    const resolved = isAlias(node) ? node.resolve(this.#document) : (node as Node | null | undefined)
    const offset = offsetOf(node) ?? keyOffset ?? 0
    this.#nodes++
    if (isAlias(node) && resolved === undefined) {
      this.problems.push({
        path,
        offset,
        message: `*${node.source} stands for nothing; there is no &${node.source} before it`,
      })
      return null
    }
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) return this.#tooLarge(path, offset)
    const isCollection = isMap(resolved) || isSeq(resolved)
    this.#places.set(JSON.stringify(path), { key: keyOffset, value: offset, isCollection })
    if (isMap(resolved)) return this.#readMap(resolved.items, path)
    if (isSeq(resolved))
      return resolved.items.map((item, index) => this.read(item, [...path, index], undefined))
    return isScalar(resolved) ? plainScalar(resolved.value) : null
  }

  #readMap(items: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): TreeMap {
    const map: TreeMap = Object.create(null)
    for (const { key, value } of items) {
      const offset = offsetOf(key) ?? 0
      const name = keyName(isAlias(key) ? key.resolve(this.#document) : key)
      if (name === undefined) {
        this.problems.push({ path, offset, message: 'has a key that is a map or a list; keys must be text' })
      } else if (Object.hasOwn(map, name)) {
        this.problems.push({
          path,
          offset,
          message: `the key ${JSON.stringify(name)} stands twice; remove one`,
        })
      } else {
        map[name] = this.read(value, [...path, name], offset)
      }
    }
    return map
  }

  #tooLarge(path: Path, offset: number): null {
    const said = this.problems.some(({ message }) => message.startsWith('is too large'))
    if (!said) {
      this.problems.push({
        path: path.slice(0, 3),
        offset,
        message: 'is too large or nested too deeply, with its aliases followed; make it smaller',
      })
    }
    return null
  }
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

/** The text of a key; a number counts as its spelling, so that static entries may have numeric keys. */
function keyName(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  if (typeof key.value === 'string') return key.value
  return key.source ?? String(key.value ?? '')
}

function plainScalar(value: unknown): Tree {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    default:
      return value === null || value === undefined ? null : String(value)
  }
}
