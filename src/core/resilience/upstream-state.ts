/**
 * What all tables share of one upstream: slots, retry budget, and what is known of its endpoints.
 *
 * It lives as long as the upstream, over reloads too: a changed table does not make the program
 * forget that an endpoint is down.
 */
import type { Clock, Timer } from '../clock.ts'
import type { UpstreamObserver } from '../observed/observer.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { STOPPING, type Temporary } from '../result.ts'
import type { UpstreamStatus } from '../status.ts'
import { AnsweredKeys } from './answered-keys.ts'
import { sendCheck } from './check.ts'
import type { BreakerLimits } from './circuit-limits.ts'
import type { DrillSwitch } from './drill.ts'
import { type Preference, pickEndpoint } from './endpoint-choice.ts'
import { EndpointState } from './endpoint-state.ts'
import { Limiter, type LimiterLimits } from './limiter.ts'
import { RecentKeys } from './recent-keys.ts'
import { MIN_SPLITS_PER_MINUTE, RetryBudget, SPLIT_SHARE } from './retry-budget.ts'
import type { KeyKind } from './table-queue.ts'

/** The settings of one upstream. Defaults and bounds are in the configuration schema. */
export interface UpstreamStateSettings extends LimiterLimits {
  /** Names of the endpoints, in order of preference: index and host. */
  readonly endpoints: readonly string[]
  /** Longest time for one attempt, ms. */
  readonly timeoutMs: number
  /** Most requests for one question, over all endpoints. */
  readonly attempts: number
  readonly circuitBreaker: { readonly failures: number; readonly openForMs: number }
  /** Time after which another endpoint is asked as well, ms; undefined: never. */
  readonly hedgeAfterMs: number | undefined
}

/** What admission looks at in a question. */
interface AdmissionRequest {
  readonly table: string
  readonly key: string
  readonly wasAnswered?: boolean
  readonly explanation?: object | undefined
  readonly hasWaiters: boolean
}

export interface UpstreamStateOptions {
  readonly name: string
  readonly settings: UpstreamStateSettings
  readonly clock: Clock
  /** Numbers from 0 up to 1, for the backoff and the tests of open circuits. */
  readonly random: () => number
  readonly observer: UpstreamObserver
  /** True while the program does not keep up: nothing is asked then. Default never. */
  readonly overloaded?: () => boolean
  /** Absent where nothing can be drilled. */
  readonly drill?: DrillSwitch
}

/** Time between two looks at the requests under way for slow ones, ms. Ours: a service that hangs is noticed half a second later at most. */
const WATCH_EVERY_MS = 250

/** How long a key that was slow waits behind others, ms. Ours: a slow database is faster, or forgotten, by then. */
const SLOW_KEY_MS = 60_000

export class UpstreamState {
  readonly name: string
  readonly clock: Clock
  readonly random: () => number
  readonly observer: UpstreamObserver
  readonly limiter: Limiter
  readonly budget = new RetryBudget()
  readonly splits = new RetryBudget(SPLIT_SHARE, MIN_SPLITS_PER_MINUTE)
  readonly #overloaded: () => boolean
  readonly #drill: DrillSwitch | undefined
  readonly #slowKeys = new RecentKeys(SLOW_KEY_MS)
  /** Of all tables together: an address that one of them knows is a stranger to none. */
  readonly #answered: AnsweredKeys
  #state: 'open' | 'ended' = 'open'
  #settings: UpstreamStateSettings
  #way: object | undefined
  #endpoints: readonly EndpointState[]
  /** What the last change replaced, for when it is taken back: the tables of then still ask these. */
  #replaced: { readonly way: object; readonly endpoints: readonly EndpointState[] } | undefined
  #watch: Timer | undefined
  #watchAtMs = 0
  /** How late the program was when it last looked at the requests under way, ms. */
  watchLagMs = 0

