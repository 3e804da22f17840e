/**
 * The keys of one issuer: fetched at the start, fetched again now and then, and kept while the issuer gives none.
 *
 *   no keys   -> whoever has a token waits for the request under way; after a failure it is asked again in a second
 *   keys      -> used at once. An unknown key makes them be fetched, at most every half minute: who the token is of is
 *                not known yet, so a stranger could make us ask the issuer with each login
 *   too old   -> as if there were none
 *
 * One request at a time, for all who wait.
 */
import type { LocalJWKSet } from 'jose'
import { ageMs, type Clock, type Instant, instant } from '../../core/clock.ts'
import type { UpstreamObserver } from '../../core/observed/observer.ts'
import { temporaryFor } from '../../core/reason.ts'
import type { Temporary } from '../../core/result.ts'
import type { FetchStatus } from '../../core/status.ts'
import type { Connections } from '../http-client/connection/connections.ts'
import { type FetchFailure, OwnFetch } from '../own-fetch.ts'
import { connectionsTo, fetchKeys, type KeysPlace, labelOf } from './fetch-keys.ts'
import { JWKS_REASONS } from './reasons.ts'

/** Shortest time between two requests because of unknown keys, ms. Ours. */
const UNKNOWN_KEY_EVERY_MS = 30_000

/** Time between two requests after a failure while older keys are used, ms. Ours: nobody waits. */
const RETRY_WITH_KEYS_MS = 10_000

/** Random part of `refreshEvery` that is left out. Ours: many gateways do not ask at once. */
const REFRESH_SPREAD = 0.1

interface KeySetTimes {
  readonly refreshEveryMs: number
  readonly keepForMs: number
}

interface KeySetParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<UpstreamObserver, 'fetchChanged'>
  readonly onDefect: (error: unknown) => void
}

/** Keys, or why there are none. */
type KeysResult =
  | { readonly find: LocalJWKSet /** Asked for after the question came. */; readonly isNewest: boolean }
  | { readonly failure: Temporary }

interface Kept {
  readonly find: LocalJWKSet
  readonly count: number
  readonly askedAt: Instant
}

export class KeySet {
  readonly place: KeysPlace
  readonly #clock: Clock
  readonly #connections: Connections
  readonly #fetch: OwnFetch<Kept>
  times: KeySetTimes

  constructor(place: KeysPlace, times: KeySetTimes, { clock, random, observer, onDefect }: KeySetParts) {
    this.place = place
    this.times = times
    this.#clock = clock
    this.#connections = connectionsTo(place, clock)
    this.#fetch = new OwnFetch<Kept>({
      what: 'keys',
      title: 'keys',
      texts: {
        failing: 'the issuer gives no keys for checking tokens',
        valid: 'the keys of the issuer were fetched',
      },
      endpoint: () => this.label,
      request: () => this.#request(),
      isUsable: (kept) => this.#isUsable(kept),
      renewInMs: () => this.times.refreshEveryMs * (1 - REFRESH_SPREAD * random()),
      retryInUseMs: RETRY_WITH_KEYS_MS,
      shown: (kept) =>
        this.#isUsable(kept)
          ? { detail: `${kept.count} to check tokens by`, fetchedAtMs: Math.round(kept.askedAt.wallMs) }
          : undefined,
      clock,
      observer,
      onDefect,
    })
  }

  /** Host and port of the place. */
  get label(): string {
    return labelOf(this.place)
  }

  /** How many are in use. */
  get count(): number {
    return this.#fetch.current?.count ?? 0
  }

  /** Keeps keys ready from now on. */
  start(): void {
    this.#fetch.start()
  }

  /** Waits for keys until the deadline, monotonic ms, if there are none. Does not reject. */
  async current(deadlineMs: number): Promise<KeysResult> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#fetch.current === undefined) await this.#fetch.wait(deadlineMs - nowMs)
    return this.#result(nowMs)
  }

  /** The keys after a token was signed by none of those that are known: fetched again, if that was not done just before. */
  async newer(sinceMs: number, deadlineMs: number): Promise<KeysResult> {
    const fetch = this.#fetch
    const nowMs = this.#clock.monotonicMs()
    if (!fetch.isFetching && fetch.askedMs < sinceMs) {
      if (nowMs - fetch.askedMs < UNKNOWN_KEY_EVERY_MS)
        return { failure: fetch.failure ?? temporaryFor(JWKS_REASONS.unknownKey, this.label) }
      void fetch.fetch()
    }
    if (fetch.isFetching) await fetch.wait(deadlineMs - nowMs)
    return fetch.failure === undefined ? this.#result(sinceMs) : { failure: fetch.failure }
  }

  /** For `mapgate check --ask`: fetches keys, if there are none. */
  async tryFetches(): Promise<readonly FetchStatus[]> {
    await this.current(this.#clock.monotonicMs() + this.place.timeoutMs)
    return [this.status()]
  }

  troubles(): readonly string[] {
    const { fetchedAtMs, lastFailure } = this.status()
    if (lastFailure === undefined) return []
    if (fetchedAtMs === undefined) return [lastFailure]
    const since = new Date(fetchedAtMs).toISOString()
    return [`the keys of ${since} are used, and there are no newer ones: ${lastFailure}`]
  }

  status(): FetchStatus {
    return this.#fetch.status()
  }

  /** Nothing is fetched any more. */
  async stop(): Promise<void> {
    this.#fetch.stop()
    await this.#connections.destroy()
  }

  /** False where they are too old. */
  #isUsable({ askedAt }: Kept): boolean {
    return ageMs(this.#clock, askedAt) < this.times.keepForMs
  }

  #result(sinceMs: number): KeysResult {
    const kept = this.#fetch.current
    if (kept !== undefined) return { find: kept.find, isNewest: kept.askedAt.monotonicMs >= sinceMs }
    return { failure: this.#fetch.failure ?? temporaryFor(JWKS_REASONS.keysLate, this.label) }
  }

  async #request(): Promise<{ readonly value: Kept } | FetchFailure> {
    const askedAt = instant(this.#clock)
    const reply = await fetchKeys(this.place, this.#connections)
    if (!('keys' in reply)) return reply
    // A start without tokens does not pay for it.
    const { createLocalJWKSet } = await import('jose')
    return { value: { find: createLocalJWKSet(reply.keys), count: reply.keys.keys.length, askedAt } }
  }
}
