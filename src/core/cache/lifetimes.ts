/**
 * How long an answer may be used, worked out once, when it is stored.
 *
 * Found answers get the three windows of freshness.ts. "Not found" gets a lifetime, and is kept after it only
 * where the outage rules need it (outage-rules.ts): served late it would bounce mail for a mailbox that exists by now.
 *
 * Sources: RFC 9111 sections 4.2 (lifetime, age) and 5.2.2 (directives), RFC 5861.
 */
import type { CachingHeaders } from '../upstream.ts'
import { type CacheControl, deltaMs, parseCacheControl } from './cache-control.ts'
import type { Freshness } from './freshness.ts'
import { parseHttpDate } from './http-date.ts'

/** The settings of one table that decide lifetimes. Defaults and bounds are in the configuration schema. */
export interface LifetimePolicy {
  readonly ttlMs: number
  readonly negativeTtlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  /** Share of the lifetime, 0 to 0.5, by which it is shortened at random. */
  readonly jitter: number
  readonly honorCacheControl: boolean
  readonly minTtlMs: number
  readonly maxTtlMs: number
  /**
   * How long a "not found" is kept for the rules of an outage, ms from its answer. It is never used beyond its
   * lifetime but by them. Default 0.
   */
  readonly negativeKeptMs?: number
}

/** When a reply was read: the wall clock, and a random number from 0 up to 1. */
export interface StoreMoment {
  readonly wallMs: number
  readonly random: number
}

/** How to store an answer. */
export interface Lifetime {
  readonly freshness: Freshness
  /** Age that the answer had on arrival, ms: other caches held it before. */
  readonly initialAgeMs: number
}

/**
 * Fixes how an answer is stored.
 *
 * @param renewed The stored answer that a 304 renews. It keeps its windows when the 304 says nothing about
 *   freshness (RFC 9111 section 3.2).
 * @returns `undefined` when the answer must not be stored.
 */
export function lifetimeOf(
  policy: LifetimePolicy,
  isFound: boolean,
  caching: CachingHeaders | undefined,
  moment: StoreMoment,
  renewed: Freshness | undefined,
): Lifetime | undefined {
  if (!isFound) return negativeLifetime(policy, caching, moment)
  if (renewed !== undefined && policy.honorCacheControl && !saysFreshness(caching))
    return { freshness: renewed, initialAgeMs: initialAge(caching, moment.wallMs) }
  return foundLifetime(policy, caching, moment)
}

/**
 * Fixes the windows of a found answer.
 *
 * @returns `undefined` when the service forbids to store it (no-store, Vary).
 */
export function foundLifetime(
  policy: LifetimePolicy,
  caching: CachingHeaders | undefined,
  moment: StoreMoment,
): Lifetime | undefined {
  const configured = {
    freshnessLifetimeMs: shortened(policy.ttlMs, policy, moment),
    staleWhileRevalidateMs: policy.staleWhileRevalidateMs,
    staleIfErrorMs: policy.staleIfErrorMs,
  }
  if (!policy.honorCacheControl) return { freshness: configured, initialAgeMs: 0 }
  const control = parseCacheControl(caching?.cacheControl ?? '')
  if (forbidsStoring(control, caching)) return undefined
  // Kept only for its validators: without asking it must not be used, not even in an outage.
  if (control.noCache) return { freshness: NEVER, initialAgeMs: 0 }

  const initialAgeMs = initialAge(caching, moment.wallMs)
  const stated = statedLifetime(control, caching, moment.wallMs)
  const lifetimeMs = stated === undefined ? configured.freshnessLifetimeMs : shortened(stated, policy, moment)
  const freshness = {
    // minTtl holds from now on, whatever the age on arrival.
    freshnessLifetimeMs: Math.max(Math.min(lifetimeMs, policy.maxTtlMs), initialAgeMs + policy.minTtlMs),
    staleWhileRevalidateMs: control.staleWhileRevalidateMs ?? policy.staleWhileRevalidateMs,
    staleIfErrorMs: control.staleIfErrorMs ?? policy.staleIfErrorMs,
  }
  return { freshness: control.mustRevalidate ? withoutStale(freshness) : freshness, initialAgeMs }
}

/**
 * Fixes the lifetime of a "not found". The service may shorten the configured time and
 * never lengthen it.
 *
 * @returns `undefined` when it must not be stored, or would be stale at once.
 */
