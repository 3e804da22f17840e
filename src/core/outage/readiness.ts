/**
 * How ready a table is for an outage: the share of the last ten minutes' lookups that it would answer if its
 * services died now. It follows the rules that a lookup follows in an outage, and asks nobody.
 */
import type { Found, NotFound } from '../result.ts'
import type { RecentLookup } from './recent-lookups.ts'

/** What a table answers while none of its services does. */
export type OfflineAnswer =
  | { readonly result: Found | NotFound }
  /** It would be deferred: which search key is missing, and why no rule for outages helps. */
  | { readonly result: undefined; readonly at: string; readonly why: string }

export interface TableReadiness {
  /** Lookups of the last ten minutes, estimated. */
  readonly lookups: number
  /** How many of them were looked at. */
  readonly sampled: number
  /** Share of the lookups that would be answered, 0 to 1; absent without lookups. */
  readonly ratio?: number
  /** The keys that would be deferred, the most frequent first. */
  readonly deferred: readonly DeferredKey[]
}

interface DeferredKey {
  readonly key: string
  /** Lookups of it in the last ten minutes, estimated. */
  readonly lookups: number
  /** The search key that `why` is about. */
  readonly at: string
  readonly why: string
}

/** @param answer What the table says of a key while its services are dead. */
export function readinessOf(
  sample: Iterable<RecentLookup>,
  answer: (key: string, asked: string, exact: boolean) => OfflineAnswer,
): TableReadiness {
  let lookups = 0
  let sampled = 0
  let deferredLookups = 0
  const deferred = new Map<string, DeferredKey & { lookups: number }>()
  for (const { key, asked, exact = false, weight } of sample) {
    lookups += weight
    sampled += 1
    const offline = answer(key, asked, exact)
    if (offline.result !== undefined) continue
    deferredLookups += weight
    const before = deferred.get(key)
    if (before === undefined) deferred.set(key, { key, lookups: weight, at: offline.at, why: offline.why })
    else before.lookups += weight
  }
  return {
    lookups: Math.round(lookups),
    sampled,
    ...(sampled > 0 && { ratio: deferredLookups === 0 ? 1 : 1 - deferredLookups / lookups }),
    deferred: Array.from(deferred.values(), (one) => ({ ...one, lookups: Math.round(one.lookups) })).sort(
      (a, b) => b.lookups - a.lookups,
    ),
  }
}
