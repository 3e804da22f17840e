/**
 * The canary of one table: a key that the service must know, asked of each endpoint directly.
 *
 * A wrong path or a broken deployment answers 404 to everything, and every 404 would bounce a mail. So
 * a "not found" of an endpoint is believed only if that endpoint found its canary at most
 * `maxAgeMs` before.
 *
 *   unknown      not answered yet
 *   up           found
 *   missing      the service says it does not know it: its "not found" means nothing
 *   unreachable  no word from the service
 *
 * Its last clear word, found or missing, decides about stored "not found" answers: an endpoint that
 * cannot be reached has not become wrong by that.
 */
import { ageMs, type Clock, type Instant, instant, type Timer } from '../clock.ts'
import type { CanaryStatus } from '../status.ts'
import { within } from './sleep.ts'

export interface CanarySettings {
  readonly key: string
  /** Time between two questions ahead of need, ms. */
  readonly everyMs: number
  /** How long a found canary vouches for its endpoint, ms. */
  readonly maxAgeMs: number
}

/** What one question to one endpoint said. `unasked`: no place or no permit, so nothing was learned. */
export type Verdict = 'found' | 'missing' | 'unreachable' | 'unasked'

/** Who waits for a canary: read again by the limiter. */
export interface CanaryAsker {
  readonly background: boolean
}

/** A state after the first answer. */
type Known = Exclude<CanaryStatus['state'], 'unknown'>

export interface CanaryOptions {
  readonly settings: CanarySettings
  readonly endpoints: number
  readonly clock: Clock
  /** Asks one endpoint, in bounded time. Must not reject. */
  readonly ask: (endpoint: number, asker: CanaryAsker) => Promise<Verdict>
  /** Is told of the first answer and of each change. */
  readonly onChanged: (endpoint: number, state: Known) => void
}

/**
 * How long a canary that was not found is not asked for again by lookups, ms; `maxAgeMs` if that is less.
 * Ours: one question a second does not burden a broken service.
 */
export const CANARY_RETRY_MS = 1000

interface EndpointCanary {
  state: CanaryStatus['state']
  /** The last clear word of the service. */
  word: 'found' | 'missing' | undefined
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
      word: undefined,
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

  /** Tells whether a "not found" that has just arrived from an endpoint is believed. */
  believes(index: number): boolean {
    const foundAt = this.#endpoints[index]?.foundAt
    return foundAt !== undefined && ageMs(this.#options.clock, foundAt) <= this.#options.settings.maxAgeMs
  }

  /** Tells whether a stored "not found" of an endpoint may be used: its last clear word was "found". */
  believesStored(index: number): boolean {
    return this.#endpoints[index]?.word === 'found'
  }

  isMissing(index: number): boolean {
    return this.#endpoints[index]?.word === 'missing'
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
      get background() {
        return endpoint.waiters === 0
      },
    }
    const verdict = await this.#options.ask(index, asker)
    if (verdict === 'unasked') return verdict
    if (verdict === 'found') {
      endpoint.foundAt = sentAt
      endpoint.word = 'found'
      this.#become(index, endpoint, 'up')
      return verdict
    }
    const quietMs = Math.min(CANARY_RETRY_MS, this.#options.settings.maxAgeMs)
    endpoint.quietUntilMs = this.#options.clock.monotonicMs() + quietMs
    if (verdict === 'missing') {
      endpoint.foundAt = undefined
      endpoint.word = 'missing'
    }
    this.#become(index, endpoint, verdict)
    return verdict
  }

  #become(index: number, endpoint: EndpointCanary, state: Known): void {
    if (endpoint.state === state) return
    endpoint.state = state
    this.#options.onChanged(index, state)
  }
}
