/**
 * Decides what becomes of an answer that has arrived: stored, renewed, or the end of the one
 * that was stored before.
 *
 * Source: RFC 9111 sections 3 (storing) and 4.3.4 (freshening a stored answer by a 304).
 */
import type { Clock } from '../clock.ts'
import type { Answer } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import type { Flight } from './flight.ts'
import {
  foundLifetime,
  initialAge,
  type Lifetime,
  type LifetimePolicy,
  negativeLifetime,
  type StoreMoment,
  saysFreshness,
} from './lifetimes.ts'

export class Keeper {
  readonly #store: AnswerStore
  readonly #policy: LifetimePolicy
  readonly #clock: Clock
  readonly #random: () => number

  constructor(store: AnswerStore, policy: LifetimePolicy, clock: Clock, random: () => number) {
    this.#store = store
    this.#policy = policy
    this.#clock = clock
    this.#random = random
  }

  /**
   * Stores a "found" or "not found", or renews the stored answer by a 304.
   *
   * An answer that must not be stored still ends the one before it: that one is known to
   * be out of date. An answer asked for before a purge changes nothing.
   */
  keep(flight: Flight, storeKey: string, answer: Answer): void {
    if (!answer.storable || this.#store.purgedSince(flight.generation, storeKey)) return
    const { result } = answer
    const moment = { wallMs: this.#clock.wallMs(), random: this.#random() }
    if (result.kind === 'found') {
      this.#put(storeKey, result.value, answer, foundLifetime(this.#policy, answer.caching, moment))
    } else if (result.kind === 'notfound') {
      this.#put(storeKey, undefined, answer, negativeLifetime(this.#policy, answer.caching, moment))
    } else if (result.kind === 'notmodified') {
      this.#renew(flight, storeKey, answer, moment)
    }
  }

  #renew(flight: Flight, storeKey: string, answer: Answer, moment: StoreMoment): void {
    const { basis } = flight
    if (basis?.value === undefined) return
    const keepsWindows = this.#policy.honorCacheControl && !saysFreshness(answer.caching)
    const lifetime = keepsWindows
      ? { freshness: basis, initialAgeMs: initialAge(answer.caching, moment.wallMs) }
      : foundLifetime(this.#policy, answer.caching, moment)
    const validators = { ...basis.validators, ...answer.validators }
    this.#put(storeKey, basis.value, { ...answer, validators }, lifetime)
  }

  #put(
    storeKey: string,
    value: string | undefined,
    answer: Pick<Answer, 'validators' | 'endpoint'>,
    lifetime: Lifetime | undefined,
  ): void {
    if (lifetime === undefined) {
      this.#store.delete(storeKey)
      return
    }
    this.#store.set(storeKey, {
      value,
      freshness: lifetime.freshness,
      ageMs: lifetime.initialAgeMs,
      // A "not found" is never renewed, so its validators would only take memory.
      validators: value === undefined ? undefined : answer.validators,
      endpoint: answer.endpoint,
    })
  }
}
