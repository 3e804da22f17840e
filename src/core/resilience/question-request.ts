/**
 * One question of one table, as the attempts see it.
 *
 * A class and not an object literal with a getter: V8 gives each such literal a shape of its own, and all
 * code that reads it becomes slow (bench/RESULTS.md).
 */
import type { Endpoint, Question, Reply, SendOptions, Validators } from '../upstream.ts'
import type { AttemptedRequest } from './attempt.ts'
import { explainReply, type RepliedAttempt } from './attempt-report.ts'
import type { Preference } from './endpoint-choice.ts'

/** What all questions of a table share. */
export interface AskedTable extends Preference {
  readonly table: string
  /** Name of the upstream. */
  readonly upstream: string
  /** As many as `endpoints`, in the same order. */
  readonly senders: readonly Endpoint[]
  readonly sideEffects: boolean
}

export class QuestionRequest implements AttemptedRequest {
  readonly table: string
  readonly key: string
  readonly deadlineMs: number
  readonly endpoints: Preference['endpoints']
  readonly avoided: ReadonlySet<number>
  readonly sideEffects: boolean
  readonly #asked: AskedTable
  readonly #question: Question
  /** As they were when the question was asked. */
  readonly #validators: Validators | undefined

  constructor(asked: AskedTable, question: Question, avoided: ReadonlySet<number>) {
    this.table = asked.table
    this.key = question.key
    this.deadlineMs = question.deadlineMs
    this.endpoints = asked.endpoints
    this.avoided = avoided
    this.sideEffects = asked.sideEffects
    this.#asked = asked
    this.#question = question
    this.#validators = question.validators
  }

  get hasWaiters(): boolean {
    return this.#question.hasWaiters
  }

  isDemoted(endpoint: number): boolean {
    return this.#asked.isDemoted(endpoint)
  }

  send(index: number, { timeoutMs, signal }: SendOptions): Promise<Reply> {
    const validators = this.#validators
    const { attributes, explanation } = this.#question
    const keepExchange = explanation?.keepExchanges
    return senderAt(this.#asked, index).send(this.key, {
      timeoutMs,
      signal,
      validators,
      attributes,
      keepExchange,
    })
  }

  get lookup(): object | undefined {
    return this.#question.explanation
  }

  get wasAnswered(): boolean {
    return this.#question.wasAnswered === true
  }

  get isMany(): boolean {
    return false
  }

  asReply(reply: Reply): Reply {
    return reply
  }

  isSplit(): boolean {
    return false
  }

  replied(attempt: RepliedAttempt): void {
    const { upstream, endpoints } = this.#asked
    explainReply(this.#question, attempt, { upstream, endpoint: endpoints[attempt.endpoint]?.name ?? '' })
  }
}

function senderAt({ senders }: AskedTable, index: number): Endpoint {
  const sender = senders[index]
  if (sender === undefined) throw new RangeError('the upstream has more endpoints than the table')
  return sender
}