  constructor(options: UpstreamStateOptions) {
    this.name = options.name
    this.clock = options.clock
    this.random = options.random
    this.observer = options.observer
    this.#overloaded = options.overloaded ?? (() => false)
    this.#drill = options.drill
    this.#settings = options.settings
    this.#answered = new AnsweredKeys(options.random())
    this.limiter = new Limiter(options.settings, options.clock)
    this.#endpoints = options.settings.endpoints.map((name) => this.#newEndpoint(name))
  }

  get settings(): UpstreamStateSettings {
    return this.#settings
  }

  /** In order of preference. Whoever counts endpoints keeps this list, since a reload makes another. */
  get endpoints(): readonly EndpointState[] {
    return this.#endpoints
  }

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /**
   * Takes settings over. An endpoint that stays keeps its circuit.
   *
   * @param way Stands for how the endpoints are asked: when it is another one, what was seen of them says nothing any more.
   */
  configure(settings: UpstreamStateSettings, way: object): void {
    const old = this.#way === undefined || this.#way === way ? undefined : this.#way
    const restored = this.#replaced?.way === way ? this.#replaced.endpoints : undefined
    this.#replaced = old && { way: old, endpoints: this.#endpoints }
    this.#way = way
    this.#settings = settings
    this.limiter.limits = settings
    const known = new Map(
      old === undefined ? this.#endpoints.map((endpoint) => [endpoint.name, endpoint]) : [],
    )
    const kept = restored ?? settings.endpoints.map((name) => known.get(name) ?? this.#newEndpoint(name))
    for (const endpoint of this.#endpoints) if (!kept.includes(endpoint)) endpoint.retire()
    for (const endpoint of kept) endpoint.isRetired = false
    this.#endpoints = kept
    for (const endpoint of this.#endpoints) endpoint.limits = breakerLimits(settings)
  }

  /**
   * Picks the endpoint for a new question, or says why it cannot be asked just now; without any I/O.
   *
   * @returns The position of the endpoint; the question may still wait for a slot.
   */
  admit(preference: Preference, request: AdmissionRequest): number | Temporary {
    const { table, hasWaiters, explanation: lookup } = request
    const endpoint = this.ended ? undefined : pickEndpoint(preference, NONE, this.clock.monotonicMs())
    if (endpoint === undefined) return this.unavailable(preference)
    if (this.#overloaded()) {
      if (hasWaiters) this.observer.shed()
      return OVERLOADED
    }
    if (!this.limiter.wouldShed({ table, hasWaiters, lookup })) return endpoint
    // A key that was answered before takes the place of one that never was.
    const mayDisplace = hasWaiters && this.limiter.hasOthersThanKnown && this.keyKind(request) === 'known'
    return mayDisplace ? endpoint : this.shed(hasWaiters)
  }

  /** The upstream is gone: its circuits are not tested any more. Requests under way go on. */
  stop(): void {
    for (const endpoint of this.#endpoints) endpoint.stop()
  }

  /** Ends every request under way, and refuses all others: the program ends. */
  abort(): void {
    this.#state = 'ended'
    for (const endpoint of this.#endpoints) endpoint.stop()
    this.#watch?.cancel()
    this.#watch = undefined
    this.limiter.cancelAll()
  }

  /** Why no endpoint may be asked just now. */
  unavailable({ endpoints, avoided }: Preference): Temporary {
    if (this.ended) return STOPPING
    const nowMs = this.clock.monotonicMs()
    let soonestMs = Number.POSITIVE_INFINITY
    for (const [index, endpoint] of endpoints.entries()) {
      const pausedForMs = endpoint.pausedForMs(nowMs)
      if (!avoided.has(index) && pausedForMs > 0) soonestMs = Math.min(soonestMs, pausedForMs)
    }
    if (soonestMs === Number.POSITIVE_INFINITY) {
      if (endpoints.some(({ circuit }, index) => circuit === 'closed' && !avoided.has(index)))
        return temporaryFor(CORE_REASONS.leftAlone, this.name)
      return this.#drill?.endsAtMs === undefined
        ? temporaryFor(CORE_REASONS.circuitsOpen, this.name)
        : temporaryFor(CORE_REASONS.circuitsOpenByDrill, this.name, this.name)
    }
    return temporaryFor(CORE_REASONS.pause, this.name, Math.ceil(soonestMs / 1000))
  }

  /** A question is turned away for lack of a slot. */
  shed(hasWaiters: boolean): Temporary {
    if (hasWaiters) this.observer.shed()
    return temporaryFor(CORE_REASONS.tooManyLookups, this.name)
  }

  /** What is known of a key: whether it has just been slow, when others were not, and whether it was answered before. */
  keyKind({ table, key, wasAnswered }: Pick<AdmissionRequest, 'table' | 'key' | 'wasAnswered'>): KeyKind {
    if (!this.#slowKeys.isEmpty && this.#slowKeys.has(`${table} ${key}`, this.clock.monotonicMs()))
      return 'slow'
    return wasAnswered === true || this.#answered.has(key) ? 'known' : 'new'
  }

  /** The service found this key. */
  rememberAnswered(key: string): void {
    this.#answered.add(key)
  }

  rememberSlowKey(table: string, key: string): void {
    this.#slowKeys.add(`${table} ${key}`, this.clock.monotonicMs())
  }

  /** Looks at the requests under way every now and then, as long as there are any. */
  watchSlow(): void {
    if (this.#watch !== undefined) return
    this.#watchAtMs = this.clock.monotonicMs() + WATCH_EVERY_MS
    this.#watch = this.clock.after(WATCH_EVERY_MS, this.#lookForSlow)
  }

  status(): Omit<UpstreamStatus, 'kind'> {
    const nowMs = this.clock.monotonicMs()
    return {
      name: this.name,
      inFlight: this.limiter.inFlight,
      queued: this.limiter.queued,
      endpoints: this.#endpoints.map((endpoint) => {
        const { name, circuit, lastFailure } = endpoint
        const pausedForMs = endpoint.pausedForMs(nowMs)
        const onlyKnownForMs = endpoint.onlyKnownForMs(nowMs)
        const isFailing = circuit !== 'closed' || onlyKnownForMs !== undefined
        return {
          name,
          circuit,
          ...(isFailing && lastFailure !== undefined && { lastFailure }),
          ...(onlyKnownForMs !== undefined && { onlyKnownForMs }),
          ...(pausedForMs > 0 && { pausedForMs }),
        }
      }),
    }
  }

  readonly #lookForSlow = (): void => {
    this.#watch = undefined
    if (this.limiter.inFlight === 0) return
    const nowMs = this.clock.monotonicMs()
    this.watchLagMs = nowMs - this.#watchAtMs
    // Where the program itself stood still, replies may have arrived that it has not read yet.
    if (this.watchLagMs < WATCH_EVERY_MS) {
      for (const claim of this.limiter.holders()) claim.watch(nowMs)
      this.limiter.freeSlots()
    }
    this.watchSlow()
  }

  /** What waits for an endpoint that fails goes to one that does not. */
  #moveOn(failed: EndpointState): void {
    const nowMs = this.clock.monotonicMs()
    if (!this.#endpoints.some((endpoint) => endpoint.isAvailable(nowMs))) return
    for (const claim of this.limiter.holders()) claim.moveOn(failed)
  }

  #newEndpoint(name: string): EndpointState {
    const endpoint: EndpointState = new EndpointState({
      name,
      limits: breakerLimits(this.#settings),
      clock: this.clock,
      random: this.random,
      check: (question, timeoutMs, onSent) => sendCheck(this, name, question, timeoutMs, onSent),
      onChanged: (state, lastFailure) => {
        this.observer.circuitChanged(name, state, lastFailure)
        if (state === 'open') this.#moveOn(endpoint)
      },
      onChecked: (verdict) => this.observer.endpointChecked(name, verdict),
    })
    return endpoint
  }
}

function breakerLimits({ circuitBreaker, timeoutMs }: UpstreamStateSettings): BreakerLimits {
  return { ...circuitBreaker, timeoutMs }
}

const NONE: readonly number[] = []

const OVERLOADED = temporaryFor(CORE_REASONS.overloaded)
