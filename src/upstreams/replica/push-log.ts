/**
 * What the service pushed, noted until a list that may lack it is taken into use: then it is done again over that list.
 *
 * `+` and the result, or `-` where the key is gone. Runs within the transactions of the file.
 */
import type { LmdbTable } from '../lmdb.ts'
import type { KeyChange } from './copy-record.ts'

/** Most pushes that are kept for one list. Ours: with more, the list is read again. */
const MAX_PUSHED = 100_000

export class PushLog {
  readonly #table: LmdbTable<string, string>

  constructor(table: LmdbTable<string, string>) {
    this.#table = table
  }

  get isEmpty(): boolean {
    return Array.from(this.#table.getKeys({ limit: 1 })).length === 0
  }

  has(key: string): boolean {
    return this.#table.get(key) !== undefined
  }

  note([key, result]: KeyChange): void {
    this.#table.putSync(key, result === undefined ? '-' : `+${result}`)
  }

  /** @returns undefined when there are too many to be done again. */
  changes(): readonly KeyChange[] | undefined {
    if (Array.from(this.#table.getKeys({ limit: MAX_PUSHED + 1 })).length > MAX_PUSHED) return undefined
    return this.#all()
  }

  /** Has what another one has, and nothing else. */
  copy(other: PushLog): void {
    this.#table.clearSync()
    for (const change of other.#all()) this.note(change)
  }

  clear(): void {
    if (!this.isEmpty) this.#table.clearSync()
  }

  #all(): readonly KeyChange[] {
    return Array.from(this.#table.getRange(), ({ key, value }): KeyChange => {
      return [key, value.startsWith('+') ? value.slice(1) : undefined]
    })
  }
}
