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
import type { Clock } from '../clock.ts'
import type { CacheOutcome, Explanation } from '../explain.ts'
import type { TableObserver } from '../observer.ts'
import { type LookupResult, type Permanent, type Temporary, temporary } from '../result.ts'
import type { Sourced } from '../table-source.ts'
import type { Answer, Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import { FailureMemory } from './failure-memory.ts'
import { Flight, type Landing } from './flight.ts'
import { freshnessState } from './freshness.ts'
import { Keeper } from './keeper.ts'
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
  /** Begins the record of a lookup that was not answered at once. */
  record?(): Explanation
}

export class CachedUpstream {
  readonly name: string
  readonly #options: CachedUpstreamOptions
  readonly #store: AnswerStore | undefined
  readonly #prefix: string
  readonly #keeper: Keeper | undefined
  readonly #failures = new FailureMemory()
  readonly #flights = new Map<string, Flight>()

  constructor(options: CachedUpstreamOptions) {
    this.name = options.upstream.name
    this.#options = options
    const cache = options.sideEffects ? undefined : options.cache
    this.#store = cache?.store
    this.#prefix = cache?.store.prefixFor(cache.upstreamIndex) ?? ''
    this.#keeper = cache && new Keeper(cache.store, cache.policy, options.clock, options.random)
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#flights.size
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

    const ageMs = store.ageMs(stored)
    const state = freshnessState(stored, ageMs)
    if (stored.value === undefined) {
      const usable = state === 'fresh' && this.#believes(stored)
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
    return this.#options.upstream.believesStoredNotFound?.(stored.endpoint) ?? true
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
      ageMs,
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
    const under = this.#underWay(storeKey)
    const outcome = under === undefined ? looked : 'coalesced'
    this.#options.observer.cacheLooked(outcome)
    explanation?.add({ step: 'cache', key, upstream: this.name, outcome })
    if (under !== undefined) {
      explanation?.add({ step: 'coalesced', key, upstream: this.name })
      return this.#wait(under, fallback, options.deadlineMs, explanation)
    }
    const failure = looked === 'miss' ? this.#failures.get(storeKey, this.#now()) : undefined
    if (failure !== undefined) {
      explanation?.add({ step: 'held', key, upstream: this.name, result: failure })
      return this.#finish(key, { result: failure, source: 'cache' }, fallback, explanation)
    }
    const flight = this.#newFlight(key, true, explanation, basis)
    const landing = this.#depart(flight, storeKey)
    if (landing !== undefined) return this.#finish(key, landing, fallback, explanation)
    return this.#wait(flight, fallback, options.deadlineMs, explanation)
  }

  /** The request for this question that can be shared: none that was asked before a purge. */
  #underWay(storeKey: string): Flight | undefined {
    if (this.#options.sideEffects) return undefined
    const flight = this.#flights.get(storeKey)
    if (flight === undefined || this.#store?.purgedSince(flight.generation, storeKey)) return undefined
    return flight
  }

  /** Asks again ahead of need, unless somebody does or the last try has just failed. */
  #refresh(key: string, storeKey: string, stored: StoredAnswer): void {
    if (this.#underWay(storeKey) !== undefined) return
    if (this.#failures.get(storeKey, this.#now()) !== undefined) return
    this.#depart(this.#newFlight(key, false, undefined, stored), storeKey)
  }

  #newFlight(
    key: string,
    wanted: boolean,
    explanation: Explanation | undefined,
    basis: StoredAnswer | undefined,
  ): Flight {
    return new Flight({
      table: this.#options.table,
      key,
      deadlineMs: this.#now() + this.#options.deadlineMs,
      basis,
      generation: this.#store?.generation ?? 0,
      explanation,
      wanted,
    })
  }

  /** Sends a flight off. Returns how it ended when it ended at once. */
  #depart(flight: Flight, storeKey: string): Landing | undefined {
    let answer: Answer | Promise<Answer>
    try {
      answer = this.#options.upstream.ask(flight)
    } catch (error) {
      return this.#defect(error)
    }
    if (!(answer instanceof Promise)) return this.#keep(flight, storeKey, answer)
    if (!this.#options.sideEffects) this.#flights.set(storeKey, flight)
    answer
      .then((arrived) => this.#keep(flight, storeKey, arrived))
      .catch((error) => this.#defect(error))
      .then((landing) => {
        if (this.#flights.get(storeKey) === flight) this.#flights.delete(storeKey)
        flight.land(landing)
      })
    return undefined
  }

  /** Stores what may be stored, and remembers a failure. */
  #keep(flight: Flight, storeKey: string, answer: Answer): Landing {
    const result = resultOf(flight, answer)
    if (this.#keeper !== undefined) {
      if (!isFailure(result)) {
        this.#keeper.keep(flight, storeKey, answer)
        this.#failures.delete(storeKey)
      } else if (answer.source === 'upstream') {
        this.#failures.add(storeKey, result, this.#now())
      }
    }
    return { result, source: answer.source }
  }

  async #wait(
    flight: Flight,
    fallback: StoredAnswer | undefined,
    deadlineMs: number,
    explanation: Explanation | undefined,
  ): Promise<Sourced> {
    const landing = await flight.wait(deadlineMs, this.#options.clock)
    return this.#finish(flight.key, landing ?? LATE, fallback, explanation)
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

  #defect(error: unknown): Landing {
    this.#options.onDefect(error, `upstream ${this.name}`)
    return { result: temporary('defect', 'a defect in mapgate; see its log'), source: 'upstream' }
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
const LATE: Sourced = {
  result: temporary('timeout', 'no answer from the service in time; see if it is slow or overloaded'),
  source: 'upstream',
}

/** What the answer says: a 304 repeats the stored answer that was asked about. */
function resultOf(flight: Flight, answer: Answer): LookupResult {
  if (answer.result.kind !== 'notmodified') return answer.result
  if (flight.validators !== undefined && flight.basis !== undefined) return flight.basis.result
  return temporary(
    'unreadable',
    'the service answered 304 to a request without a condition; mend the service',
  )
}

function isFailure(result: LookupResult): result is Temporary | Permanent {
  return result.kind === 'temporary' || result.kind === 'permanent'
}
