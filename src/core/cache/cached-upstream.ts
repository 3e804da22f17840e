/**
 * One upstream of one table, behind the table's answer store: the way out of the cache.
 *
 *   stored and fresh      -> the stored answer, synchronously
 *   stored, revalidate    -> the stored answer, synchronously, and a refresh in the background
 *   stored, error-only    -> ask; the stored answer if that fails in any way, or takes longer than staleAfter
 *   not stored            -> ask
 *
 * Below it are CoalescingUpstream, TieredUpstream, ShadowedUpstream and StoringUpstream, in this order. Two laws hold here: a failure
 * is never an answer of the store, and a "not found" is only used while it is fresh and the service is known to be sane (canary).
 */
import type { Attributes } from '../attributes.ts'
import { type Clock, readableMs } from '../clock.ts'
import type { CacheOutcome, Explanation } from '../observed/explain.ts'
import type { TableObserver } from '../observed/observer.ts'
import type { OthersAnswered, OthersQuestion } from '../resilience/others-answered.ts'
import type { Found, NotFound, Sourced } from '../result.ts'
import type { LookupContext } from '../source/lookup-context.ts'
import type { KnownAnswer, TableSource } from '../source/table-source.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import type { AnswerTier, TierWait } from './answer-tier.ts'
import { CoalescingUpstream } from './coalescing-upstream.ts'
import { FailureMemory } from './failure-memory.ts'
import { freshnessState } from './freshness.ts'
import type { LifetimePolicy } from './lifetimes.ts'
import type { LossGuard } from './loss-guard.ts'
import { LossJudge } from './loss-judge.ts'
import { PendingRequest } from './pending-request.ts'
import { type Shadow, shadowed } from './shadowed-upstream.ts'
import { StaleFallback } from './stale-fallback.ts'
import type { StoredAnswer } from './stored-answer.ts'
import { StoringUpstream } from './storing-upstream.ts'
import { tiered } from './tiered-upstream.ts'
import { UnaskedAnswers } from './unasked-answers.ts'

interface CachedUpstreamOptions {
  /** Name of the table that asks. */
  readonly table: string
  readonly upstream: Upstream
  readonly clock: Clock
  /** Numbers from 0 up to 1, for the jitter of lifetimes. */
  readonly random: () => number
  /** Longest time for one question, ms: how long a request runs on that nobody waits for any more. */
  readonly deadlineMs: number
  /** Nothing is stored and no question is shared: a lookup counts or reserves, or its key is not all of the question. */
  readonly sideEffects: boolean
  /** Undefined with `cache: off`: nothing is stored, questions are still shared. */
  readonly cache: CacheOptions | undefined
  /** Another upstream that is asked beside it, for a comparison. */
  readonly shadow?: Shadow | undefined
  readonly observer: TableObserver
  /** Called with unexpected exceptions (bugs). */
  readonly onDefect: (error: unknown, where: string) => void
}

/** The settings of one table's cache. */
export interface CachePolicy extends LifetimePolicy {
  /**
   * How long a lookup with a stale found answer waits for the service, ms: then the stale answer is served, and
   * the request runs on. Source: RFC 8767 section 5, the client response timer.
   */
  readonly staleAfterMs: number
}

export interface CacheOptions {
  /** Of the table; its upstreams share it. */
  readonly store: AnswerStore
  readonly policy: CachePolicy
  /** The table has rules for outages. Default false. */
  readonly hasOutageRules?: boolean
  /** The upstream has a canary: it answers "not found" only while a service knows that. */
  readonly hasCanary: boolean
  /** Of the table; its upstreams share it. Undefined: every "not found" is believed. */
  readonly lossGuard?: LossGuard
  /** Of the table: what other gateways stored. Undefined: this one is alone. */
  readonly tier?: AnswerTier | undefined
  /** Position of this upstream among those that share the store. */
  readonly upstreamIndex: number
}

export class CachedUpstream implements TableSource {
  readonly name: string
  readonly #table: string
  readonly #upstream: Upstream
  readonly #clock: Clock
  readonly #observer: TableObserver
  readonly #timeoutMs: number
  readonly #store: AnswerStore | undefined
  readonly #prefix: string
  readonly #unasked: UnaskedAnswers
  readonly #fallback: StaleFallback
  readonly #failures = new FailureMemory()
  readonly #shared: CoalescingUpstream

  constructor({ upstream, sideEffects, clock, random, onDefect, ...options }: CachedUpstreamOptions) {
    const cache = sideEffects ? undefined : options.cache
    this.name = upstream.name
    this.#table = options.table
    this.#upstream = upstream
    this.#clock = clock
    this.#observer = options.observer
    this.#timeoutMs = options.deadlineMs
    this.#store = cache?.store
    this.#prefix = cache?.store.prefixFor(cache.upstreamIndex) ?? ''
    this.#unasked = new UnaskedAnswers(upstream, this.#store, this.#prefix, cache?.policy.negativeTtlMs ?? 0)
    this.#fallback = new StaleFallback(
      upstream,
      clock,
      cache?.store,
      cache?.policy.staleAfterMs ?? 0,
      cache?.hasOutageRules ?? false,
    )
    const lossJudge =
      cache?.lossGuard &&
      new LossJudge({
        ...options,
        ...cache,
        guard: cache.lossGuard,
        prefix: this.#prefix,
        upstream,
        clock,
        random,
        timeoutMs: options.deadlineMs,
        onDefect,
      })
    const kept = cache && { ...cache, lossJudge }
    const storing = new StoringUpstream(upstream, kept, this.#failures, clock, random, onDefect)
    const asking = shadowed(storing, options.shadow, { clock, random, onDefect })
    const below = tiered(asking, cache, { upstream, clock, observer: options.observer })
    this.#shared = new CoalescingUpstream(below, this.#store, !sideEffects)
  }

