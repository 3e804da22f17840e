/**
 * The arithmetic of the history: cumulative readings of the counters, and the point between two.
 */

import { sum } from '../core/collections/sum.ts'
import type { EndpointSlice, HistoryPoint, HistorySlice } from '../core/observed/history-point.ts'
import type { RequestOutcome } from '../core/observed/observer.ts'
import type { AnswerSource } from '../core/result.ts'
import type { GatewayStatus } from '../core/status.ts'
import { type Cause, type Counters, increment, type LookupCounters, type ResultKind } from './counters.ts'
import { LOOKUP_SECONDS_BUCKETS, percentileMs, REQUEST_SECONDS_BUCKETS } from './latency.ts'

/** Tables in one point, the busiest. Ours: bounds the memory where thousands of tables are configured. */
const MAX_TABLES_PER_POINT = 50

/** Endpoints in one point. Ours: bounds the memory where hundreds are configured. */
const MAX_ENDPOINTS_PER_POINT = 50

/** Cumulative numbers of one slice. */
interface Totals {
  readonly results: Record<ResultKind, number>
  readonly sources: Map<AnswerSource, number>
  readonly replies: Map<string, number>
  readonly buckets: number[]
}

/** Cumulative numbers of everything, to subtract the ones of the step before. */
export interface Reading {
  readonly monotonicMs: number
  readonly all: Totals
  readonly protocols: Map<string, Totals>
  readonly tables: Map<string, Totals>
  readonly causes: Map<Cause, number>
  /** By upstream and endpoint, as one JSON text. */
  readonly endpoints: Map<string, EndpointReading>
}

interface EndpointReading {
  readonly upstream: string
  readonly endpoint: string
  readonly outcomes: ReadonlyMap<RequestOutcome, number>
  readonly buckets: readonly number[]
}

function noTotals(): Totals {
  return {
    results: { found: 0, notfound: 0, temporary: 0, permanent: 0 },
    sources: new Map(),
    replies: new Map(),
    buckets: new Array<number>(LOOKUP_SECONDS_BUCKETS.length + 1).fill(0),
  }
}

export function readCounters(counters: Counters, monotonicMs: number): Reading {
  const reading: Reading = {
    monotonicMs,
    all: noTotals(),
    protocols: new Map(),
    tables: new Map(),
    causes: new Map(),
    endpoints: readEndpoints(counters),
  }
  for (const protocol of counters.protocols) reading.protocols.set(protocol, noTotals())
  for (const table of counters.tables.values()) {
    const ofTable = noTotals()
    reading.tables.set(table.name, ofTable)
    for (const [protocol, lookups] of Object.entries(table.lookups)) {
      const ofProtocol = reading.protocols.get(protocol)
      for (const totals of [reading.all, ofTable, ofProtocol])
        if (totals !== undefined) addTo(totals, lookups)
    }
    for (const [cause, count] of table.causes) increment(reading.causes, cause, count)
  }
  return reading
}

function readEndpoints(counters: Counters): Map<string, EndpointReading> {
  const readings = new Map<string, EndpointReading>()
  for (const { name: upstream, endpoints } of counters.upstreams.values()) {
    for (const [endpoint, { outcomes, durations }] of endpoints) {
      const reading = { upstream, endpoint, outcomes: new Map(outcomes), buckets: [...durations.counts] }
      readings.set(JSON.stringify([upstream, endpoint]), reading)
    }
  }
  return readings
}

function addTo(totals: Totals, lookups: LookupCounters): void {
  totals.results.found += lookups.results.found
  totals.results.notfound += lookups.results.notfound
  totals.results.temporary += lookups.results.temporary
  totals.results.permanent += lookups.results.permanent
  for (const [reply, count] of lookups.replies) increment(totals.replies, reply, count)
  for (const [source, durations] of lookups.durations) {
    increment(totals.sources, source, durations.count)
    for (const [bucket, count] of durations.counts.entries())
      totals.buckets[bucket] = (totals.buckets[bucket] ?? 0) + count
  }
}

