/**
 * One upstream of one table, behind the table's answer store and the coalescer.
 *
 *   stored and fresh      -> the answer, at once
 *   stored, revalidate    -> the answer, at once, and a refresh in the background
 *   stored, error-only    -> ask; the stored answer if that fails in any way
 *   not stored            -> ask; equal questions under way share one request
 *
 * Two laws hold here. A failure is never stored as an answer, and a "not found" is only used
 * while it is fresh and the service is known to be sane (canary).
 */
import { type Clock, readableMs } from '../clock.ts'
import type { CacheOutcome, Explanation } from '../explain.ts'
import type { TableObserver } from '../observer.ts'
import { type Sourced, temporary } from '../result.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import { Coalescer } from './coalescer.ts'
import { isFailure } from './failure-memory.ts'
import type { Flight, Landing } from './flight.ts'
import { freshnessState } from './freshness.ts'
import type { LifetimePolicy } from './lifetimes.ts'
import type { StoredAnswer } from './stored-answer.ts'

export interface CachedUpstreamOptions {
  /** Name of the table that asks. */
  readonly table: string
  readonly upstream: Upstream
  readonly clock: Clock
  /** Numbers from 0 up to 1, for the jitter of lifetimes. */
  readonly random: () => number
  /** Longest time for one question, ms: how long a request runs on that nobody waits for any more. */
  readonly deadlineMs: number
  /** A lookup counts or reserves: nothing is stored and no question is shared. */
  readonly sideEffects: boolean
  /** Undefined with `cache: off`: nothing is stored, questions are still shared. */
  readonly cache: CacheOptions | undefined
  readonly observer: TableObserver
  /** Is told of an exception where none may be. */
  readonly onDefect: (error: unknown, where: string) => void
}

export interface CacheOptions {
  /** Of the table; its upstreams share it. */
  readonly store: AnswerStore
  readonly policy: LifetimePolicy
  /** Position of this upstream among those that share the store. */
  readonly upstreamIndex: number
}

/** How to answer one question. A LookupContext is one. */
export interface AskOptions {
  /** Monotonic ms at which the asker gives up. */
  readonly deadlineMs: number
  /** Ask the service although an answer is stored, and do not fall back on a stale one. */
  readonly bypass?: boolean
  readonly explanation?: Explanation
  /** The monotonic clock, while nothing has been waited for since it was read. */
  readonly nowMs?: number | undefined
  /** Begins the record of a lookup that was not answered at once. */
  record?(): Explanation
}

export class CachedUpstream {
  readonly name: string
  readonly #options: CachedUpstreamOptions
  readonly #store: AnswerStore | undefined
  readonly #prefix: string
  /** Holds for what is stored already, too: a reload or restart may have shortened it. */
  readonly #negativeTtlMs: number
  readonly #coalescer: Coalescer

  constructor(options: CachedUpstreamOptions) {
    this.name = options.upstream.name
    this.#options = options
    const cache = options.sideEffects ? undefined : options.cache
    this.#store = cache?.store
    this.#prefix = cache?.store.prefixFor(cache.upstreamIndex) ?? ''
    this.#negativeTtlMs = cache?.policy.negativeTtlMs ?? 0
    this.#coalescer = new Coalescer(options, cache)
  }

  /** Requests under way that can be shared. */
  get inFlight(): number {
    return this.#coalescer.size
  }

  /**
   * Answers one question: at once when an answer is stored that may be used, else by a
   * promise that settles by `options.deadlineMs` and does not reject.
   */
  ask(key: string, options: AskOptions): Sourced | Promise<Sourced> {
    const store = this.#store
    if (store === undefined) return this.#ask(key, key, 'bypass', {}, options)
    const storeKey = this.#prefix === '' ? key : this.#prefix + key
    const stored = store.get(storeKey)
    if (options.bypass === true) return this.#ask(key, storeKey, 'bypass', {}, options)
    if (stored === undefined) return this.#ask(key, storeKey, 'miss', {}, options)

    const ageMs = store.ageMs(stored, options.nowMs)
    const state = freshnessState(stored, ageMs)
    if (stored.value === undefined) {
      const usable = state === 'fresh' && ageMs < this.#negativeTtlMs && this.#believes(stored)
      if (!usable) return this.#ask(key, storeKey, 'miss', {}, options)
      return this.#serve(key, stored, ageMs, 'negative_hit', options)
    }
    if (state === 'fresh') return this.#serve(key, stored, ageMs, 'hit', options)
    if (state === 'revalidate') {
      this.#refresh(key, storeKey, stored)
      return this.#serve(key, stored, ageMs, 'stale', options)
    }
    if (state === 'error-only')
      return this.#ask(key, storeKey, 'miss', { basis: stored, fallback: stored }, options)
    // An expired answer is only good for its validators.
    if (stored.validators === undefined) store.delete(storeKey)
    return this.#ask(key, storeKey, 'miss', { basis: stored }, options)
  }

