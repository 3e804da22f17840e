/**
 * The way out of the cache, by way of what other gateways stored:
 *
 *   found, fresh                        -> the answer, and stored here
 *   found, within staleWhileRevalidate  -> the answer, and stored here; the next lookup asks again behind its hit
 *   found, within staleIfError          -> stored here, and the service asked; the answer if that fails or is late
 *   not found, and believed             -> the answer, and stored here
 *   anything else, or nothing in time   -> the service is asked
 *
 * A refresh ahead of need is one gateway's, who has the lease of the key; the others look a moment later what it has brought.
 *
 * A "not found" is believed by the rules for our own (cached-upstream.ts), and two more: it was confirmed by the canary
 * where this gateway has one, and nothing found is stored here: of that only the service may say so, to our own loss guard.
 */
import { LRUCache } from 'lru-cache'
import { type Clock, readableMs } from '../clock.ts'
import type { TierOutcome } from '../observed/explain.ts'
import type { TableObserver } from '../observed/observer.ts'
import { found, isFailure, NOT_FOUND, type Sourced } from '../result.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore, NewAnswer } from './answer-store.ts'
import type { AnswerTier } from './answer-tier.ts'
import type { PendingRequestSource } from './coalescing-upstream.ts'
import { freshnessState } from './freshness.ts'
import { type LifetimePolicy, withinPolicy } from './lifetimes.ts'
import type { PendingRequest } from './pending-request.ts'
import type { StoredAnswer } from './stored-answer.ts'

interface TieredOptions {
  readonly tier: AnswerTier
  readonly store: AnswerStore
  readonly upstream: Upstream
  readonly policy: LifetimePolicy & { readonly staleAfterMs: number }
  readonly hasCanary: boolean
  readonly clock: Clock
  readonly observer: TableObserver
}

/** With the tier before what asks the service, where there is one. */
export function tiered(
  below: PendingRequestSource,
  cache:
    | (Omit<TieredOptions, 'tier' | 'upstream' | 'clock' | 'observer'> & { tier?: AnswerTier | undefined })
    | undefined,
  parts: Pick<TieredOptions, 'upstream' | 'clock' | 'observer'>,
): PendingRequestSource {
  return cache?.tier === undefined
    ? below
    : new TieredUpstream(below, { ...cache, tier: cache.tier, ...parts })
}

/** Longest lease, ms. Ours: longer than most requests; when it ends another gateway may try. */
const LEASE_MS = 2000

/** How long a gateway without the lease waits before it looks again, ms. Ours. */
const LOOK_AGAIN_MS = 200

/** Keys that others refresh, most. Ours: about 1 MB. */
const MAX_ELSEWHERE = 10_000

/** What may be done with an answer of the tier. */
type Use =
  | 'answer' // it is the answer
  | 'stale' // it is the answer, and is older than its lifetime
  | 'keep' // it is stored here, and the service is asked
  | 'none'

/** Where such an answer comes from, in metrics and logs. */
const SOURCE = 'shared'

class TieredUpstream implements PendingRequestSource {
  readonly #below: PendingRequestSource
  readonly #options: TieredOptions
  /** Keys that another gateway refreshes: monotonic ms until which nothing is asked for them. */
  readonly #elsewhere = new LRUCache<string, number>({ max: MAX_ELSEWHERE })

  /** @param below Asks the service, and stores what it says. */
  constructor(below: PendingRequestSource, options: TieredOptions) {
    this.#below = below
    this.#options = options
  }

  ask(request: PendingRequest): Sourced | Promise<Sourced> {
    const untilMs = this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(request.storeKey)
    if (untilMs !== undefined && request.startMs < untilMs && isRefresh(request))
      return staleOf(request.stored)
    const looking = request.bypass ? undefined : this.#options.tier.find(request.storeKey, request.tierWait)
    return looking === undefined ? this.#below.ask(request) : this.#afterTier(request, looking)
  }

