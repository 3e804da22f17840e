/**
 * One upstream of a table that is asked by attributes: answers are stored and questions shared by those that `cacheBy` names. Where
 * one of them is not known, the upstream is asked each time: all who lack it have nothing else in common.
 *
 * Nothing stored is known by the name of a question, which a stranger chooses.
 */

import type { OthersAnswered, OthersQuestion } from '../resilience/others-answered.ts'
import type { Sourced } from '../result.ts'
import type { LookupContext } from './lookup-context.ts'
import type { TableSource } from './table-source.ts'

export class QuestionSource implements TableSource {
  readonly name: string
  readonly #storing: TableSource
  readonly #asking: TableSource

  /** @param asking The same upstream without a store. */
  constructor(storing: TableSource, asking: TableSource) {
    this.name = storing.name
    this.#storing = storing
    this.#asking = asking
  }

  ask(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    return (context.storeKey === undefined ? this.#asking : this.#storing).ask(key, context)
  }

  askOffline(): undefined {
    return undefined
  }

  known(): undefined {
    return undefined
  }

  get goodAtMs(): number {
    return this.#asking.goodAtMs
  }

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    return this.#asking.answersOthers?.(question)
  }

  protect(): void {}
}
