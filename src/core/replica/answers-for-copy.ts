/**
 * Whether the service answers others while a key that the copy lacks fails: then it is this key that fails, or the service
 * turns some away, and the key may be one of a user who was made after the copy.
 *
 *   a good reply to anybody in the last {@link GOOD_MS}, or since the lookup began    yes
 *   a question is known to the upstream                                               as the upstream says
 *   none is                                                                           keys of the copy are asked for
 *
 * A table with a copy hardly asks its service for keys that are found, so that often no question is known. A key of the copy
 * the service must find, or say that it is gone. Two are asked for, since one may be on the part that fails.
 *
 * A service that limits the rate refuses the known question as well as the key: then the good replies show that it answers.
 */
import type { Clock } from '../clock.ts'
import { CHECK_PAUSE_MS } from '../resilience/circuit-limits.ts'
import type { OthersAnswered } from '../resilience/others-answered.ts'
import type { LookupResult, Sourced, Temporary } from '../result.ts'
import { LookupContext } from '../source/lookup-context.ts'
import type { TableSource } from '../source/table-source.ts'
import type { TableCopy } from './table-copy.ts'

/**
 * How long a good reply shows that others are answered, ms. Ours: limits of a rate are by the second, and an open circuit is
 * tested about once in a second. Behind a service that has just died, a key that the copy lacks waits as long.
 */
const GOOD_MS = 2000

/** Failures of our own, which say nothing about the service. */
const UNSENT: ReadonlySet<Temporary['cause']> = new Set(['overload', 'stopping', 'defect'])

export class AnswersForCopy {
  readonly #service: TableSource
  readonly #copy: Pick<TableCopy, 'neighbours'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #asking: Promise<boolean> | undefined
  /** What keys of the copy said last. */
  #verdict: { readonly yes: boolean; readonly atMs: number } | undefined

  constructor(service: TableSource, copy: Pick<TableCopy, 'neighbours'>, clock: Pick<Clock, 'monotonicMs'>) {
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
    const cause = 'cause' in failure ? failure.cause : undefined
    // A service that is known to be down is not waited for until the deadline.
    if (this.#clock.monotonicMs() >= deadlineMs && cause === 'timeout') return true
    // Replies of a service that has lost its data are as quick as good ones.
    const countsGood = cause !== 'canary'
    if (countsGood && this.#isAnswering(sinceMs)) return true
    const asked = this.#service.answersOthers({ sinceMs, deadlineMs })
    const answers =
      asked instanceof Promise
        ? asked.then((later) => this.#orCopied(later, key, deadlineMs))
        : this.#orCopied(asked, key, deadlineMs)
    if (!(answers instanceof Promise)) return answers
    return answers.then((yes) => yes || (countsGood && this.#isAnswering(sinceMs)))
  }

  #isAnswering(sinceMs: number): boolean {
    return this.#service.goodAtMs >= Math.min(sinceMs, this.#clock.monotonicMs() - GOOD_MS)
  }

  #orCopied(answers: OthersAnswered, key: string, deadlineMs: number): boolean | Promise<boolean> {
    return answers === undefined ? this.#askCopied(key, deadlineMs) : answers === true
  }

  #askCopied(key: string, deadlineMs: number): boolean | Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#verdict !== undefined && nowMs - this.#verdict.atMs < CHECK_PAUSE_MS) return this.#verdict.yes
    if (this.#asking !== undefined) return this.#asking
    const others = this.#copy.neighbours(key)
    if (others.length === 0) return false
    const answers = this.#askOne(others, 0, false, deadlineMs)
    if (answers instanceof Promise) this.#asking = answers
    return answers
  }

  /** @param hasFailed One of those before it was sent, and failed. */
  #askOne(
    others: readonly string[],
    turn: number,
    hasFailed: boolean,
    deadlineMs: number,
  ): boolean | Promise<boolean> {
    const other = others[turn]
    if (other === undefined) return this.#decide(hasFailed ? false : undefined)
    const nowMs = this.#clock.monotonicMs()
    const context = new LookupContext(other, nowMs, Math.max(0, deadlineMs - nowMs), true, undefined)
    const answer = this.#service.ask(other, context)
    return answer instanceof Promise
      ? answer.then((later) => this.#heard(later, others, turn, hasFailed, deadlineMs))
      : this.#heard(answer, others, turn, hasFailed, deadlineMs)
  }

  #heard(
    { result }: Sourced,
    others: readonly string[],
    turn: number,
    hasFailed: boolean,
    deadlineMs: number,
  ): boolean | Promise<boolean> {
    // It may have been deleted after the copy: who says so answers.
    if (result.kind === 'found' || result.kind === 'notfound') return this.#decide(true)
    const isUnsent = result.kind === 'temporary' && UNSENT.has(result.cause)
    return this.#askOne(others, turn + 1, hasFailed || !isUnsent, deadlineMs)
  }

  /** @param yes Undefined where none could be sent: then nobody knows, and that is kept for no other key. */
  #decide(yes: boolean | undefined): boolean {
    this.#asking = undefined
    if (yes === undefined) return true
    this.#verdict = { yes, atMs: this.#clock.monotonicMs() }
    return yes
  }
}
