/**
 * One point of the last ten minutes, as plain data: taken from the counters, sent by the admin API,
 * shown by the page and the command line.
 */

import type { AnswerSource, LookupResult, PermanentCause, TemporaryCause } from '../result.ts'
import type { RequestOutcome } from './observer.ts'

/** What happened in one step, in one table, protocol or everywhere. Counts, not rates. */
export interface HistorySlice {
  readonly results: Readonly<Record<LookupResult['kind'], number>>
  /** Counts of answers by where they came from; absent sources had none. */
  readonly sources: Readonly<Record<AnswerSource, number>>
  /** Counts of replies by what they do at the client; absent where the protocol's results say it all. */
  readonly replies?: Readonly<Record<string, number>>
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
  readonly protocols: Readonly<Record<string, HistorySlice>>
  /** Only tables that were asked; '' for tables that are not configured. */
  readonly tables: Readonly<Record<string, HistorySlice>>
  /** Only endpoints that were asked. */
  readonly endpoints: readonly EndpointSlice[]
  /** Failures by cause. */
  readonly causes: Readonly<Partial<Record<TemporaryCause | PermanentCause, number>>>
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
