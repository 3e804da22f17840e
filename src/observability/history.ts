/**
 * The last ten minutes, so that a fresh page is not empty: every two seconds one point with the
 * rates and latencies since the point before, taken from the counters. Kept in memory, bounded.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { Protocol } from '../core/lookup.ts'
import type { RequestOutcome } from '../core/observer.ts'
import type { AnswerSource } from '../core/result.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { Cause, Counters, ResultKind } from './counters.ts'
import { pointBetween, type Reading, readCounters } from './history-point.ts'

/** Time between two points, ms. Ours: live to the eye, and 300 points for ten minutes. */
export const HISTORY_STEP_MS = 2000

/** Points kept: ten minutes. */
export const HISTORY_POINTS = 300

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
    this.#last = readCounters(counters, clock.monotonicMs())
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
    const now = readCounters(this.#counters, this.#clock.monotonicMs())
    const point = pointBetween(this.#last, now, this.#clock.wallMs(), this.#status())
    this.#last = now
    this.#points.push(point)
    if (this.#points.length > HISTORY_POINTS) this.#points.shift()
    this.#onPoint(point)
  }
}
