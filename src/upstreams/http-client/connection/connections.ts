/**
 * The connections to one endpoint: one pool at a time, replaced when it is too old.
 *
 * A host name is resolved when a connection is made, so a connection that lives as long as
 * there is traffic never sees a changed address. New requests go to a fresh pool; the old one
 * is closed when its last request has ended. (undici's own `clientTtl` can leave requests
 * waiting for ever once `connections` is reached.)
 */
import type { Clock } from '../../../core/clock.ts'
import type { EndpointSettings, HttpUpstreamSettings } from '../settings.ts'
import { type ConnectionUse, openRoute, type Route } from './dispatchers.ts'
import { type CompleteRequest, type ExchangeOptions, type ExchangeOutcome, exchange } from './exchange.ts'
import { errors } from './undici.ts'

export class Connections {
  readonly #endpoint: EndpointSettings
  readonly #clock: Clock
  readonly #closing = new Set<Promise<void>>()
  readonly #retired = new Set<Route>()
  #settings: HttpUpstreamSettings
  #current: { readonly route: Route; readonly sinceMs: number } | undefined
  /** While `closing` every request gets connections of its own. */
  #state: 'open' | 'closing' | 'destroyed' = 'open'
  #certificateExpiresAtMs: number | undefined

  constructor(endpoint: EndpointSettings, settings: HttpUpstreamSettings, clock: Clock) {
    this.#endpoint = endpoint
    this.#settings = settings
    this.#clock = clock
  }

  /** End of life of the certificate that the endpoint showed last, wall clock ms. */
  get certificateExpiresAtMs(): number | undefined {
    return this.#certificateExpiresAtMs
  }

  /**
   * Sends one request. Does not reject.
   *
   * @param use Called with what becomes of the connection.
   */
  send(
    request: CompleteRequest,
    use: ConnectionUse,
    options: Omit<ExchangeOptions, 'clock' | 'maxBodyBytes'>,
  ): Promise<ExchangeOutcome> {
    if (this.#state === 'destroyed') {
      const error = new errors.ClientDestroyedError('stopped')
      return Promise.resolve({ kind: 'error', error, progress: 'unsent' })
    }
    const outcome = exchange(this.#route(), request, use, {
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      needsBody: options.needsBody,
      drained: options.drained,
      clock: this.#clock,
      maxBodyBytes: this.#settings.maxBodyBytes,
    })
    // A lookup that began before the end may need a second attempt after it.
    if (this.#state === 'closing') this.#retire()
    return outcome
  }

  /** Uses other settings from the next request on; requests under way end as they began. */
  update(settings: HttpUpstreamSettings): void {
    this.#settings = settings
    this.#retire()
  }

  /** Closes every connection when its request has ended. Requests after this one still work. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    this.#retire()
    await Promise.all(this.#closing)
  }

  /** Ends every connection and request now. */
  async destroy(): Promise<void> {
    this.#state = 'destroyed'
    this.#retire()
    await Promise.all(Array.from(this.#retired, ({ dispatcher }) => dispatcher.destroy()))
    await Promise.all(this.#closing)
  }

  #route(): Route {
    const nowMs = this.#clock.monotonicMs()
    const current = this.#current
    if (current !== undefined && nowMs - current.sinceMs < this.#settings.maxConnectionAgeMs) {
      return current.route
    }
    this.#retire()
    const route = openRoute(this.#endpoint, this.#settings, (expiresAtMs) => {
      this.#certificateExpiresAtMs = expiresAtMs
    })
    this.#current = { route, sinceMs: nowMs }
    return route
  }

  /** Closes the pool in use as soon as its requests have ended. */
  #retire(): void {
    const route = this.#current?.route
    if (route === undefined) return
    this.#current = undefined
    this.#retired.add(route)
    const closing = route.dispatcher
      .close()
      // It rejects only when it is destroyed meanwhile, which closes it as well.
      .catch(() => {})
      .then(() => {
        this.#retired.delete(route)
        this.#closing.delete(closing)
      })
    this.#closing.add(closing)
  }
}
