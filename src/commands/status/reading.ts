/**
 * One look at a running gateway: its state, and what it did in the last seconds.
 */

import type { HistoryPoint } from '../../core/observed/history-point.ts'
import type { CircuitState } from '../../core/observed/observer.ts'
import type { GatewayStatus, TableStatus } from '../../core/status.ts'
import type { Problem } from '../../observability/problems.ts'
import { cacheShares, perSecond, recent, totals } from '../../presentation/rates.ts'

/** What the admin API says, put together. */
export interface Reading {
  readonly status: GatewayStatus
  /** The oldest first. */
  readonly points: readonly HistoryPoint[]
  /** The latest first. */
  readonly problems: readonly Problem[]
}

/** What happened in a table, or everywhere, per second of the window that the page shows, too. */
export interface Rates {
  readonly lookupsPerSecond: number
  readonly foundPerSecond: number
  readonly notFoundPerSecond: number
  readonly temporaryPerSecond: number
  readonly permanentPerSecond: number
  /** Share of the answers from the store among those that are not static, filtered or refused; absent without any. */
  readonly hitRatio?: number
  /** Share of the stale answers among the same. */
  readonly staleRatio?: number
  /** The highest of the window's points, ms; absent without lookups. */
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

/** The rates of everything, or of one table. */
export function ratesOf(points: readonly HistoryPoint[], table?: string): Rates {
  const sums = totals(recent(points), table === undefined ? { kind: 'all' } : { kind: 'table', name: table })
  const shares = cacheShares(sums)
  const { p50Ms, p95Ms, p99Ms } = sums
  return {
    lookupsPerSecond: perSecond(sums.lookups, sums),
    foundPerSecond: perSecond(sums.found, sums),
    notFoundPerSecond: perSecond(sums.notfound, sums),
    temporaryPerSecond: perSecond(sums.temporary, sums),
    permanentPerSecond: perSecond(sums.permanent, sums),
    ...(shares !== undefined && { hitRatio: shares.hit, staleRatio: shares.stale }),
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  }
}

/** Lookups per second in each point, the oldest first: the curve of the last ten minutes. */
export function lookupCurve(points: readonly HistoryPoint[]): number[] {
  return points.map((point) => {
    const sums = totals([point], { kind: 'all' })
    return perSecond(sums.lookups, sums)
  })
}

/** What scripts get: the state, with the rates where they belong. */
export function readingAsJson({ status, points, problems }: Reading): object {
  return {
    ...status,
    rates: ratesOf(points),
    tables: status.tables.map((table) => ({ ...table, rates: ratesOf(points, table.name) })),
    problems,
  }
}

/** The worst canary of a table in one word; undefined for a table without. */
export function canaryWord(table: TableStatus): string | undefined {
  const states = new Set(table.canaries.map(({ state }) => state))
  return (['missing', 'unreachable', 'unknown', 'up'] as const).find((state) => states.has(state))
}

/** True for a circuit that keeps questions away. */
export function isTrouble(circuit: CircuitState): boolean {
  return circuit !== 'closed'
}