  /** A stored "not found" counts only while its endpoint is known to be sane. */
  #believes(stored: StoredAnswer): boolean {
    return this.#options.upstream.trustsNegative(stored.endpoint)
  }

  /** Answers from the store. */
  #serve(
    key: string,
    stored: StoredAnswer,
    ageMs: number,
    outcome: CacheOutcome,
    options: AskOptions,
  ): Sourced {
    this.#options.observer.cacheLooked(outcome)
    const { result } = stored
    options.explanation?.add({
      step: 'cache',
      key,
      upstream: this.name,
      outcome,
      ageMs: readableMs(ageMs),
      freshnessLifetimeMs: stored.freshnessLifetimeMs,
      result,
    })
    if (outcome !== 'stale') return { result, source: 'cache' }
    options.explanation?.add({ step: 'stale', key, upstream: this.name, why: 'asked again meanwhile' })
    return { result, source: 'stale' }
  }

  /** Asks the upstream, or joins who asks already. */
  #ask(
    key: string,
    storeKey: string,
    looked: CacheOutcome,
    { basis, fallback }: AtHand,
    options: AskOptions,
  ): Sourced | Promise<Sourced> {
    const explanation = options.explanation ?? options.record?.()
    const under = this.#coalescer.underWay(storeKey)
    const outcome = under === undefined ? looked : 'coalesced'
    this.#options.observer.cacheLooked(outcome)
    explanation?.add({ step: 'cache', key, upstream: this.name, outcome })
    if (under !== undefined) return this.#join(under, storeKey, fallback, options.deadlineMs, explanation)
    const failure = looked === 'miss' ? this.#coalescer.failures.get(storeKey, this.#now()) : undefined
    if (failure !== undefined) {
      explanation?.add({ step: 'held', key, upstream: this.name, result: failure })
      return this.#finish(key, { result: failure, source: 'cache' }, fallback, explanation)
    }
    const { flight, landing } = this.#coalescer.depart(storeKey, { key, wanted: true, explanation, basis })
    if (landing !== undefined) return this.#finish(key, landing, fallback, explanation)
    return this.#wait(flight, storeKey, fallback, options.deadlineMs, explanation)
  }

  /** Asks again ahead of need, unless somebody does or the last try has just failed. */
  #refresh(key: string, storeKey: string, stored: StoredAnswer): void {
    if (this.#coalescer.underWay(storeKey) !== undefined) return
    if (this.#coalescer.failures.get(storeKey, this.#now()) !== undefined) return
    this.#coalescer.depart(storeKey, { key, wanted: false, explanation: undefined, basis: stored })
  }

  async #wait(
    flight: Flight,
    storeKey: string,
    fallback: StoredAnswer | undefined,
    deadlineMs: number,
    explanation: Explanation | undefined,
  ): Promise<Sourced> {
    const landing = (await flight.wait(deadlineMs, this.#options.clock)) ?? LATE
    return this.#finish(flight.key, landing, this.#unpurged(fallback, flight, storeKey), explanation)
  }

  /** As {@link #wait}, for a request that somebody else's explanation tells of. */
  async #join(
    flight: Flight,
    storeKey: string,
    fallback: StoredAnswer | undefined,
    deadlineMs: number,
    explanation: Explanation | undefined,
  ): Promise<Sourced> {
    const landing = (await flight.wait(deadlineMs, this.#options.clock)) ?? LATE
    explanation?.add({ step: 'coalesced', key: flight.key, upstream: this.name, result: landing.result })
    return this.#finish(flight.key, landing, this.#unpurged(fallback, flight, storeKey), explanation)
  }

  /** A stale answer that was purged while the question was under way is served no more. */
  #unpurged(
    fallback: StoredAnswer | undefined,
    { generation }: Flight,
    storeKey: string,
  ): StoredAnswer | undefined {
    return this.#store?.purgedSince(generation, storeKey) ? undefined : fallback
  }

  /** The answer to the asker: what the service says, else the stale answer, else the failure. */
  #finish(
    key: string,
    landed: Sourced,
    fallback: StoredAnswer | undefined,
    explanation: Explanation | undefined,
  ): Sourced {
    const { result } = landed
    if (!isFailure(result) || fallback === undefined) return landed
    explanation?.add({ step: 'stale', key, upstream: this.name, why: result.reason })
    return { result: fallback.result, source: 'stale' }
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }
}

/** What is stored of a key that must be asked for. */
interface AtHand {
  /** Whose validators go with the question. */
  readonly basis?: StoredAnswer
  /** Served when the question fails. */
  readonly fallback?: StoredAnswer
}

/** What a waiter is told that gave up. */
const LATE: Landing = {
  result: temporary('timeout', 'no answer from the service in time; see if it is slow or overloaded'),
  source: 'upstream',
}
