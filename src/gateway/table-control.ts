/**
 * What an operator may see of one table and do with it, by its name: the admin API asks for it. A name that is not configured is
 * answered by undefined.
 */
import type { Control, PurgeWhat } from '../admin/ports.ts'
import type { Clock } from '../core/clock.ts'
import type { ReplicaControl } from '../core/replica/replica-status.ts'
import type { Temporary } from '../core/result.ts'
import type { ShadowDifference } from '../core/shadow/shadow-record.ts'
import type { PurgeReach } from '../core/status.ts'
import type { TableStore } from '../core/store/store.ts'
import { entryElsewhere, purgeElsewhere } from './elsewhere.ts'
import type { Generation } from './generation.ts'
import { confirmLoss, purgeTable, replicaOf, storeOf } from './running-table.ts'
import type { StoredAnswers } from './stored-answers.ts'

/** The part of the admin API's port that is about single tables. */
export type TablePort = Pick<
  Control,
  'purge' | 'purgeElsewhere' | 'entryElsewhere' | 'confirmLoss' | 'replica' | 'store' | 'shadowDifferences'
>

export class TableControl implements TablePort {
  /** The one in use. */
  readonly #generation: () => Generation
  readonly #answers: StoredAnswers
  readonly #clock: Clock

  constructor(generation: () => Generation, answers: StoredAnswers, clock: Clock) {
    this.#generation = generation
    this.#answers = answers
    this.#clock = clock
  }

  /**
   * Forgets stored answers of a table, or what Postfix wrote of it.
   *
   * @returns How many; undefined for a table that is not configured.
   */
  async purge(name: string, what: PurgeWhat): Promise<number | Temporary | 'not-by-key' | undefined> {
    const running = this.#generation().tables.get(name)
    if (running === undefined) return undefined
    this.#answers.saveSoon(() => this.#generation().tables)
    return purgeTable(running, what)
  }

  /** Makes the other gateways forget them, too. @returns Undefined where they share nothing with this one. */
  purgeElsewhere(name: string, what: PurgeWhat): Promise<PurgeReach> | undefined {
    return purgeElsewhere(this.#generation(), name, what)
  }

  /** Puts an entry of a list into the copies of the other gateways, too. */
  entryElsewhere(name: string, key: string, item: unknown): void {
    entryElsewhere(this.#generation(), name, key, item)
  }

  /** The operator says that lost keys are gone on purpose. @returns False where no loss was held back. */
  confirmLoss(name: string): boolean | undefined {
    const running = this.#generation().tables.get(name)
    return running && confirmLoss(running, this.#clock.monotonicMs())
  }

  /** The copy of a table; `none` for a table that is asked key by key, undefined for one that is not configured. */
  replica(name: string): ReplicaControl | 'none' | undefined {
    const running = this.#generation().tables.get(name)
    return running && (replicaOf(running.asked)?.control ?? 'none')
  }

  /** Where a table and its shadow differed last; `none` for a table without one. */
  shadowDifferences(name: string): readonly ShadowDifference[] | 'none' | undefined {
    const running = this.#generation().tables.get(name)
    return running && (running.shadow?.record.differences ?? 'none')
  }

  /** What Postfix writes of a table; undefined for a table that is not configured. */
  store(name: string): TableStore | 'read-only' | undefined {
    const running = this.#generation().tables.get(name)
    return running && (storeOf(running) ?? 'read-only')
  }
}
