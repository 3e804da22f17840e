/**
 * One question of one table, as the attempts see it.
 *
 * A class and not an object literal with a getter: V8 gives each such literal a shape of its own, and all
 * code that reads it becomes slow (bench/RESULTS.md).
 */

import type { RequestOutcome } from '../observer.ts'
import type { Endpoint, Question, Reply, SendOptions, Validators } from '../upstream.ts'
import type { AttemptKind } from './attempt.ts'
import { explainReply, failureOf, outcomeOf } from './attempt-report.ts'
import type { AttemptsRequest } from './attempts.ts'
import type { EndpointState } from './endpoint-order.ts'

/** What all questions of a table share. */
export interface AskedUpstream {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  readonly states: readonly EndpointState[]
  readonly sideEffects: boolean
  isDemoted(endpoint: number): boolean
}

export class QuestionRequest implements AttemptsRequest<Reply> {
  readonly deadlineMs: number
  readonly endpoints: readonly EndpointState[]
  readonly avoided: ReadonlySet<number>
  readonly sideEffects: boolean
  readonly #upstream: AskedUpstream
  readonly #question: Question
  /** As they were when the question was asked. */
  readonly #validators: Validators | undefined

  constructor(upstream: AskedUpstream, question: Question, avoided: ReadonlySet<number>) {
    this.deadlineMs = question.deadlineMs
    this.endpoints = upstream.states
    this.avoided = avoided
    this.sideEffects = upstream.sideEffects
    this.#upstream = upstream
    this.#question = question
    this.#validators = question.validators
  }

  get background(): boolean {
    return !this.#question.hasWaiters
  }

  demoted(endpoint: number): boolean {
    return this.#upstream.isDemoted(endpoint)
  }

  send(index: number, { timeoutMs, signal }: SendOptions): Promise<Reply> {
    const endpoint = this.#upstream.endpoints[index]
    if (endpoint === undefined) throw new RangeError('the guard has more endpoints than the table')
    return endpoint.send(this.#question.key, { timeoutMs, signal, validators: this.#validators })
  }

  outcome(reply: Reply): RequestOutcome | undefined {
    return outcomeOf(reply)
  }

  failure(reply: Reply): string | undefined {
    return failureOf(reply)
  }

  replied({
    endpoint,
    kind,
    reply,
    durationMs,
  }: {
    endpoint: number
    kind: AttemptKind
    reply: Reply
    durationMs: number
  }): void {
    const upstream = this.#upstream
    const name = upstream.states[endpoint]?.name ?? ''
    explainReply(this.#question, { kind, reply, durationMs, upstream: upstream.name, endpoint: name })
  }
}
