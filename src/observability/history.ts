/**
 * The last ten minutes, so that a fresh page is not empty: every two seconds one point with the
 * rates and latencies since the point before, taken from the counters. Kept in memory, bounded.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { AnswerSource, Protocol } from '../core/lookup.ts'
import type { RequestOutcome } from '../core/observer.ts'
import type { GatewayStatus } from '../core/status.ts'
import {
  type Cause,
  type Counters,
  increment,
  type LookupCounters,
  PROTOCOLS,
  type ResultKind,
} from './counters.ts'
import { LOOKUP_SECONDS_BUCKETS, percentileMs, REQUEST_SECONDS_BUCKETS } from './latency.ts'

/** Time between two points, ms. Ours: live to the eye, and 300 points for ten minutes. */
export const HISTORY_STEP_MS = 2000

/** Points kept: ten minutes. */
export const HISTORY_POINTS = 300

/** Tables in one point, the busiest. Ours: bounds the memory where thousands of tables are configured. */
const MAX_TABLES_PER_POINT = 50

/** Endpoints in one point. Ours: bounds the memory where hundreds are configured. */
const MAX_ENDPOINTS_PER_POINT = 50

/** What happened in one step, in one table, protocol or everywhere. Counts, not rates. */
export interface HistorySlice {
  readonly results: Readonly<Record<ResultKind, number>>
  /** Counts of answers by where they came from; absent sources had none. */
  readonly sources: Readonly<Partial<Record<AnswerSource, number>>>
  /** Absent without lookups. */
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

export interface HistoryPoint {
  /** Wall clock ms at the end of the step. */
  readonly atMs: number
  /** How long the step really was, ms: the divisor of a rate. */
  readonly stepMs: number
  readonly all: HistorySlice
  readonly protocols: Readonly<Partial<Record<Protocol, HistorySlice>>>
  /** Only tables that were asked; '' for tables that are not configured. */
  readonly tables: Readonly<Record<string, HistorySlice>>
  /** Only endpoints that were asked. */
  readonly endpoints: readonly EndpointSlice[]
  /** Failures by cause. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>
  /** Sums over all upstreams and listeners at the end of the step. */
  readonly inFlight: number
  readonly queued: number
  readonly connections: number
}

/** What one endpoint of an upstream did in one step. */
export interface EndpointSlice {
  readonly upstream: string
  readonly endpoint: string
  readonly outcomes: Readonly<Partial<Record<RequestOutcome, number>>>
  readonly p50Ms?: number
  readonly p95Ms?: number
}

/** Cumulative numbers of one slice. */
interface Totals {
  readonly results: Record<ResultKind, number>
  readonly sources: Map<AnswerSource, number>
  readonly buckets: number[]
}

/** Cumulative numbers of everything, to subtract the ones of the step before. */
interface Reading {
  readonly monotonicMs: number
  readonly all: Totals
  readonly protocols: Map<Protocol, Totals>
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

export class History {
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #status: () => GatewayStatus
  readonly #onPoint: (point: HistoryPoint) => void
  readonly #points: HistoryPoint[] = []
  #last: Reading
  #timer: Timer | undefined

  constructor(
    clock: Clock,
    counters: Counters,
    status: () => GatewayStatus,
    onPoint: (point: HistoryPoint) => void,
  ) {
    this.#clock = clock
    this.#counters = counters
    this.#status = status
    this.#onPoint = onPoint
    this.#last = read(counters, clock.monotonicMs())
  }

  /** Takes a point every {@link HISTORY_STEP_MS} until {@link stop}. */
  start(): void {
    this.#timer = this.#clock.after(HISTORY_STEP_MS, () => {
      this.start()
      this.#takePoint()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The oldest first. */
  points(): readonly HistoryPoint[] {
    return this.#points
  }

  #takePoint(): void {
    const now = read(this.#counters, this.#clock.monotonicMs())
    const point = pointBetween(this.#last, now, this.#clock.wallMs(), this.#status())
    this.#last = now
    this.#points.push(point)
    if (this.#points.length > HISTORY_POINTS) this.#points.shift()
    this.#onPoint(point)
  }
}

function noTotals(): Totals {
  return {
    results: { found: 0, notfound: 0, temporary: 0, permanent: 0 },
    sources: new Map(),
    buckets: new Array<number>(LOOKUP_SECONDS_BUCKETS.length + 1).fill(0),
  }
}

function read(counters: Counters, monotonicMs: number): Reading {
  const reading: Reading = {
    monotonicMs,
    all: noTotals(),
    protocols: new Map(),
    tables: new Map(),
    causes: new Map(),
    endpoints: readEndpoints(counters),
  }
  for (const protocol of PROTOCOLS) reading.protocols.set(protocol, noTotals())
  for (const table of counters.tables.values()) {
    const ofTable = noTotals()
    reading.tables.set(table.name, ofTable)
    for (const protocol of PROTOCOLS) {
      const ofProtocol = reading.protocols.get(protocol)
      for (const totals of [reading.all, ofTable, ofProtocol])
        if (totals !== undefined) addTo(totals, table.lookups[protocol])
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
  for (const [source, durations] of lookups.durations) {
    increment(totals.sources, source, durations.count)
    for (const [bucket, count] of durations.counts.entries())
      totals.buckets[bucket] = (totals.buckets[bucket] ?? 0) + count
  }
}

function pointBetween(before: Reading, now: Reading, atMs: number, status: GatewayStatus): HistoryPoint {
  const protocols: Partial<Record<Protocol, HistorySlice>> = {}
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
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  }
}

function countsSince<K extends string>(
  before: ReadonlyMap<K, number>,
  now: ReadonlyMap<K, number>,
): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {}
  for (const [key, count] of now) {
    const added = count - (before.get(key) ?? 0)
    if (added > 0) counts[key] = added
  }
  return counts
}

function lookupsIn({ results }: HistorySlice): number {
  return results.found + results.notfound + results.temporary + results.permanent
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
