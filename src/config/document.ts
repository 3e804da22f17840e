/**
 * A YAML file as plain data that remembers where everything was.
 *
 * YAML 1.2 core schema: `off`, `yes` and `no` are text, and there are no merge keys. Size,
 * depth and the growth by aliases are bounded, so that no file can exhaust the memory.
 */
import { LineCounter, parseDocument, type YAMLError } from 'yaml'
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

/** Reads a YAML text. Never throws: what is wrong is in `problems`. */
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
    // What the parser finds behind its first error follows from it.
    const errors = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]).slice(0, 1)
    if (errors.length + lost.length > 0) {
      const problems = [...errors, ...lost].map((error) => ({
        path: [],
        offset: error.pos[0],
        message: `not valid YAML: ${syntaxWords(error, text)}`,
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

/** Where the parser speaks to programmers, or quotes what is there, which may be a secret. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  BAD_DIRECTIVE: 'a line that begins with % is not a directive that YAML knows; remove it',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes begins no escape that YAML knows; double it, or use single quotes',
  MULTIPLE_DOCS: 'a second document begins here; one file holds one',
  TAG_RESOLVE_FAILED: 'a text that begins with ! must be quoted',
}

/** A place of a template, or a reference, outside of quotes: to YAML a map begins there. */
const UNQUOTED_BRACES = /\{[\w.:/-]+\}/

/** To its end, or to that of the line: so it is looked for once. */
const QUOTED = /"(?:[^"\\]|\\.)*"?|'[^']*'?/g

/** What is wrong, and the hint that helps most often. Nothing of the text itself is told. */
function syntaxWords({ code, message, pos }: YAMLError, text: string): string {
  if (code !== 'TAG_RESOLVE_FAILED' && hasUnquotedBraces(lineAt(text, pos[0])))
    return 'a text with { } must be in quotes, such as "/aliases/{key}"'
  if (/^Unexpected .*(?:token|at node end)/.test(message))
    return 'what is here cannot follow what is before it; is a quote, comma or bracket missing?'
  return SYNTAX_WORDS[code] ?? withoutSource(message)
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', start)
  return text.slice(start, end === -1 ? undefined : end)
}

function hasUnquotedBraces(line: string): boolean {
  return UNQUOTED_BRACES.test(line.replace(QUOTED, '').replace(/(?:^|\s)#.*/, ''))
}

/** The first line, without what it quotes behind a colon. */
function withoutSource(message: string): string {
  return message.split(/\n|: /, 1)[0] ?? message
}
