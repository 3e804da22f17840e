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
import { ageMs, type Clock, type Instant, instant, type Timer } from '../../core/clock.ts'
import type { UpstreamObserver } from '../../core/observer.ts'
import { temporaryFor } from '../../core/reason.ts'
import { STOPPING, type Temporary } from '../../core/result.ts'
import type { KeysStatus } from '../../core/status.ts'
import type { Connections } from '../http/connection/connections.ts'
import { connectionsTo, fetchKeys, type KeysPlace, labelOf } from './fetch-keys.ts'
import { JWKS_REASONS } from './reasons.ts'

/** Shortest time between two requests because of unknown keys, ms. Ours. */
const UNKNOWN_KEY_EVERY_MS = 30_000

/** Time between two requests after a failure while there are no keys, ms. Ours: recovery is seen so soon. */
const RETRY_MS = 1000

/** The same while older keys are used, ms. Ours: nobody waits. */
const RETRY_WITH_KEYS_MS = 10_000

/** Random part of `refreshEvery` that is left out. Ours: many gateways do not ask at once. */
const REFRESH_SPREAD = 0.1

export interface KeySetTimes {
  readonly refreshEveryMs: number
  readonly keepForMs: number
}

export interface KeySetParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<UpstreamObserver, 'keysChanged'>
  readonly onDefect: (error: unknown) => void
}

/** Keys, or why there are none. */
export type KeysResult =
  | { readonly find: LocalJWKSet /** Asked for after the question came. */; readonly isNewest: boolean }
  | { readonly failure: Temporary }

interface Kept {
  readonly find: LocalJWKSet
  readonly count: number
  readonly askedAt: Instant
}

export class KeySet {
  readonly place: KeysPlace
  readonly #parts: KeySetParts
  readonly #connections: Connections
  times: KeySetTimes
  #kept: Kept | undefined
  #failure: Temporary | undefined
  #fetching: Promise<void> | undefined
  /** When the last request began, monotonic ms. */
  #askedMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #state: 'idle' | 'renewing' | 'stopped' = 'idle'

  constructor(place: KeysPlace, times: KeySetTimes, parts: KeySetParts) {
    this.place = place
    this.times = times
    this.#parts = parts
    this.#connections = connectionsTo(place, parts.clock)
  }

  /** Host and port of the place. */
  get label(): string {
    return labelOf(this.place)
  }

  /** Keeps keys ready from now on. */
  start(): void {
    if (this.#state !== 'idle') return
    this.#state = 'renewing'
    void this.#fetch()
  }

  /** Waits for keys until the deadline, monotonic ms, if there are none. Does not reject. */
  async current(deadlineMs: number): Promise<KeysResult> {
    const nowMs = this.#parts.clock.monotonicMs()
    const mayAsk = this.#failure === undefined || nowMs - this.#askedMs >= RETRY_MS
    if (this.#usable === undefined && (this.#fetching !== undefined || mayAsk))
      await this.#endOf(this.#fetch(), deadlineMs)
    return this.#result(nowMs)
  }

  /** The keys after a token had an unknown one: fetched anew, if that was not done just before. */
  async newer(sinceMs: number, deadlineMs: number): Promise<KeysResult> {
    if (this.#fetching === undefined && this.#askedMs < sinceMs) {
      if (this.#parts.clock.monotonicMs() - this.#askedMs < UNKNOWN_KEY_EVERY_MS)
        return { failure: this.#failure ?? temporaryFor(JWKS_REASONS.unknownKey, this.label) }
      void this.#fetch()
    }
    if (this.#fetching !== undefined) await this.#endOf(this.#fetching, deadlineMs)
    return this.#failure === undefined ? this.#result(sinceMs) : { failure: this.#failure }
  }

  status(): Omit<KeysStatus, 'tokens'> {
    const kept = this.#usable
    return {
      endpoint: this.label,
      state: this.#failure !== undefined ? 'failing' : kept === undefined ? 'none' : 'valid',
      keys: kept?.count ?? 0,
      ...(kept !== undefined && { fetchedAtMs: Math.round(kept.askedAt.wallMs) }),
      ...(this.#failure !== undefined && { lastFailure: this.#failure.reason }),
    }
  }

  /** Nothing is fetched any more. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#connections.destroy()
  }

  /** Undefined where they are too old. */
  get #usable(): Kept | undefined {
    const kept = this.#kept
    return kept !== undefined && ageMs(this.#parts.clock, kept.askedAt) < this.times.keepForMs
      ? kept
      : undefined
  }

  #result(sinceMs: number): KeysResult {
    const kept = this.#usable
    if (kept !== undefined) return { find: kept.find, isNewest: kept.askedAt.monotonicMs >= sinceMs }
    if (this.#state === 'stopped') return { failure: STOPPING }
    return { failure: this.#failure ?? temporaryFor(JWKS_REASONS.keysLate, this.label) }
  }

  /** Ends with the request, or at the deadline. */
  #endOf(ended: Promise<void>, deadlineMs: number): Promise<void> {
    const { clock } = this.#parts
    return new Promise((resolve) => {
      const timer = clock.after(deadlineMs - clock.monotonicMs(), resolve)
      void ended.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** One request, whoever asks. */
  #fetch(): Promise<void> {
    if (this.#state === 'stopped') return Promise.resolve()
    if (this.#fetching !== undefined) return this.#fetching
    this.#timer?.cancel()
    const askedAt = instant(this.#parts.clock)
    this.#askedMs = askedAt.monotonicMs
    this.#fetching = this.#request(askedAt)
    return this.#fetching
  }

  async #request(askedAt: Instant): Promise<void> {
    const { onDefect, observer } = this.#parts
    const reply = await fetchKeys(this.place, this.#connections)
    // A start without tokens does not pay for it.
    const { createLocalJWKSet } = await import('jose')
    this.#fetching = undefined
    if (this.#state === 'stopped') return
    const wasFailing = this.#failure !== undefined
    if ('keys' in reply) {
      this.#kept = { find: createLocalJWKSet(reply.keys), count: reply.keys.keys.length, askedAt }
      this.#failure = undefined
      if (wasFailing) observer.keysChanged('valid')
    } else {
      if (reply.defect !== undefined) onDefect(reply.defect)
      this.#failure = reply.failure
      if (!wasFailing) observer.keysChanged('failing', reply.failure.reason)
    }
    if (this.#state === 'renewing') this.#fetchLater()
  }

  #fetchLater(): void {
    const { clock, random } = this.#parts
    const { refreshEveryMs } = this.times
    const retryMs = this.#usable === undefined ? RETRY_MS : RETRY_WITH_KEYS_MS
    const inMs = this.#failure === undefined ? refreshEveryMs * (1 - REFRESH_SPREAD * random()) : retryMs
    this.#timer?.cancel()
    this.#timer = clock.after(inMs, () => void this.#fetch())
  }
}
