/**
 * Asks an upstream and stores what it answers: the way back of the cache.
 *
 *   found, not found        stored, or the end of the stored answer when it must not be
 *   not modified (304)      the stored answer is renewed, and is the answer
 *   not found of one that was found before      temporary until that is believed (loss-judge.ts)
 *   temporary, permanent    remembered for a second, never stored
 *
 * Source: RFC 9111 sections 3 (storing) and 4.3.4 (freshening a stored answer by a 304).
 */
import type { Clock } from '../clock.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { DEFECT, isFailure, type LookupResult, type Sourced } from '../result.ts'
import type { Answer, Upstream } from '../upstream.ts'
import { type AnswerStore, copyOf } from './answer-store.ts'
import type { AnswerTier } from './answer-tier.ts'
import type { FailureMemory } from './failure-memory.ts'
import { type LifetimePolicy, lifetimeOf, type StoreMoment } from './lifetimes.ts'
import type { LossJudge } from './loss-judge.ts'
import type { PendingRequest } from './pending-request.ts'

/** Where and for how long answers are stored. */
interface Storing {
  readonly store: AnswerStore
  readonly policy: LifetimePolicy
  /** Gets what is stored, for other gateways. */
  readonly tier?: AnswerTier | undefined
  /** The upstream has a canary, so that what it answers comes from a service that knew it. */
  readonly hasCanary: boolean
  /** Undefined: every "not found" is believed. */
  readonly lossJudge: LossJudge | undefined
}

export class StoringUpstream {
  readonly #upstream: Upstream
  readonly #storing: Storing | undefined
  readonly #failures: FailureMemory
  readonly #clock: Clock
  readonly #random: () => number
  readonly #onDefect: (error: unknown, where: string) => void

  /** @param storing Undefined: neither answers nor failures are kept. */
  constructor(
    upstream: Upstream,
    storing: Storing | undefined,
    failures: FailureMemory,
    clock: Clock,
    random: () => number,
    onDefect: (error: unknown, where: string) => void,
  ) {
    this.#upstream = upstream
    this.#storing = storing
    this.#failures = failures
    this.#clock = clock
    this.#random = random
    this.#onDefect = onDefect
  }

  /** Answers synchronously, or by a promise that does not reject. */
  ask(request: PendingRequest): Sourced | Promise<Sourced> {
    try {
      const answer = this.#upstream.ask(request)
      return answer instanceof Promise ? this.#whenAnswered(request, answer) : this.#answered(request, answer)
    } catch (error) {
      return this.#defect(error)
    }
  }

  async #whenAnswered(request: PendingRequest, pending: Promise<Answer>): Promise<Sourced> {
    try {
      const answered = this.#answered(request, await pending)
      // What need not be waited for costs no second promise.
      return answered instanceof Promise ? await answered : answered
    } catch (error) {
      return this.#defect(error)
    }
  }

  #answered(request: PendingRequest, answer: Answer): Sourced | Promise<Sourced> {
    const believed = this.#believes(request, answer)
    if (believed instanceof Promise) return believed.then((later) => this.#keep(request, answer, later))
    return this.#keep(request, answer, believed)
  }

  #keep(request: PendingRequest, answer: Answer, isBelieved: boolean): Sourced {
    const result = isBelieved ? resultOf(request, answer) : LOST
    if (this.#storing !== undefined) {
      if (!isFailure(result)) {
        storeAnswer(this.#storing, request, result, answer, {
          wallMs: this.#clock.wallMs(),
          random: this.#random(),
        })
        this.#failures.delete(request.storeKey)
      } else if (answer.source === 'upstream') {
        this.#failures.add(request.storeKey, result, this.#clock.monotonicMs(), answer.retryAfterMs)
      }
    }
    return { result, source: answer.source }
  }

  /** Returns whether the answer is true: a "not found" of a key that was found before may be one of many. */
  #believes(request: PendingRequest, answer: Answer): boolean | Promise<boolean> {
    const { storeKey, stored, generation, deadlineMs } = request
    const { lossJudge, store } = this.#storing ?? {}
    if (lossJudge === undefined || store === undefined || !answer.storable) return true
    if (answer.result.kind !== 'notfound') {
      if (stored?.value !== undefined) lossJudge.found(storeKey)
      return true
    }
    const before = stored ?? store.peek(storeKey)
    // Whether the key was found before the program was restarted is in what is still read.
    if (before === undefined && store.restoring !== undefined && !store.purgedSince(generation, storeKey))
      return store.restoring
        .endedBy(deadlineMs, this.#clock)
        .then(() => store.restoring === undefined && this.#believes(request, answer))
    if (before?.value === undefined || store.purgedSince(generation, storeKey)) return true
    return lossJudge.accepts(storeKey, before)
  }

  #defect(error: unknown): Sourced {
    this.#onDefect(error, `upstream ${this.#upstream.name}`)
    return { result: DEFECT, source: 'upstream' }
  }
}

const LOST = temporaryFor(CORE_REASONS.keysLost)

/** What the answer says: a 304 repeats the stored answer that was validated. */
function resultOf(request: PendingRequest, answer: Answer): LookupResult {
  if (answer.result.kind !== 'notmodified') return answer.result
  if (request.validators !== undefined && request.stored !== undefined) return request.stored.result
  return temporaryFor(CORE_REASONS.unconditional304)
}

/**
 * Stores a "found" or "not found", or renews the stored answer by a 304.
 *
 * An answer that must not be stored still ends the one before it, which is known to be out of
 * date now. An answer asked for before a purge changes nothing.
 */
function storeAnswer(
  { store, policy, hasCanary, tier }: Storing,
  request: PendingRequest,
  result: LookupResult,
  answer: Answer,
  moment: StoreMoment,
): void {
  const { storeKey, stored, generation } = request
  if (!answer.storable || store.purgedSince(generation, storeKey)) return
  const isRenewed = answer.result.kind === 'notmodified'
  const lifetime = lifetimeOf(
    policy,
    result.kind === 'found',
    answer.caching,
    moment,
    isRenewed ? stored : undefined,
  )
  if (lifetime === undefined) {
    store.delete(storeKey)
    tier?.delete(storeKey)
    return
  }
  const value = result.kind === 'found' ? result.value : undefined
  store.set(storeKey, {
    value,
    freshness: lifetime.freshness,
    ageMs: lifetime.initialAgeMs,
    validators: validatorsFor(value, answer, isRenewed ? stored?.validators : undefined),
    endpoint: answer.endpoint,
    confirmedByCanary: hasCanary,
  })
  if (tier === undefined) return
  const kept = store.peek(storeKey)
  if (kept !== undefined) tier.store(storeKey, copyOf(kept, store), request.startMs)
}

/** A "not found" is never renewed, so its validators would only take memory. */
function validatorsFor(value: string | undefined, { validators }: Answer, before: Answer['validators']) {
  if (value === undefined) return undefined
  return before === undefined ? validators : { ...before, ...validators }
}
