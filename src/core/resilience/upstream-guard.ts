/**
 * What all tables share of one HTTP upstream: places, retry budget, circuits and pauses.
 *
 * It lives as long as the upstream, over reloads too: a changed table does not make the program
 * forget that an endpoint is down.
 */
import type { Clock } from '../clock.ts'
import type { UpstreamObserver } from '../observer.ts'
import { STOPPING, type Temporary, temporary } from '../result.ts'
import type { UpstreamStatus } from '../status.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { availableInMs, type EndpointState, type Preference } from './endpoint-order.ts'
import { Limiter } from './limiter.ts'
import { RetryBudget } from './retry-budget.ts'

/** The settings of one upstream. Defaults and bounds stand in the configuration schema. */
export interface GuardSettings {
  /** Names of the endpoints, in order of preference: index and host. */
  readonly endpoints: readonly string[]
  /** Longest time for one attempt, ms. */
  readonly timeoutMs: number
  /** Most requests for one question, over all endpoints. */
  readonly attempts: number
  readonly maxConcurrent: number
  readonly maxQueued: number
  readonly circuitBreaker: { readonly failures: number; readonly openForMs: number }
  /** Time after which another endpoint is asked as well, ms; undefined: never. */
  readonly hedgeAfterMs: number | undefined
}

export interface UpstreamGuardOptions {
  readonly name: string
  readonly settings: GuardSettings
  readonly clock: Clock
  /** Numbers from 0 up to 1, for the backoff. */
  readonly random: () => number
  readonly observer: UpstreamObserver
  /** True while the program does not keep up: nothing is asked then. Default never. */
  readonly overloaded?: () => boolean
}

export class UpstreamGuard {
  readonly name: string
  readonly clock: Clock
  readonly random: () => number
  readonly observer: UpstreamObserver
  readonly limiter: Limiter
  readonly budget = new RetryBudget()
  readonly #overloaded: () => boolean
  #state: 'open' | 'ended' = 'open'
  #settings: GuardSettings
  #endpoints: readonly EndpointState[]

  constructor(options: UpstreamGuardOptions) {
    this.name = options.name
    this.clock = options.clock
    this.random = options.random
    this.observer = options.observer
    this.#overloaded = options.overloaded ?? (() => false)
    this.#settings = options.settings
    this.limiter = new Limiter(options.settings, options.clock)
    this.#endpoints = options.settings.endpoints.map((name) => this.#newEndpoint(name))
  }

  get settings(): GuardSettings {
    return this.#settings
  }

  /** In order of preference. Whoever counts endpoints keeps this list, since a reload makes another. */
  get endpoints(): readonly EndpointState[] {
    return this.#endpoints
  }

  /** Takes changed settings over. An endpoint that stays keeps its circuit and its pause. */
  configure(settings: GuardSettings): void {
    this.#settings = settings
    this.limiter.limits = settings
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.name, endpoint]))
    this.#endpoints = settings.endpoints.map((name) => known.get(name) ?? this.#newEndpoint(name))
    for (const endpoint of this.#endpoints) endpoint.breaker.limits = settings.circuitBreaker
  }

  /**
   * Tells why a question cannot be asked at all just now, without any I/O.
   *
   * @returns undefined when it can be asked, or wait for a place.
   */
  refusal(
    endpoints: readonly EndpointState[],
    preference: Preference,
    background: boolean,
  ): Temporary | undefined {
    const held = this.unavailable(endpoints, preference)
    if (held !== undefined) return held
    if (this.#overloaded()) {
      if (!background) this.observer.shed()
      return OVERLOADED
    }
    return this.limiter.wouldShed(background) ? this.shed(background) : undefined
  }

  /** Ends every request under way, and refuses all others: the program ends. */
  abort(): void {
    this.#state = 'ended'
    this.limiter.cancelAll()
  }

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Tells why no endpoint may be asked just now, or undefined. */
  unavailable(endpoints: readonly EndpointState[], preference: Preference): Temporary | undefined {
    if (this.ended) return STOPPING
    const waitMs = availableInMs(endpoints, preference, this.clock.monotonicMs())
    if (waitMs === undefined) {
      return temporary(
        'circuit',
        `upstream ${this.name}: every endpoint failed repeatedly and rests; mend the service`,
      )
    }
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000)
      return temporary(
        'status',
        `upstream ${this.name}: the service asks for a pause of ${seconds} s (Retry-After)`,
      )
    }
    return undefined
  }

  /** A question is turned away for lack of a place. */
  shed(background: boolean): Temporary {
    if (!background) this.observer.shed()
    return temporary(
      'overload',
      `upstream ${this.name}: too many lookups at once; raise maxConcurrent or speed up the service`,
    )
  }

  status(): Omit<UpstreamStatus, 'kind'> {
    const nowMs = this.clock.monotonicMs()
    return {
      name: this.name,
      inFlight: this.limiter.inFlight,
      queued: this.limiter.queued,
      endpoints: this.#endpoints.map(({ name, breaker, pausedUntilMs, lastFailure }) => ({
        name,
        circuit: breaker.state,
        ...(breaker.state !== 'closed' && lastFailure !== undefined && { lastFailure }),
        ...(pausedUntilMs > nowMs && { pausedForMs: pausedUntilMs - nowMs }),
      })),
    }
  }

  #newEndpoint(name: string): EndpointState {
    const breaker = new CircuitBreaker(this.#settings.circuitBreaker, (state) =>
      this.observer.circuitChanged(name, state, endpoint.lastFailure),
    )
    const endpoint: EndpointState = { name, breaker, pausedUntilMs: 0 }
    return endpoint
  }
}

const OVERLOADED = temporary(
  'overload',
  'mapgate is overloaded: its event loop does not keep up; see who sends so many lookups',
)
