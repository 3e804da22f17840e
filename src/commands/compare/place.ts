/**
 * How far a comparison has come, in a file, so that the next call goes on from there.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { OUTCOMES, type Outcome } from '../../core/shadow/comparison.ts'
import { CommandError, EXIT_NOT_WRITTEN, EXIT_USAGE } from '../exit-codes.ts'

/** What was counted. */
export type Totals = Record<Outcome | 'found in both', number>

export interface Progress {
  /** Lines of the list that are done, and their bytes. */
  lines: number
  bytes: number
  readonly totals: Totals
}

/** What is compared: a place is of no use for anything else. */
export interface Comparison {
  readonly a: string
  readonly b: string
  readonly keys: string
  readonly exact: boolean
  readonly usedBy?: string | undefined
  readonly recipientDelimiter?: string | undefined
}

export function nothingDone(): Progress {
  const totals = Object.fromEntries([...OUTCOMES, 'found in both'].map((name) => [name, 0])) as Totals
  return { lines: 0, bytes: 0, totals }
}

export class Place {
  readonly #file: string
  readonly #comparison: Comparison

  constructor(file: string, comparison: Comparison) {
    this.#file = file
    this.#comparison = comparison
  }

  /** Where the last call stopped; the beginning where there is no file. @throws CommandError for another comparison's file. */
  async read(): Promise<Progress> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothingDone()
      throw new CommandError(EXIT_USAGE, `${this.#file}: cannot be read: ${(error as Error).message}`)
    }
    const kept = parse(text)
    const { a, b, keys, exact, usedBy, recipientDelimiter } = this.#comparison
    if (
      kept?.a === a &&
      kept.b === b &&
      kept.keys === keys &&
      kept.exact === exact &&
      kept.usedBy === usedBy &&
      kept.recipientDelimiter === recipientDelimiter &&
      kept.progress !== undefined
    )
      return kept.progress
    throw new CommandError(
      EXIT_USAGE,
      `${this.#file}: is not the place of this comparison; name another file, or delete it to start over`,
    )
  }

  /** Written beside and renamed: a call that is killed leaves the place before, whole. */
  async write(progress: Progress): Promise<void> {
    const beside = `${this.#file}.new`
    try {
      await writeFile(beside, `${JSON.stringify({ ...this.#comparison, progress })}\n`, { mode: 0o600 })
      await rename(beside, this.#file)
    } catch (error) {
      throw new CommandError(
        EXIT_NOT_WRITTEN,
        `${this.#file}: cannot be written: ${(error as Error).message}`,
      )
    }
  }

  /** The comparison is complete. */
  async remove(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}

function parse(text: string): (Partial<Comparison> & { progress?: Progress }) | undefined {
  try {
    const kept = JSON.parse(text) as Partial<Comparison> & { progress?: Progress }
    const { progress } = kept ?? {}
    const isWhole =
      Number.isSafeInteger(progress?.lines) &&
      Number.isSafeInteger(progress?.bytes) &&
      Object.keys(nothingDone().totals).every((name) =>
        Number.isSafeInteger(progress?.totals?.[name as Outcome]),
      )
    return isWhole ? kept : undefined
  } catch {
    return undefined
  }
}
