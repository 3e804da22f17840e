/**
 * An upstream that a table asks without a store: a static one, whose answers are available synchronously.
 */

import type { OthersAnswered, OthersQuestion } from '../resilience/others-answered.ts'
import { type Found, type NotFound, type Sourced, temporary } from '../result.ts'
import type { Answer, Upstream } from '../upstream.ts'
import { LookupContext } from './lookup-context.ts'
import type { KnownAnswer, TableSource } from './table-source.ts'

export class DirectSource implements TableSource {
  readonly name: string
  readonly #table: string
  readonly #upstream: Upstream

  constructor(table: string, upstream: Upstream) {
    this.name = upstream.name
    this.#table = table
    this.#upstream = upstream
  }

  ask(key: string, { attributes, deadlineMs, explanation }: LookupContext): Sourced | Promise<Sourced> {
    const answer = this.#upstream.ask({
      table: this.#table,
      key,
      attributes,
      deadlineMs,
      explanation,
      hasWaiters: true,
      onAbandoned: () => {}, // the only one who waits does so to the end
    })
    return answer instanceof Promise ? answer.then(sourced) : sourced(answer)
  }

  /** What is available synchronously does not depend on a service. */
  askOffline(key: string): Found | NotFound | undefined {
    const answer = this.ask(key, new LookupContext(key, 0, 0, false, undefined))
    if (answer instanceof Promise) return undefined
    const { result } = answer
    return result.kind === 'found' || result.kind === 'notfound' ? result : undefined
  }

  /** An answer that is available synchronously is always known, and always current. */
  known(key: string): KnownAnswer | undefined {
    const result = this.askOffline(key)
    if (result === undefined) return undefined
    return { result, ageMs: 0, foundForMs: Number.POSITIVE_INFINITY, confirmedByCanary: true }
  }

  get goodAtMs(): number {
    return this.#upstream.health.goodAtMs
  }

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    return this.#upstream.health.answersOthers(question)
  }

  protect(): void {}
}

function sourced({ result, source }: Answer): Sourced {
  if (result.kind !== 'notmodified') return { result, source }
  return {
    result: temporary('defect', 'an upstream said "not modified" to a question without a condition'),
    source,
  }
}
