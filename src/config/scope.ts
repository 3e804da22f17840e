/**
 * Gives a check its place in the file, and the report to write to.
 */
import type { Problem } from '../schema/problem.ts'
import type { Scope } from '../schema/scope.ts'
import { type Path, type TreeMap, valueAt } from '../schema/tree.ts'
import type { Report } from './report.ts'

/** What all scopes of one file share. */
interface CheckedFile {
  /** With its own `defaults:` merged and without those of the schema: what somebody wrote. */
  readonly written: TreeMap
  /** With all defaults. */
  readonly filled: TreeMap
  readonly report: Report
  /** Decides whether a value may be quoted: not where a reference or a secret is. */
  readonly mayQuote: (path: Path) => boolean
}

export class FileScope implements Scope {
  readonly #file: CheckedFile
  readonly #base: Path

  constructor(file: CheckedFile, base: Path = []) {
    this.#file = file
    this.#base = base
  }

  within(at: Path): FileScope {
    return new FileScope(this.#file, this.#path(at))
  }

  error(at: Path, problem: Problem, part: 'key' | 'value' = 'value'): void {
    this.#file.report.error(this.#path(at), problem, part)
  }

  warning(at: Path, problem: Problem, part: 'key' | 'value' = 'value'): void {
    this.#file.report.warning(this.#path(at), problem, part)
  }

  keyError(at: Path, key: string, problem: Problem): void {
    this.#file.report.keyError(this.#path(at), key, problem)
  }

  show(at: Path, value: string): string {
    return this.#file.mayQuote(this.#path(at)) ? JSON.stringify(value) : 'the value'
  }

  isWritten(at: Path): boolean {
    return valueAt(this.#file.written, this.#path(at)) !== undefined
  }

  isBroken(at: Path): boolean {
    return this.#file.report.isKnown(this.#path(at))
  }

  textAt(at: Path): string {
    return String(valueAt(this.#file.filled, this.#path(at)) ?? '')
  }

  #path(at: Path): Path {
    return [...this.#base, ...at]
  }
}
