/**
 * Whether the service answers others while a key that the copy lacks fails: then it is this key that fails, and it may
 * be one of a user who was made after the copy.
 *
 * The upstream knows, where a question is known to it. A table with a copy hardly asks its service for keys that are
 * found, so that often none is: then a key of the copy is asked for, which the service must find, or say that it is gone.
 */
import type { Clock } from '../clock.ts'
import { CHECK_PAUSE_MS } from '../resilience/circuit-limits.ts'
import type { OthersAnswered } from '../resilience/others-answered.ts'
import type { LookupResult, Sourced } from '../result.ts'
import { LookupContext } from '../source/lookup-context.ts'
import type { TableSource } from '../source/table-source.ts'
import type { TableCopy } from './table-copy.ts'

export class AnswersForCopy {
  readonly #service: TableSource
  readonly #copy: Pick<TableCopy, 'neighbour'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #asking: Promise<boolean> | undefined
  /** What a key of the copy said last. */
  #verdict: { readonly yes: boolean; readonly atMs: number } | undefined

  constructor(service: TableSource, copy: Pick<TableCopy, 'neighbour'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#service = service
    this.#copy = copy
    this.#clock = clock
  }

  /**
   * @param failure What the service said of the key.
   * @param sinceMs When the lookup began, monotonic ms.
   * @returns True also where there is no time left to see it: then nobody knows. A promise does not reject, and settles
   *   about by the deadline.
   */
  at(
    key: string,
    failure: LookupResult,
    { deadlineMs }: Pick<LookupContext, 'deadlineMs'>,
    sinceMs: number,
  ): boolean | Promise<boolean> {
    // A service that is known to be down is not waited for until the deadline.
    if (this.#clock.monotonicMs() >= deadlineMs && 'cause' in failure && failure.cause === 'timeout')
      return true
    const answers = this.#service.answersOthers({ sinceMs, deadlineMs })
    if (answers instanceof Promise) return answers.then((later) => this.#orCopied(later, key, deadlineMs))
    return this.#orCopied(answers, key, deadlineMs)
  }

  #orCopied(answers: OthersAnswered, key: string, deadlineMs: number): boolean | Promise<boolean> {
    return answers === undefined ? this.#askCopied(key, deadlineMs) : answers === true
  }

  #askCopied(key: string, deadlineMs: number): boolean | Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#verdict !== undefined && nowMs - this.#verdict.atMs < CHECK_PAUSE_MS) return this.#verdict.yes
    if (this.#asking !== undefined) return this.#asking
    const other = this.#copy.neighbour(key)
    if (other === undefined) return false
    const context = new LookupContext(other, nowMs, Math.max(0, deadlineMs - nowMs), true, undefined)
    const answer = this.#service.ask(other, context)
    if (!(answer instanceof Promise)) return this.#decide(answer)
    this.#asking = answer.then((later) => this.#decide(later))
    return this.#asking
  }

  #decide({ result }: Sourced): boolean {
    // It may have been deleted after the copy: who says so answers.
    const yes = result.kind === 'found' || result.kind === 'notfound'
    this.#asking = undefined
    this.#verdict = { yes, atMs: this.#clock.monotonicMs() }
    return yes
  }
}
