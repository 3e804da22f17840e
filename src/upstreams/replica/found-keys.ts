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
  /** The number of the last list or changes that were asked for by then. */
  readonly round: number
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
    // Files of earlier versions have no round.
    const [atMs, round = 0] = text.slice(0, end).split('.')
    return { result: text.slice(end + 1), atMs: Number(atMs), round: Number(round) }
  }

  /**
   * @param keys Without a result where the service said "not found".
   * @param inUse The round of the list in use: what was found before it is older.
   */
  note(keys: ReadonlyMap<string, FoundKey | undefined>, inUse: number): void {
    let count = Array.from(this.#table.getKeys({ limit: MAX_FOUND })).length
    for (const [key, found] of keys) {
      const isThere = this.#table.get(key) !== undefined
      if (found === undefined) this.forget(key)
      else if (found.round >= inUse && (isThere || count < MAX_FOUND)) {
        this.#table.putSync(key, `${found.atMs}.${found.round} ${found.result}`)
        if (!isThere) count++
      }
    }
  }

  forget(key: string): void {
    if (this.#table.get(key) !== undefined) this.#table.removeSync(key)
  }

  /** Those that were found before the list of a round was asked for. */
  before(round: number): readonly string[] {
    return Array.from(this.#table.getKeys()).filter((key) => this.#roundOf(key) < round)
  }

  /** Forgets those that are listed now, and those that are older than a list. */
  forgetOld(isListed: (key: string) => boolean, isOlder: (found: FoundKey) => boolean): void {
    for (const key of Array.from(this.#table.getKeys())) {
      const found = this.get(key)
      if (found !== undefined && (isListed(key) || isOlder(found))) this.forget(key)
    }
  }

  /** Forgets those that were found before the list of a round was asked for. */
  forgetBefore(round: number): void {
    for (const key of this.before(round)) this.forget(key)
  }

  lastRound(): number {
    return Array.from(this.#table.getKeys()).reduce((last, key) => Math.max(last, this.#roundOf(key)), 0)
  }

  clear(): void {
    this.#table.clearSync()
  }

  #roundOf(key: string): number {
    return this.get(key)?.round ?? 0
  }
}
