/**
 * A YAML file as plain data that remembers where everything stood.
 *
 * YAML 1.2 core schema: `off`, `yes` and `no` are text, and there are no merge keys. Size,
 * depth and the growth by aliases are bounded, so that no file can exhaust the memory.
 */
import { LineCounter, parseDocument } from 'yaml'
import type { Path, Tree } from '../schema/tree.ts'
import { type DocumentProblem, type SourcePosition, TreeReader } from './tree-reader.ts'

/** Longest file that is read, in characters. Ours: static entries may be many, but not more than this. */
export const MAX_FILE_CHARACTERS = 4 * 1024 * 1024

const TOO_DEEP = 'is nested too deeply; write it flatter'

/** The parser turns the RangeError of a stack that is used up into one of its own errors, with this text of V8. */
const STACK_EXHAUSTED = /call stack/

/** A file as it was read, before anything in it was looked at. */
export class SourceDocument {
  readonly tree: Tree
  readonly problems: readonly DocumentProblem[]
  readonly #lines: LineCounter
  readonly #places: ReadonlyMap<string, SourcePosition>

  constructor(
    tree: Tree,
    problems: readonly DocumentProblem[],
    lines: LineCounter,
    places: ReadonlyMap<string, SourcePosition>,
  ) {
    this.tree = tree
    this.problems = problems
    this.#lines = lines
    this.#places = places
  }

  /** Returns whether the file has something at this path. */
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
  const places = new Map<string, SourcePosition>()
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
    // To the parser a tag that it does not know is a warning; the value would be lost.
    const lost = document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')
    if (document.errors.length + lost.length > 0) {
      const problems = [...document.errors, ...lost].map((error) => ({
        path: [],
        offset: error.pos[0],
        message: `not valid YAML: ${SYNTAX_WORDS[error.code] ?? withoutSource(error.message)}`,
      }))
      return new SourceDocument(null, problems, lines, places)
    }
    const reader = new TreeReader(places)
    const tree = reader.read(document.contents, [], undefined)
    return new SourceDocument(tree, reader.problems, lines, places)
  } catch (error) {
    // The parser calls itself for every level: a file of brackets alone exhausts the stack.
    if (error instanceof RangeError) return broken(0, TOO_DEEP)
    throw error
  }
}

/** Where the parser speaks to programmers, or quotes what stands there, which may be a secret. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  BAD_DIRECTIVE: 'a line that begins with % is no directive that YAML knows; remove it',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes begins no escape that YAML knows; double it, or use single quotes',
  MULTIPLE_DOCS: 'a second document begins here; one file holds one',
  TAG_RESOLVE_FAILED: 'a text that begins with ! must be quoted',
}

/** The first line, without what it quotes behind a colon. */
function withoutSource(message: string): string {
  return message.split(/\n|: /, 1)[0] ?? message
}