  async #afterTier(request: PendingRequest, looking: Promise<NewAnswer | undefined>): Promise<Sourced> {
    const shared = await looking
    if (shared === undefined) {
      this.#looked(request, 'miss', undefined)
      return this.#askService(request)
    }
    // Who stored it may have other lifetimes; a "not found" is looked at in #useOf.
    const known =
      shared.value === undefined
        ? shared
        : { ...shared, freshness: withinPolicy(this.#options.policy, shared.freshness) }
    const use = this.#useOf(request, known)
    if (use !== 'none') this.#options.store.set(request.storeKey, known)
    if (use === 'answer' || use === 'stale') {
      const hit = known.value === undefined ? 'negative_hit' : 'hit'
      this.#looked(request, use === 'stale' ? 'stale' : hit, known)
      return { result: resultOf(known), source: use === 'stale' ? 'stale' : SOURCE }
    }
    const isFallback = use === 'keep' && known.value !== undefined && request.hasWaiters
    if (isFallback) return this.#serviceOr(request, known)
    this.#looked(request, 'unused', known)
    return this.#askService(request)
  }

  /** Asks the service, unless another gateway does for a refresh. */
  async #askService(request: PendingRequest): Promise<Sourced> {
    if (!isRefresh(request)) return this.#below.ask(request)
    const { tier, clock } = this.#options
    const forMs = Math.min(LEASE_MS, Math.max(1, request.stored.freshnessLifetimeMs))
    const isOurs = await tier.lease(request.storeKey, forMs)
    // Somebody may wait by now.
    if (isOurs || !isRefresh(request)) return this.#below.ask(request)
    this.#elsewhere.set(request.storeKey, clock.monotonicMs() + LOOK_AGAIN_MS)
    return staleOf(request.stored)
  }

  /** What the service says, else the stale answer of the tier: when the service fails, or is late. */
  async #serviceOr(request: PendingRequest, known: NewAnswer): Promise<Sourced> {
    const { store, upstream, policy } = this.#options
    const asking = this.#below.ask(request)
    const waitMs = upstream.health.isFailing ? 0 : policy.staleAfterMs
    const answer = asking instanceof Promise ? await this.#within(asking, waitMs) : asking
    const isPurged = store.purgedSince(request.generation, request.storeKey)
    if (isPurged || (answer !== undefined && !isFailure(answer.result))) {
      this.#looked(request, 'unused', known)
      return answer ?? asking
    }
    this.#looked(request, 'stale', known)
    return { result: resultOf(known), source: 'stale' }
  }

  /** The answer, or undefined when it takes longer. */
  #within(asking: Promise<Sourced>, waitMs: number): Promise<Sourced | undefined> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(waitMs, () => resolve(undefined))
      void asking.then((answer) => {
        timer.cancel()
        resolve(answer)
      })
    })
  }

  #useOf(request: PendingRequest, known: NewAnswer): Use {
    const { store, upstream, policy, hasCanary } = this.#options
    const state = freshnessState(known.freshness, known.ageMs)
    if (state === 'expired' || store.purgedSince(request.generation, request.storeKey)) return 'none'
    const own = store.peek(request.storeKey)
    if (own !== undefined && store.ageMs(own) <= known.ageMs) return 'none'
    if (known.value === undefined) {
      if (own?.value !== undefined || (hasCanary && known.confirmedByCanary !== true)) return 'none'
      const isUsable =
        state === 'fresh' &&
        known.ageMs < policy.negativeTtlMs &&
        upstream.trustsNegative(known.endpoint ?? 0)
      return isUsable ? 'answer' : 'keep'
    }
    if (state === 'fresh') return 'answer'
    // A refresh ahead of need wants a newer answer, not another stale one.
    return state === 'revalidate' && request.hasWaiters ? 'stale' : 'keep'
  }

  #looked({ key, explanation }: PendingRequest, outcome: TierOutcome, known: NewAnswer | undefined): void {
    const { observer, upstream } = this.#options
    observer.tierLooked(outcome)
    if (explanation === undefined) return
    const { name } = upstream
    if (known === undefined) explanation.add({ step: 'shared', key, upstream: name, outcome })
    else {
      const ageMs = readableMs(known.ageMs)
      explanation.add({ step: 'shared', key, upstream: name, outcome, ageMs, result: resultOf(known) })
    }
  }
}

/** Returns whether it is asked ahead of need: there is an answer, and nobody waits. */
function isRefresh(request: PendingRequest): request is PendingRequest & { readonly stored: StoredAnswer } {
  return request.stored !== undefined && !request.hasWaiters
}

function staleOf(stored: StoredAnswer): Sourced {
  return { result: stored.result, source: 'stale' }
}

function resultOf({ value }: NewAnswer) {
  return value === undefined ? NOT_FOUND : found(value)
}
