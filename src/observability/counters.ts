/**
 * What the program has done so far, as plain numbers: the hot path adds to them, the metrics and
 * the history read them. They live as long as the program, over reloads.
 *
 * Every map here is bounded by the configuration: its keys are names of tables, upstreams,
 * endpoints and listeners, never anything that a client sent.
 */
import type { CacheOutcome, TierOutcome } from '../core/observed/explain.ts'
import type { CheckVerdict, RequestOutcome, TierFailure, TierWrite } from '../core/observed/observer.ts'
import type { OutageRule } from '../core/observed/outage-rule.ts'
import type { AnswerSource, LookupResult, PermanentCause, TemporaryCause } from '../core/result.ts'
import type { StoreOperation, StoreResult } from '../core/store/store.ts'
import { LatencyHistogram, LOOKUP_SECONDS_BUCKETS, REQUEST_SECONDS_BUCKETS } from './latency.ts'

export type ResultKind = LookupResult['kind']
export type Cause = TemporaryCause | PermanentCause

export const RESULT_KINDS: readonly ResultKind[] = ['found', 'notfound', 'temporary', 'permanent']

/** Counts by result kind. */
type ResultCounts = Record<ResultKind, number>

function noResults(): ResultCounts {
  return { found: 0, notfound: 0, temporary: 0, permanent: 0 }
}

function noOutcomes(): Record<CacheOutcome, number> {
  return { hit: 0, negative_hit: 0, stale: 0, miss: 0, coalesced: 0, bypass: 0 }
}

function noTierOutcomes(): Record<TierOutcome, number> {
  return { hit: 0, negative_hit: 0, stale: 0, miss: 0, unused: 0 }
}

/** One table, one protocol. */
export class LookupCounters {
  readonly results = noResults()
  readonly durations = new Map<AnswerSource, LatencyHistogram>()
  /** By what they do at the client, where its protocol tells. */
  readonly replies = new Map<string, number>()
}

/** One operation of clients that write a table. */
class StoreCounters {
  readonly results = new Map<StoreResult['kind'], number>()
  readonly durations = new LatencyHistogram(REQUEST_SECONDS_BUCKETS)
}

/** One table; the one named '' stands for every table that is not configured. */
export class TableCounters {
  readonly name: string
  /** By protocol. */
  readonly lookups: Record<string, LookupCounters>
  readonly cache = noOutcomes()
  /** What the store that the gateways share had. */
  readonly tier = noTierOutcomes()
  readonly causes = new Map<Cause, number>()
  evictions = 0
  /** Lookups answered by a rule for outages. */
  readonly outageAnswers = new Map<OutageRule, number>()
  /** Changes and scans, of a table that clients write. */
  readonly store = new Map<StoreOperation, StoreCounters>()

  constructor(name: string, protocols: readonly string[]) {
    this.name = name
    this.lookups = Object.fromEntries(protocols.map((protocol) => [protocol, new LookupCounters()]))
  }

  /** Adds one lookup. On the cached path: a few additions and no allocation. */
  answered(protocol: string, result: LookupResult, source: AnswerSource, durationMs: number): void {
    const counters = this.lookups[protocol] ?? this.#addProtocol(protocol)
    counters.results[result.kind] += 1
    let durations = counters.durations.get(source)
    if (durations === undefined) {
      durations = new LatencyHistogram(LOOKUP_SECONDS_BUCKETS)
      counters.durations.set(source, durations)
    }
    durations.observe(durationMs)
    if (result.kind === 'temporary' || result.kind === 'permanent') increment(this.causes, result.cause)
  }

  storeAnswered(operation: StoreOperation, result: StoreResult['kind'], durationMs: number): void {
    const counters = getOrMake(this.store, operation, () => new StoreCounters())
    increment(counters.results, result)
    counters.durations.observe(durationMs)
  }

  /** Adds one reply that says more than its result. */
  replied(protocol: string, reply: string): void {
    increment((this.lookups[protocol] ?? this.#addProtocol(protocol)).replies, reply)
  }

  #addProtocol(protocol: string): LookupCounters {
    const counters = new LookupCounters()
    this.lookups[protocol] = counters
    return counters
  }
}

/** One endpoint of an HTTP upstream. */
class EndpointCounters {
  readonly outcomes = new Map<RequestOutcome, number>()
  readonly durations = new LatencyHistogram(REQUEST_SECONDS_BUCKETS)
  readonly checks: Record<CheckVerdict, number> = { passed: 0, failed: 0 }
}

/** One HTTP upstream. */
export class UpstreamCounters {
  readonly name: string
  /** By index and host. */
  readonly endpoints = new Map<string, EndpointCounters>()
  retries = 0
  hedges = 0
  shed = 0
  drills = 0

  constructor(name: string) {
    this.name = name
  }

  requestEnded(endpoint: string, outcome: RequestOutcome, durationMs: number): void {
    const counters = this.#endpoint(endpoint)
    increment(counters.outcomes, outcome)
    counters.durations.observe(durationMs)
  }

  endpointChecked(endpoint: string, verdict: CheckVerdict): void {
    this.#endpoint(endpoint).checks[verdict] += 1
  }

  #endpoint(name: string): EndpointCounters {
    return getOrMake(this.endpoints, name, () => new EndpointCounters())
  }
}

/** One listener. The reasons and kinds are closed sets of src/server. */
export class ListenerCounters {
  readonly name: string
  connections = 0
  /** Idle connections closed to make room for new ones. */
  shed = 0
  readonly refused = new Map<string, number>()
  readonly protocolErrors = new Map<string, number>()
  /** Requests for another server that it did not answer, by cause. */
  readonly passFailures = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }
}

/** The store that the gateways share. */
export class SharedStoreCounters {
  readonly durations = new LatencyHistogram(REQUEST_SECONDS_BUCKETS)
  readonly failures: Record<TierFailure, number> = { timeout: 0, error: 0, skipped: 0, unreadable: 0 }
  readonly writes: Record<TierWrite, number> = { stored: 0, dropped: 0, failed: 0 }
  readonly bytes = { read: 0, written: 0 }
  purges = 0
  foreignEntries = 0
}

/** Everything that is counted. */
export class Counters {
  /** The values of the label `protocol`. */
  readonly protocols: readonly string[]
  readonly tables = new Map<string, TableCounters>()
  readonly upstreams = new Map<string, UpstreamCounters>()
  readonly listeners = new Map<string, ListenerCounters>()
  readonly shared = new SharedStoreCounters()
  readonly reloads = { ok: 0, failed: 0 }
  defects = 0
  /** Wall clock ms of the last reload that took effect, or of the start. */
  lastReloadMs: number | undefined
  /** Wall clock ms of the last time the cache file was written. */
  cacheFileSavedMs: number | undefined

  constructor(protocols: readonly string[]) {
    this.protocols = protocols
  }

  table(name: string): TableCounters {
    return getOrMake(this.tables, name, () => new TableCounters(name, this.protocols))
  }

  upstream(name: string): UpstreamCounters {
    return getOrMake(this.upstreams, name, () => new UpstreamCounters(name))
  }

  listener(name: string): ListenerCounters {
    return getOrMake(this.listeners, name, () => new ListenerCounters(name))
  }
}

export function increment<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