export function negativeLifetime(
  policy: LifetimePolicy,
  caching: CachingHeaders | undefined,
  moment: StoreMoment,
): Lifetime | undefined {
  let lifetimeMs = policy.negativeTtlMs
  let keptMs = policy.negativeKeptMs ?? 0
  if (policy.honorCacheControl) {
    const control = parseCacheControl(caching?.cacheControl ?? '')
    if (forbidsStoring(control, caching) || control.noCache) return undefined
    const stated = statedLifetime(control, caching, moment.wallMs)
    const leftMs =
      stated === undefined ? Number.POSITIVE_INFINITY : stated - initialAge(caching, moment.wallMs)
    lifetimeMs = Math.max(0, Math.min(lifetimeMs, leftMs))
    if (control.mustRevalidate) keptMs = 0
    if (control.staleIfErrorMs !== undefined) keptMs = Math.min(keptMs, lifetimeMs + control.staleIfErrorMs)
  }
  if (lifetimeMs <= 0 && keptMs <= 0) return undefined
  const freshnessLifetimeMs = shortened(lifetimeMs, policy, moment)
  const staleIfErrorMs = Math.max(0, keptMs - freshnessLifetimeMs)
  return { freshness: { ...NEVER, freshnessLifetimeMs, staleIfErrorMs }, initialAgeMs: 0 }
}

/**
 * Shortens the windows of a found answer that somebody else has stored to those of this policy. With `honorCacheControl` the service
 * may have stated longer ones, up to `maxTtl`.
 */
export function withinPolicy(policy: LifetimePolicy, freshness: Freshness): Freshness {
  const { honorCacheControl, ttlMs, minTtlMs, maxTtlMs } = policy
  const longestMs = honorCacheControl ? Math.max(minTtlMs, maxTtlMs) : ttlMs
  const freshnessLifetimeMs = Math.min(freshness.freshnessLifetimeMs, longestMs)
  if (honorCacheControl) return { ...freshness, freshnessLifetimeMs }
  return {
    freshnessLifetimeMs,
    staleWhileRevalidateMs: Math.min(freshness.staleWhileRevalidateMs, policy.staleWhileRevalidateMs),
    staleIfErrorMs: Math.min(freshness.staleIfErrorMs, policy.staleIfErrorMs),
  }
}

function saysFreshness(caching: CachingHeaders | undefined): boolean {
  return caching?.cacheControl !== undefined || caching?.expires !== undefined || caching?.vary !== undefined
}

/** Age on arrival, ms. Source: RFC 9111 section 4.2.3, without the response delay. */
export function initialAge(caching: CachingHeaders | undefined, nowMs: number): number {
  const age = caching?.age === undefined ? 0 : (deltaMs([caching.age.trim()]) ?? 0)
  const dateMs = caching?.date === undefined ? undefined : parseHttpDate(caching.date.trim(), nowMs)
  const apparentAge = dateMs === undefined ? 0 : Math.max(0, nowMs - dateMs)
  return Math.round(Math.max(age, apparentAge))
}

const NEVER: Freshness = Object.freeze({
  freshnessLifetimeMs: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
})

function withoutStale(freshness: Freshness): Freshness {
  return { ...NEVER, freshnessLifetimeMs: freshness.freshnessLifetimeMs }
}

/** A reply that varies by the request is not stored: nothing here knows which request fields it means. */
function forbidsStoring(control: CacheControl, caching: CachingHeaders | undefined): boolean {
  return control.noStore || (caching?.vary !== undefined && caching.vary.trim() !== '')
}

/** Lifetime that the reply states, ms, or undefined. max-age goes before Expires (RFC 9111 section 5.3). */
function statedLifetime(
  control: CacheControl,
  caching: CachingHeaders | undefined,
  nowMs: number,
): number | undefined {
  if (control.maxAgeMs !== undefined) return control.maxAgeMs
  if (caching?.expires === undefined) return undefined
  const expiresMs = parseHttpDate(caching.expires.trim(), nowMs)
  if (expiresMs === undefined) return 0
  const dateMs = caching.date === undefined ? undefined : parseHttpDate(caching.date.trim(), nowMs)
  return Math.max(0, expiresMs - (dateMs ?? nowMs))
}

/** Shortens a lifetime at random, so that answers stored together do not expire together. Whole ms. */
function shortened(lifetimeMs: number, policy: LifetimePolicy, moment: StoreMoment): number {
  return Math.round(lifetimeMs * (1 - policy.jitter * moment.random))
}
