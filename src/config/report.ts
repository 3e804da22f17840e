/**
 * Collects what is wrong, and finds the place in the file for each.
 */
import type { Problem } from '../schema/problem.ts'
import type { Path } from '../schema/tree.ts'
import type { SourceDocument } from './document.ts'
import { type ConfigIssue, formatPath } from './issue.ts'

/** A sentence that is made of the words of the schema, or of the file's own text, has no code. */
type Said = Problem | string

/**
 * Errors and warnings of one file.
 *
 * What is broken is reported once: the checks that follow see something harmless in its place,
 * and what they say about it, about its parts or about what it is a part of is dropped.
 */
export class Report {
  readonly errors: ConfigIssue[] = []
  readonly warnings: ConfigIssue[] = []
  /** JSON of the paths that are wrong, and of everything above them. */
  readonly #broken = new Set<string>()
  readonly #aboveBroken = new Set<string>()
  readonly #file: string
  readonly #document: SourceDocument

  constructor(file: string, document: SourceDocument) {
    this.#file = file
    this.#document = document
  }

  /** Remembers that the value at this path is wrong, and that this was said. */
  markBroken(path: Path): void {
    this.#broken.add(JSON.stringify(path))
    for (const above of prefixes(path)) this.#aboveBroken.add(above)
  }

  /** Returns whether this value, or one that it is a part of, is known to be wrong. */
  isBroken(path: Path): boolean {
    return prefixes(path).some((part) => this.#broken.has(part))
  }

  /** @param part Where to point: at the value (maps and lists at their key), or always at the key. */
  error(path: Path, said: Said, part: 'key' | 'value' = 'value'): void {
    this.#add(this.errors, path, said, part)
  }

  warning(path: Path, said: Said, part: 'key' | 'value' = 'value'): void {
    this.#add(this.warnings, path, said, part)
  }

  /** An error at an offset of the text. */
  errorAt(offset: number, path: Path, said: Said): void {
    const position = this.#document.positionOf(offset)
    this.errors.push({ file: this.#file, ...position, path: formatPath(path), ...asSaid(said) })
  }

  /** An error of exactly this value, whatever is known of its parts. */
  errorHere(path: Path, said: Said): void {
    const written = this.#whereWritten(path)
    this.errorAt(this.#document.offsetOf(written, 'value'), written, said)
  }

  /** An error about one key of the map at `path`: the text names the map, the position is that of the key. */
  keyError(path: Path, key: string, said: Said): void {
    if (this.isKnown([...path, key])) return
    this.errorAt(this.#document.offsetOf([...path, key], 'key'), path, said)
  }

  /** Sorts by place, and drops what was said twice: a setting in `defaults:` is seen for every table. */
  finish(): void {
    for (const list of [this.errors, this.warnings]) {
      list.sort((a, b) => a.line - b.line || a.column - b.column)
      const unique = new Map(list.map((issue) => [JSON.stringify(issue), issue]))
      list.length = 0
      for (const issue of unique.values()) list.push(issue)
    }
  }

  /** Returns whether this value, one that it is a part of, or a part of it is known to be wrong. */
  isKnown(path: Path): boolean {
    return this.isBroken(path) || this.#aboveBroken.has(JSON.stringify(path))
  }

  #add(list: ConfigIssue[], path: Path, said: Said, part: 'key' | 'value'): void {
    const written = this.#whereWritten(path)
    if (this.isKnown(written)) return
    const position = this.#document.positionOf(this.#document.offsetOf(written, part))
    list.push({ file: this.#file, ...position, path: formatPath(written), ...asSaid(said) })
  }

  /** A setting of a table or upstream may be in `defaults`: then that is the place to fix. */
  #whereWritten(path: Path): Path {
    const [section, , ...rest] = path
    if (this.#document.has(path) || rest.length === 0) return path
    const kind = section === 'tables' ? 'table' : section === 'upstreams' ? 'upstream' : undefined
    if (kind === undefined) return path
    const inDefaults = ['defaults', kind, ...rest]
    return this.#document.has(inDefaults) ? inDefaults : path
  }
}

function asSaid(said: Said): Problem | { readonly message: string } {
  return typeof said === 'string' ? { message: said } : said
}

/** JSON of a path and of everything above it. */
function prefixes(path: Path): readonly string[] {
  return path.map((_, index) => JSON.stringify(path.slice(0, index + 1)))
}
