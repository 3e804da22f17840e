/**
 * The record of one lookup: every step taken, in order, for the operator who asks why.
 *
 * A step is data, not text: the admin API sends it as JSON, the command line and the page
 * print it. It names no URL and no header, so it can hold no secret; but for {@link HttpExchange},
 * which is kept for operators only, and leaves the program only where secrets are taken out.
 */

import type { AnswerSource, LookupResult } from '../result.ts'
import type { OutageRule } from './outage-rule.ts'

/** One request and its reply as they went over the wire. */
export interface HttpExchange {
  readonly method: string
  /** Where it went, with path and query. */
  readonly url: string
  /** The reply's body as text, as far as it was read; absent where none was. It holds secrets until it leaves the program. */
  readonly body?: string
  /** Bytes of it. */
  readonly bodyBytes?: number
  /** Settles when `body` is there: one that the answer does not depend on may come later. */
  readonly whole?: Promise<void>
  /** Sent once more, because the kept-alive connection turned out to be closed. */
  readonly repeated?: true
}

/** What was done for one lookup. */
export type ExplainStep =
  /** The key as it is searched: folded, or `undefined` when such a key cannot exist. */
  | { readonly step: 'key'; readonly key: string | undefined; readonly why?: string }
  /** What the client said besides the key, as far as it may be shown. */
  | { readonly step: 'attributes'; readonly attributes: Readonly<Record<string, string>> }
  /** The domains filter: `passed` false means not found without asking. */
  | { readonly step: 'domains'; readonly domain: string | undefined; readonly passed: boolean }
  /** The answer store was looked at for one search key. */
  | {
      readonly step: 'cache'
      readonly key: string
      readonly upstream: string
      readonly outcome: CacheOutcome
      readonly ageMs?: number
      readonly freshnessLifetimeMs?: number
      readonly result?: LookupResult
    }
  /** Waited for a request that was already under way for the same question; added when its answer came. */
  | {
      readonly step: 'coalesced'
      readonly key: string
      readonly upstream: string
      readonly result?: LookupResult
    }
  /** The store that the gateways share was looked at. */
  | {
      readonly step: 'shared'
      readonly key: string
      readonly upstream: string
      readonly outcome: TierOutcome
      readonly ageMs?: number
      readonly result?: LookupResult
    }
  /** The table's own copy was looked at, `ageMs` after the service gave it. */
  | {
      readonly step: 'replica'
      readonly key: string
      readonly upstream: string
      readonly entries: number
      readonly ageMs: number
      /** Where changes are asked for: time since the whole list. */
      readonly listAgeMs?: number
      /** The key is not in the copy: a lookup found it at the service since. */
      readonly foundSince?: true
      /** Why the copy's "not found" is not the answer. */
      readonly unused?: string
      readonly result: LookupResult
    }
  /** An upstream answered by itself, without a request. */
  | {
      readonly step: 'upstream'
      /** Name of the upstream kind. */
      readonly kind: string
      readonly key: string
      readonly upstream: string
      readonly result: LookupResult
      /** Where "not found" has more than one meaning: a word for it. */
      readonly why?: string
    }
  /** The key lacks a part that the request template needs, so nothing was asked: not found. */
  | { readonly step: 'suppressed'; readonly key: string; readonly upstream: string; readonly why: string }
  /** One request to one endpoint of an HTTP upstream. */
  | {
      readonly step: 'request'
      readonly key: string
      readonly upstream: string
      /** Index and host, as in the metrics. */
      readonly endpoint: string
      /** HTTP status, when one arrived. */
      readonly status?: number
      readonly durationMs: number
      /** `notmodified`: the stored answer is current again (304). */
      readonly result: LookupResult | { readonly kind: 'notmodified' }
      /** What `response.value` selected, before `response.format`. */
      readonly selected?: readonly string[]
      /** W3C Trace Context: what the service was told, to find the request in its log. */
      readonly traceparent?: string
      /** How many keys went in the same request; absent where each key has its own. */
      readonly batchKeys?: number
      /** Why this attempt was made. */
      readonly attempt: 'first' | 'failover' | 'retry' | 'hedge' | 'canary'
      /** Only where the explanation is an operator's. */
      readonly exchange?: HttpExchange
    }
  /** A "not found" was not believed before the canary was asked. Found: the key is asked again; else this endpoint does not count. */
  | {
      readonly step: 'canary'
      readonly key: string
      readonly upstream: string
      readonly endpoint: string
      readonly found: boolean
    }
  /** No request was made: limiter, circuit or canary. */
  | {
      readonly step: 'held'
      readonly key: string
      readonly upstream: string
      readonly result: LookupResult
      /** Behind an open circuit: how each endpoint failed last. */
      readonly why?: string
    }
  /** A stored answer older than its freshness lifetime was used. */
  | { readonly step: 'stale'; readonly key: string; readonly upstream: string; readonly why: string }
  /** The service failed: an outage rule was used, or says why it was not. */
  | {
      readonly step: 'outage'
      readonly rule: OutageRule
      readonly used: boolean
      /** The search key that `why` is about, where it is one. */
      readonly key?: string
      readonly why: string
    }
  /** The extension was put back on the result addresses. */
  | {
      readonly step: 'propagated'
      readonly extension: string
      readonly before: string
      readonly after: string
    }
  /** The end. */
  | { readonly step: 'answer'; readonly source: AnswerSource; readonly result: LookupResult }

/** What the answer store had. A closed set: it is a metric label. */
export type CacheOutcome = 'hit' | 'negative_hit' | 'stale' | 'miss' | 'coalesced' | 'bypass'

/** What the store that the gateways share had for one search key. A closed set: it is a metric label. */
export type TierOutcome =
  | 'hit'
  | 'negative_hit'
  | 'stale' // found, used while the service is asked, or because it fails
  | 'miss'
  | 'unused' // it had one that may not be used, or none that is younger than ours

/** Collects the steps of one lookup. */
export class Explanation {
  readonly steps: ExplainStep[] = []
  /** Also what went over the wire. */
  readonly keepExchanges: boolean

  constructor(keepExchanges = false) {
    this.keepExchanges = keepExchanges
  }

  add(step: ExplainStep): void {
    this.steps.push(step)
  }
}