/** What happened from one reading to the next. */
export function pointBetween(
  before: Reading,
  now: Reading,
  atMs: number,
  status: GatewayStatus,
): HistoryPoint {
  const protocols: Record<string, HistorySlice> = {}
  for (const [protocol, totals] of now.protocols) {
    const slice = difference(before.protocols.get(protocol), totals)
    if (lookupsIn(slice) > 0) protocols[protocol] = slice
  }
  return {
    atMs,
    stepMs: now.monotonicMs - before.monotonicMs,
    all: difference(before.all, now.all),
    protocols,
    tables: busiestTables(before, now),
    endpoints: endpointsBetween(before.endpoints, now.endpoints),
    causes: countsSince(before.causes, now.causes),
    inFlight: sum(status.upstreams.map(({ inFlight }) => inFlight)),
    queued: sum(status.upstreams.map(({ queued }) => queued)),
    connections: sum(status.listeners.map(({ connections }) => connections)),
  }
}

function busiestTables(before: Reading, now: Reading): Record<string, HistorySlice> {
  const slices: [name: string, slice: HistorySlice][] = []
  for (const [name, totals] of now.tables) {
    const slice = difference(before.tables.get(name), totals)
    if (lookupsIn(slice) > 0) slices.push([name, slice])
  }
  slices.sort(([, a], [, b]) => lookupsIn(b) - lookupsIn(a))
  return Object.fromEntries(slices.slice(0, MAX_TABLES_PER_POINT))
}

function endpointsBetween(
  before: ReadonlyMap<string, EndpointReading>,
  now: ReadonlyMap<string, EndpointReading>,
): EndpointSlice[] {
  const slices: EndpointSlice[] = []
  for (const [id, { upstream, endpoint, outcomes, buckets }] of now) {
    const then = before.get(id)
    const added = countsSince(then?.outcomes ?? new Map<RequestOutcome, number>(), outcomes)
    if (Object.keys(added).length === 0 || slices.length >= MAX_ENDPOINTS_PER_POINT) continue
    const counts = buckets.map((count, bucket) => count - (then?.buckets[bucket] ?? 0))
    const p50Ms = percentileMs(REQUEST_SECONDS_BUCKETS, counts, 0.5)
    const p95Ms = percentileMs(REQUEST_SECONDS_BUCKETS, counts, 0.95)
    slices.push({
      upstream,
      endpoint,
      outcomes: added,
      ...(p50Ms !== undefined && { p50Ms }),
      ...(p95Ms !== undefined && { p95Ms }),
    })
  }
  return slices
}

/** What was added between two readings. */
function difference(before: Totals | undefined, now: Totals): HistorySlice {
  const then = before ?? noTotals()
  const buckets = now.buckets.map((count, bucket) => count - (then.buckets[bucket] ?? 0))
  const percentiles = [0.5, 0.95, 0.99].map((quantile) =>
    percentileMs(LOOKUP_SECONDS_BUCKETS, buckets, quantile),
  )
  const [p50Ms, p95Ms, p99Ms] = percentiles
  return {
    results: {
      found: now.results.found - then.results.found,
      notfound: now.results.notfound - then.results.notfound,
      temporary: now.results.temporary - then.results.temporary,
      permanent: now.results.permanent - then.results.permanent,
    },
    sources: countsSince(then.sources, now.sources),
    ...(now.replies.size > 0 && { replies: countsSince(then.replies, now.replies) }),
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  }
}

function countsSince<K extends string>(
  before: ReadonlyMap<K, number>,
  now: ReadonlyMap<K, number>,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [key, count] of now) {
    const added = count - (before.get(key) ?? 0)
    if (added > 0) counts[key] = added
  }
  return counts
}

function lookupsIn({ results }: HistorySlice): number {
  return results.found + results.notfound + results.temporary + results.permanent
}
