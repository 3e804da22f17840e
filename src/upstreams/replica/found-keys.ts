/**
 * Keys that a lookup found at the service and that the copy lacks, with their results: a user who was made after the
 * list. They are kept beside the copy, so that a restart in an outage does not call them "not found".
 *
 * A key is forgotten when a push or the changes have a word about it, when the service says "not found", and when a list
 * was taken into use that was asked for after it: whether it has the key or lacks it. Runs within the transactions of the
 * file, but for `get`.
 */
import type { LmdbTable } from '../lmdb.ts'

/** Most keys that are kept. Ours: of a table that finds every address, the list says nothing anyway. */
const MAX_FOUND = 10_000

export interface FoundKey {
  readonly result: string
  /** Wall clock ms at which the service found it. */
  readonly atMs: number
}

export class FoundKeys {
  readonly #table: LmdbTable<string, string>

  constructor(table: LmdbTable<string, string>) {
    this.#table = table
  }

  get(key: string): FoundKey | undefined {
    const text = this.#table.get(key)
    if (text === undefined) return undefined
    const end = text.indexOf(' ')
    return { result: text.slice(end + 1), atMs: Number(text.slice(0, end)) }
  }

  /** @param keys Without a result where the service said "not found". */
  note(keys: ReadonlyMap<string, FoundKey | undefined>): void {
    let count = Array.from(this.#table.getKeys({ limit: MAX_FOUND })).length
    for (const [key, found] of keys) {
      const isThere = this.#table.get(key) !== undefined
      if (found === undefined) this.forget(key)
      else if (isThere || count < MAX_FOUND) {
        this.#table.putSync(key, `${found.atMs} ${found.result}`)
        if (!isThere) count++
      }
    }
  }

  forget(key: string): void {
    if (this.#table.get(key) !== undefined) this.#table.removeSync(key)
  }

  /** Those that were found before `sinceMs`. */
  before(sinceMs: number): readonly string[] {
    return Array.from(this.#table.getKeys()).filter((key) => (this.get(key)?.atMs ?? 0) < sinceMs)
  }

  /** Forgets those that are listed now, and those of before `sinceMs`. */
  forgetOld(isListed: (key: string) => boolean, sinceMs: number): void {
    for (const key of Array.from(this.#table.getKeys()))
      if (isListed(key) || (this.get(key)?.atMs ?? 0) < sinceMs) this.forget(key)
  }

  clear(): void {
    this.#table.clearSync()
  }
}
