/**
 * What a stored answer may still be used for: the one rule about age.
 *
 *   0 ........ lifetime ........ + stale-while-revalidate ........ + stale-if-error ....
 *     fresh      |   revalidate    |        error-only               |   expired
 *
 * Both stale windows are counted from the end of the freshness lifetime, so the longer
 * one decides when an answer is forgotten.
 *
 * Sources: RFC 9111 section 4.2 (freshness), RFC 5861 sections 3 and 4 (stale windows).
 */

/** The windows of one stored answer, fixed when it is stored. Whole ms, not negative. */
export interface Freshness {
  readonly freshnessLifetimeMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
}

/** What an answer may be used for, see {@link freshnessState}. */
export type FreshnessState = 'fresh' | 'revalidate' | 'error-only' | 'expired'

/**
 * Returns what a stored answer may still be used for.
 *
 * Bounds follow RFC 9111 section 4.2: an answer is fresh while its lifetime is
 * *greater* than its age, so it is stale at the exact end of its lifetime.
 *
 * @param freshness Windows fixed at store time, ms.
 * @param ageMs Time since the upstream answered, ms, not negative.
 * @returns `fresh` serve it; `revalidate` serve it and refresh; `error-only` serve
 *   it only if a refresh fails; `expired` forget it.
 */
export function freshnessState(freshness: Freshness, ageMs: number): FreshnessState {
  const staleForMs = ageMs - freshness.freshnessLifetimeMs
  if (staleForMs < 0) return 'fresh'
  if (staleForMs < freshness.staleWhileRevalidateMs) return 'revalidate'
  if (staleForMs < freshness.staleIfErrorMs) return 'error-only'
  return 'expired'
}