  /** Requests that can be shared. */
  get pending(): number {
    return this.#shared.size
  }

  /**
   * Answers one question: synchronously when an answer is stored that may be used, else by a
   * promise that settles by the deadline of the lookup and does not reject.
   */
  ask(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const store = this.#store
    if (store === undefined) return this.#ask(key, key, 'bypass', undefined, undefined, context)
    const ownKey = context.storeKey ?? key
    const storeKey = this.#prefix === '' ? ownKey : this.#prefix + ownKey
    const stored = store.get(storeKey)
    if (context.bypass) return this.#ask(key, storeKey, 'bypass', undefined, undefined, context)
    if (stored === undefined) {
      const answer = this.#ask(key, storeKey, 'miss', undefined, undefined, context)
      return this.#fallback.orRestored(key, storeKey, answer, context)
    }

    const ageMs = store.ageMs(stored, context.nowMs)
    const state = freshnessState(stored, ageMs)
    if (stored.value === undefined) {
      if (!this.#unasked.isUsable(stored, ageMs, state))
        return this.#ask(key, storeKey, 'miss', stored, undefined, context)
      return this.#serve(key, stored, ageMs, 'negative_hit', context)
    }
    if (state === 'fresh') return this.#serve(key, stored, ageMs, 'hit', context)
    if (state === 'revalidate') {
      this.#refresh(key, storeKey, stored, context.attributes)
      return this.#serve(key, stored, ageMs, 'stale', context)
    }
    if (state === 'error-only') return this.#ask(key, storeKey, 'miss', stored, stored, context)
    // An expired answer is only good for its validators, and to notice that its key is lost.
    return this.#ask(key, storeKey, 'miss', stored, undefined, context)
  }

  askOffline(key: string): Found | NotFound | undefined {
    return this.#unasked.askOffline(key)
  }

  known(key: string): KnownAnswer | undefined {
    return this.#unasked.known(key)
  }

  get goodAtMs(): number {
    return this.#upstream.health.goodAtMs
  }

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    return this.#upstream.health.answersOthers(question)
  }

  protect(key: string): void {
    this.#unasked.protect(key)
  }

  /** What the key failed with just now. */
  #failure(storeKey: string, nowMs: number) {
    return this.#failures.get(storeKey, nowMs, this.#upstream.health.recoveredAtMs)
  }

  /** Answers from the store. */
  #serve(
    key: string,
    stored: StoredAnswer,
    ageMs: number,
    outcome: CacheOutcome,
    { explanation }: LookupContext,
  ): Sourced {
    this.#observer.cacheLooked(outcome)
    const { result } = stored
    explanation?.add({
      step: 'cache',
      key,
      upstream: this.name,
      outcome,
      ageMs: readableMs(ageMs),
      freshnessLifetimeMs: stored.freshnessLifetimeMs,
      result,
    })
    if (outcome !== 'stale') return { result, source: 'cache' }
    explanation?.add({ step: 'stale', key, upstream: this.name, why: 'asked again meanwhile' })
    return { result, source: 'stale' }
  }

  /**
   * Asks the upstream, or waits for the request that asks already.
   *
   * @param stored The answer whose validators go with the question.
   * @param fallback The stored answer that is served when the question fails.
   */
  #ask(
    key: string,
    storeKey: string,
    looked: CacheOutcome,
    stored: StoredAnswer | undefined,
    fallback: StoredAnswer | undefined,
    context: LookupContext,
  ): Sourced | Promise<Sourced> {
    const explanation = context.record()
    const pending = this.#shared.pending(storeKey)
    const outcome = pending === undefined ? looked : 'coalesced'
    this.#observer.cacheLooked(outcome)
    explanation.add({ step: 'cache', key, upstream: this.name, outcome })
    if (pending !== undefined) return this.#fallback.wait(pending, fallback, context, explanation, true)
    const nowMs = this.#clock.monotonicMs()
    const failure = looked === 'miss' ? this.#failure(storeKey, nowMs) : undefined
    if (failure !== undefined) {
      explanation.add({ step: 'held', key, upstream: this.name, result: failure })
      return this.#fallback.finish(key, { result: failure, source: 'cache' }, fallback, explanation)
    }
    const { attributes, bypass } = context
    const request = this.#request(
      key,
      storeKey,
      nowMs,
      stored,
      explanation,
      true,
      attributes,
      bypass,
      context,
    )
    const answer = this.#shared.ask(request)
    if (answer !== undefined) return this.#fallback.finish(key, answer, fallback, explanation)
    return this.#fallback.wait(request, fallback, context, explanation, false)
  }

  #request(
    key: string,
    storeKey: string,
    nowMs: number,
    stored: StoredAnswer | undefined,
    explanation: Explanation | undefined,
    hasAsker: boolean,
    attributes: Attributes | undefined,
    bypass = false,
    wait?: TierWait,
  ): PendingRequest {
    return new PendingRequest(
      this.#table,
      key,
      storeKey,
      nowMs,
      nowMs + this.#timeoutMs,
      stored,
      this.#store?.generation ?? 0,
      explanation,
      hasAsker,
      attributes,
      bypass,
      wait,
    )
  }

  /** Asks again ahead of need, unless somebody does or the last try has just failed. */
  #refresh(key: string, storeKey: string, stored: StoredAnswer, attributes: Attributes | undefined): void {
    if (this.#shared.pending(storeKey) !== undefined) return
    const nowMs = this.#clock.monotonicMs()
    if (this.#failure(storeKey, nowMs) !== undefined) return
    this.#shared.ask(this.#request(key, storeKey, nowMs, stored, undefined, false, attributes))
  }
}
