/**
 * What the store of a table has of the keys of one upstream, without asking: for an outage and how ready a table is for one, and
 * for the rule by which a stored "not found" is an answer.
 */
import { type Found, NOT_FOUND, type NotFound } from '../result.ts'
import type { KnownAnswer, TableSource } from '../source/table-source.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import { type FreshnessState, freshnessState } from './freshness.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** Known of a key that fits into no request. */
const UNSENT: KnownAnswer = { result: NOT_FOUND, ageMs: 0, foundForMs: 0, confirmedByCanary: true }

export class UnaskedAnswers implements Pick<TableSource, 'askOffline' | 'known' | 'protect'> {
  readonly #upstream: Upstream
  readonly #store: AnswerStore | undefined
  readonly #prefix: string
  readonly #negativeTtlMs: number

  /** @param negativeTtlMs Holds for what is stored already, too: a reload or restart may have shortened it. */
  constructor(upstream: Upstream, store: AnswerStore | undefined, prefix: string, negativeTtlMs: number) {
    this.#upstream = upstream
    this.#store = store
    this.#prefix = prefix
    this.#negativeTtlMs = negativeTtlMs
  }

  askOffline(key: string): Found | NotFound | undefined {
    const store = this.#store
    const stored = store?.peek(this.#prefix + key)
    if (store === undefined || stored === undefined) return this.#isUnsent(key) ? NOT_FOUND : undefined
    const ageMs = store.ageMs(stored)
    const state = freshnessState(stored, ageMs)
    const isUsable = stored.value === undefined ? this.isUsable(stored, ageMs, state) : state !== 'expired'
    return isUsable ? stored.result : undefined
  }

  known(key: string): KnownAnswer | undefined {
    const store = this.#store
    const stored = store?.peek(this.#prefix + key)
    if (store === undefined || stored === undefined) return this.#isUnsent(key) ? UNSENT : undefined
    const ageMs = store.ageMs(stored)
    if (freshnessState(stored, ageMs) === 'expired') return undefined
    const { result, confirmedByCanary } = stored
    return { result, ageMs, foundForMs: store.foundForMs(stored), confirmedByCanary }
  }

  protect(key: string): void {
    this.#store?.protect(this.#prefix + key)
  }

  /** Returns whether a stored "not found" is an answer. */
  isUsable({ endpoint }: StoredAnswer, ageMs: number, state: FreshnessState): boolean {
    return state === 'fresh' && ageMs < this.#negativeTtlMs && this.#upstream.trustsNegative(endpoint)
  }

  #isUnsent(key: string): boolean {
    return this.#upstream.needsNoRequest(key)
  }
}
