/**
 * A table that says whether a key exists, for another table's stale "not found" (outage-rules.ts).
 *
 * `@domain` is no proof: everybody exists there, and the backend refuses who does not.
 */
import type { Clock } from '../clock.ts'
import { LookupContext } from '../lookup-context.ts'
import type { Sourced } from '../result.ts'
import type { Table } from '../table.ts'
import type { ProofTable } from './outage-rules.ts'

export class TableProof implements ProofTable {
  readonly name: string
  readonly #table: () => Table | undefined
  readonly #clock: Clock
  readonly #onDefect: (error: unknown, where: string) => void

  /** @param table Finds the table that runs now, so that a reload is followed. */
  constructor(
    name: string,
    table: () => Table | undefined,
    clock: Clock,
    onDefect: (error: unknown, where: string) => void,
  ) {
    this.name = name
    this.#table = table
    this.#clock = clock
    this.#onDefect = onDefect
  }

  knows(key: string, asked: string): boolean {
    const table = this.#table()
    return table?.isKnownFound(table.foldCase ? key.toLowerCase() : asked) ?? false
  }

  prove(key: string, asked: string, found: () => void): void {
    const table = this.#table()
    if (table === undefined) return
    const context = new LookupContext(asked, this.#clock.monotonicMs(), table.deadlineMs, false, undefined)
    const done = ({ result }: Sourced) => {
      if (result.kind === 'found' && this.knows(key, asked)) found()
    }
    try {
      const answer = table.lookup(table.foldCase ? key.toLowerCase() : asked, context)
      if (answer instanceof Promise) {
        context.hasToWait()
        answer.then(done).catch((error) => this.#onDefect(error, `proof table ${this.name}`))
      } else done(answer)
    } catch (error) {
      this.#onDefect(error, `proof table ${this.name}`)
    }
  }
}
