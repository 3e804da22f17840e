/**
 * Equal questions share one request: the requests under way, and what becomes of their answers.
 *
 * A request that was asked for before a purge is not shared any more, and its answer not stored.
 */
import type { Explanation } from '../explain.ts'
import { DEFECT, type LookupResult, temporary } from '../result.ts'
import type { Answer } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import type { CachedUpstreamOptions, CacheOptions } from './cached-upstream.ts'
import { FailureMemory, isFailure } from './failure-memory.ts'
import { Flight, type Landing } from './flight.ts'
import { Keeper } from './keeper.ts'
import type { StoredAnswer } from './stored-answer.ts'

/**
 * Holds a request until it has ended: emptied then, since the map's old tables hold on to what they had
 * (slot-list.ts says why).
 */
interface UnderWay {
  flight: Flight | undefined
}

/** What a new request is made of. */
export interface Departure {
  readonly key: string
  /** True when somebody is about to wait for it. */
  readonly wanted: boolean
  readonly explanation: Explanation | undefined
  /** The stored answer whose validators go with the question. */
  readonly basis: StoredAnswer | undefined
}

export class Coalescer {
  readonly failures = new FailureMemory()
  readonly #options: CachedUpstreamOptions
  readonly #store: AnswerStore | undefined
  readonly #keeper: Keeper | undefined
  readonly #flights = new Map<string, UnderWay>()

  /** @param cache Undefined where nothing is stored. */
  constructor(options: CachedUpstreamOptions, cache: CacheOptions | undefined) {
    this.#options = options
    this.#store = cache?.store
    this.#keeper = cache && new Keeper(cache.store, cache.policy, options.clock, options.random)
  }

  get size(): number {
    return this.#flights.size
  }

  /** The request for this question that can be shared: none that was asked before a purge. */
  underWay(storeKey: string): Flight | undefined {
    if (this.#options.sideEffects) return undefined
    const flight = this.#flights.get(storeKey)?.flight
    if (flight === undefined || this.#store?.purgedSince(flight.generation, storeKey)) return undefined
    return flight
  }

  /** Asks the upstream. `landing` is how that ended, when it ended at once. */
  depart(storeKey: string, departure: Departure): { flight: Flight; landing: Landing | undefined } {
    const flight = new Flight({
      key: departure.key,
      wanted: departure.wanted,
      explanation: departure.explanation,
      basis: departure.basis,
      table: this.#options.table,
      deadlineMs: this.#now() + this.#options.deadlineMs,
      generation: this.#store?.generation ?? 0,
    })
    return { flight, landing: this.#send(flight, storeKey) }
  }

  #send(flight: Flight, storeKey: string): Landing | undefined {
    let answer: Answer | Promise<Answer>
    try {
      answer = this.#options.upstream.ask(flight)
    } catch (error) {
      return this.#defect(error)
    }
    if (!(answer instanceof Promise)) return this.#keep(flight, storeKey, answer)
    const underWay: UnderWay = { flight }
    if (!this.#options.sideEffects) this.#flights.set(storeKey, underWay)
    void this.#arrive(flight, storeKey, answer, underWay)
    return undefined
  }

  async #arrive(
    flight: Flight,
    storeKey: string,
    answer: Promise<Answer>,
    underWay: UnderWay,
  ): Promise<void> {
    let landing: Landing
    try {
      landing = this.#keep(flight, storeKey, await answer)
    } catch (error) {
      landing = this.#defect(error)
    }
    underWay.flight = undefined
    if (this.#flights.get(storeKey) === underWay) this.#flights.delete(storeKey)
    flight.land(landing)
  }

  /** Stores what may be stored, and remembers a failure. */
  #keep(flight: Flight, storeKey: string, answer: Answer): Landing {
    const result = resultOf(flight, answer)
    if (this.#keeper !== undefined) {
      if (!isFailure(result)) {
        this.#keeper.keep(flight, storeKey, answer)
        this.failures.delete(storeKey)
      } else if (answer.source === 'upstream') {
        this.failures.add(storeKey, result, this.#now())
      }
    }
    return { result, source: answer.source }
  }

  #defect(error: unknown): Landing {
    this.#options.onDefect(error, `upstream ${this.#options.upstream.name}`)
    return { result: DEFECT, source: 'upstream' }
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }
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
