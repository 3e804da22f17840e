/**
 * What a lookup gets that had to ask: what the service says, else the stale answer that is stored, else the failure.
 * The stale answer is also served when the service takes longer than `staleAfter`, or at once when it is seen to answer
 * nobody, and the request goes on. Where there is none, a table with rules for outages learns after `staleAfter` that the
 * service answers nobody, and by them the last "not found" may count; while it answers anybody, it is waited for.
 */
import type { Clock } from '../clock.ts'
import { Explanation } from '../observed/explain.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { isFailure, type Sourced } from '../result.ts'
import type { LookupContext } from '../source/lookup-context.ts'
import { SILENT } from '../source/table-source.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import { freshnessState } from './freshness.ts'
import type { PendingRequest } from './pending-request.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** How often it is looked whether a service still answers nobody, ms. Ours: what a hang may cost above `staleAfter`. */
const LOOK_EVERY_MS = 50

export class StaleFallback {
  readonly #upstream: Upstream
  readonly #clock: Clock
  readonly #store: AnswerStore | undefined
  readonly #staleAfterMs: number
  readonly #hasOutageRules: boolean

  /**
   * @param store Undefined where nothing is stored.
   * @param hasOutageRules The table has rules for outages, and understands {@link SILENT}.
   */
  constructor(
    upstream: Upstream,
    clock: Clock,
    store: AnswerStore | undefined,
    staleAfterMs: number,
    hasOutageRules: boolean,
  ) {
    this.#hasOutageRules = hasOutageRules
    this.#upstream = upstream
    this.#clock = clock
    this.#store = store
    this.#staleAfterMs = staleAfterMs
  }

  /** @param isJoined True for a request that somebody else asked for, whose explanation has its steps. */
  wait(
    request: PendingRequest,
    fallback: StoredAnswer | undefined,
    context: LookupContext,
    explanation: Explanation,
    isJoined: boolean,
  ): Promise<Sourced> {
    const { deadlineMs } = context
    if (fallback !== undefined) return this.#waitFor(request, fallback, deadlineMs, explanation, isJoined)
    const answer =
      this.#hasOutageRules && !context.waitsOn
        ? this.#waitOrSilent(request, deadlineMs)
        : // Most lookups that ask: one promise, and no function that has to be resumed.
          request.wait(deadlineMs, this.#clock, DEADLINE_EXCEEDED)
    return isJoined ? this.#joined(request.key, answer, explanation) : answer
  }

  async #waitFor(
    request: PendingRequest,
    fallback: StoredAnswer,
    deadlineMs: number,
    explanation: Explanation,
    isJoined: boolean,
  ): Promise<Sourced> {
    const { key, storeKey, generation } = request
    const untilMs = this.#upstream.health.isFailing
      ? this.#clock.monotonicMs()
      : Math.min(deadlineMs, request.startMs + this.#staleAfterMs)
    let answer = await request.wait(untilMs, this.#clock, DEADLINE_EXCEEDED)
    // A stale answer that was purged meanwhile is served no more, so its lookup waits for the service after all.
    const isPurged = this.#store?.purgedSince(generation, storeKey) ?? false
    if (answer === DEADLINE_EXCEEDED && untilMs < deadlineMs) {
      if (!isPurged) {
        explanation.add({ step: 'stale', key, upstream: this.#upstream.name, why: STILL_ASKED })
        return { result: fallback.result, source: 'stale' }
      }
      answer = await request.wait(deadlineMs, this.#clock, DEADLINE_EXCEEDED)
    }
    if (isJoined) this.#explainJoined(key, answer, explanation)
    return this.finish(key, answer, isPurged ? undefined : fallback, explanation)
  }

  async #joined(key: string, pending: Promise<Sourced>, explanation: Explanation): Promise<Sourced> {
    const answer = await pending
    this.#explainJoined(key, answer, explanation)
    return answer
  }

  #explainJoined(key: string, { result }: Sourced, explanation: Explanation): void {
    explanation.add({ step: 'coalesced', key, upstream: this.#upstream.name, result })
  }

  /**
   * In a table with rules for outages, which learns when the service answers nobody. Whether it answers others is asked
   * before the deadline, which leaves no time for it.
   */
  async #waitOrSilent(request: PendingRequest, deadlineMs: number): Promise<Sourced> {
    let untilMs = Math.min(deadlineMs, request.startMs + this.#staleAfterMs)
    let isAsked = false
    for (;;) {
      const answer = await request.wait(untilMs, this.#clock, DEADLINE_EXCEEDED, 'decides')
      if (answer !== DEADLINE_EXCEEDED) return answer
      const isFailing = this.#upstream.health.isFailing
      if (isFailing || untilMs >= deadlineMs) {
        request.leave()
        return isFailing ? NO_REPLY : DEADLINE_EXCEEDED
      }
      if (!isAsked) void this.#upstream.health.answersOthers({ sinceMs: request.startMs, deadlineMs })
      isAsked = true
      untilMs = Math.min(deadlineMs, this.#clock.monotonicMs() + LOOK_EVERY_MS)
    }
  }

  /**
   * While the answers of an earlier run are still read, a failure waits for them: the key may be one of those, whose
   * stale answer is better than none.
   */
  orRestored(
    key: string,
    storeKey: string,
    answer: Sourced | Promise<Sourced>,
    context: LookupContext,
  ): Sourced | Promise<Sourced> {
    const store = this.#store
    if (store?.restoring === undefined) return answer
    return this.#afterRestoring(key, storeKey, answer, store, context)
  }

  async #afterRestoring(
    key: string,
    storeKey: string,
    asked: Sourced | Promise<Sourced>,
    store: AnswerStore,
    { deadlineMs, explanation }: LookupContext,
  ): Promise<Sourced> {
    const answer = await asked
    if (!isFailure(answer.result)) return answer
    await store.restoring?.endedBy(deadlineMs, this.#clock)
    const stored = store.peek(storeKey)
    if (stored?.value === undefined || freshnessState(stored, store.ageMs(stored)) === 'expired')
      return answer
    return this.finish(key, answer, stored, explanation ?? new Explanation())
  }

  /** What the service says, else the stale answer, else the failure. */
  finish(
    key: string,
    answer: Sourced,
    fallback: StoredAnswer | undefined,
    explanation: Explanation,
  ): Sourced {
    const { result } = answer
    if (!isFailure(result) || fallback === undefined) return answer
    explanation.add({ step: 'stale', key, upstream: this.#upstream.name, why: result.reason })
    return { result: fallback.result, source: 'stale' }
  }
}

/** The answer to a waiter that gave up. */
const DEADLINE_EXCEEDED: Sourced = {
  result: temporaryFor(CORE_REASONS.deadlinePassed),
  source: 'upstream',
}

/** What a table with rules for outages gets of a service that answers nobody. */
const NO_REPLY: Sourced = { result: SILENT, source: 'upstream' }

/** Why a stale answer is served although the service has not failed yet. */
const STILL_ASKED = 'no answer within staleAfter, and the request goes on'
