/**
 * The canary of one table: a key that the service must know, asked of each endpoint directly.
 *
 * A wrong path or a broken deployment answers 404 to everything, and every 404 would bounce a mail. So
 * a "not found" of an endpoint is trusted only if that endpoint found its canary at most
 * `maxAgeMs` before.
 *
 *   unknown      not answered yet
 *   up           found
 *   missing      the service says it does not know it: its "not found" means nothing
 *   unreachable  no answer from the service
 *
 * Its last verdict, found or missing, decides about stored "not found" answers: an endpoint that
 * cannot be reached has not become wrong by that.
 */
import type { Attributes } from '../attributes.ts'
import { ageMs, type Clock, type Instant, instant, type Timer } from '../clock.ts'
import type { CanaryStatus } from '../status.ts'
import { within } from './sleep.ts'

export interface CanarySettings {
  /** Where there are attributes: their name in explanations. */
  readonly key: string
  /** What is asked for instead, in a table that is asked by attributes. */
  readonly attributes?: Attributes | undefined
  /** Time between two questions ahead of need, ms. */
  readonly everyMs: number
  /** How long a "not found" of an endpoint is trusted after its canary was found, ms. */
  readonly maxAgeMs: number
}

/** What one question to one endpoint said. `unasked`: no slot, so nothing was learned. */
export type Verdict = 'found' | 'missing' | 'unreachable' | 'unasked'

/** Says who waits for a canary: read again by the limiter. */
export interface CanaryAsker {
  readonly hasWaiters: boolean
}

/** A state after the first answer. */
type Known = Exclude<CanaryStatus['state'], 'unknown'>

interface CanaryOptions {
  readonly settings: CanarySettings
  readonly endpoints: number
  readonly clock: Clock
  /** Asks one endpoint, in bounded time. Must not reject. */
  readonly ask: (endpoint: number, asker: CanaryAsker) => Promise<Verdict>
  /** Called with the first answer and with each change. */
  readonly onChanged: (endpoint: number, state: Known) => void
}

/**
 * How long a canary that was not found is not asked for again by lookups, ms; `maxAgeMs` if that is less.
 * Ours: one question a second does not burden a broken service.
 */
const CANARY_RETRY_MS = 1000

interface EndpointCanary {
  state: CanaryStatus['state']
  /** What the service said last: a failure is not a verdict. */
  lastVerdict: 'found' | 'missing' | undefined
  /** When a question was sent that found it. */
  foundAt: Instant | undefined
  /** Monotonic ms before which a failed question is not repeated. */
  quietUntilMs: number
  asking: Promise<Verdict> | undefined
  waiters: number
}

export class Canary {
  readonly #options: CanaryOptions
  readonly #endpoints: readonly EndpointCanary[]
  #timer: Timer | undefined

  constructor(options: CanaryOptions) {
    this.#options = options
    this.#endpoints = Array.from({ length: options.endpoints }, () => ({
      state: 'unknown',
      lastVerdict: undefined,
      foundAt: undefined,
      quietUntilMs: Number.NEGATIVE_INFINITY,
      asking: undefined,
      waiters: 0,
    }))
  }

  /** Asks every endpoint now, and again every `everyMs`. */
  start(): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(this.#options.settings.everyMs, () => this.start())
    for (const [index, endpoint] of this.#endpoints.entries()) void this.#ask(index, endpoint)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Returns whether a "not found" that has just arrived from an endpoint is trusted. */
  trusts(index: number): boolean {
    const foundAt = this.#endpoints[index]?.foundAt
    return foundAt !== undefined && ageMs(this.#options.clock, foundAt) <= this.#options.settings.maxAgeMs
  }

  /** Returns whether a stored "not found" of an endpoint may be used: its last verdict was "found". */
  trustsStored(index: number): boolean {
    return this.#endpoints[index]?.lastVerdict === 'found'
  }

  isMissing(index: number): boolean {
    return this.#endpoints[index]?.lastVerdict === 'missing'
  }

  /**
   * Asks an endpoint for its canary; equal questions share one request.
   *
   * @param deadlineMs Monotonic ms until which the caller waits.
   * @returns True when it was found.
   */
  async check(index: number, deadlineMs: number): Promise<boolean> {
    const endpoint = this.#endpoints[index]
    const nowMs = this.#options.clock.monotonicMs()
    if (endpoint === undefined) return false
    if (endpoint.asking === undefined && nowMs < endpoint.quietUntilMs) return false
    endpoint.waiters++
    try {
      const asking = this.#ask(index, endpoint)
      const verdict = await within(this.#options.clock, Math.max(0, deadlineMs - nowMs), asking)
      return verdict === 'found'
    } finally {
      endpoint.waiters--
    }
  }

  /** The canary was asked as the known question of an endpoint that is doubted. */
  learn(index: number, verdict: Verdict, sentAt: Instant): void {
    const endpoint = this.#endpoints[index]
    if (endpoint !== undefined) this.#learn(index, endpoint, verdict, sentAt)
  }

  status(): CanaryStatus['state'][] {
    return this.#endpoints.map((endpoint) => endpoint.state)
  }

  #ask(index: number, endpoint: EndpointCanary): Promise<Verdict> {
    endpoint.asking ??= this.#question(index, endpoint).finally(() => {
      endpoint.asking = undefined
    })
    return endpoint.asking
  }

  async #question(index: number, endpoint: EndpointCanary): Promise<Verdict> {
    const sentAt = instant(this.#options.clock)
    const asker = {
      get hasWaiters() {
        return endpoint.waiters > 0
      },
    }
    const verdict = await this.#options.ask(index, asker)
    this.#learn(index, endpoint, verdict, sentAt)
    return verdict
  }

  #learn(index: number, endpoint: EndpointCanary, verdict: Verdict, sentAt: Instant): void {
    if (verdict === 'unasked') return
    if (verdict === 'found') {
      endpoint.foundAt = sentAt
      endpoint.lastVerdict = 'found'
      this.#become(index, endpoint, 'up')
      return
    }
    const quietMs = Math.min(CANARY_RETRY_MS, this.#options.settings.maxAgeMs)
    endpoint.quietUntilMs = this.#options.clock.monotonicMs() + quietMs
    if (verdict === 'missing') {
      endpoint.foundAt = undefined
      endpoint.lastVerdict = 'missing'
    }
    this.#become(index, endpoint, verdict)
  }

  #become(index: number, endpoint: EndpointCanary, state: Known): void {
    if (endpoint.state === state) return
    endpoint.state = state
    this.#options.onChanged(index, state)
  }
}
