/**
 * One look at a running gateway: its state, and what it did in the last seconds.
 */

import type { HistoryPoint, HistorySlice } from '../../core/history-point.ts'
import type { CircuitState } from '../../core/observer.ts'
import type { GatewayStatus, TableStatus } from '../../core/status.ts'
import type { Problem } from '../../observability/problems.ts'

/** What the admin API says, put together. */
export interface Reading {
  readonly status: GatewayStatus
  /** The oldest first. */
  readonly points: readonly HistoryPoint[]
  /** The latest first. */
  readonly problems: readonly Problem[]
}

/** What happened in a table, or everywhere, per second of the {@link WINDOW_MS}. */
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
  /** The worst of the window's points, ms; absent without lookups. */
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

/** How far back rates look, ms. Ours: a few points of the history, so that one burst does not jump. */
export const WINDOW_MS = 10_000

/** The rates of everything, or of one table. */
export function ratesOf(points: readonly HistoryPoint[], table?: string): Rates {
  const window = lastPoints(points)
  const ms = window.reduce((sum, point) => sum + point.stepMs, 0)
  const slices = window
    .map((point) => (table === undefined ? point.all : point.tables[table]))
    .filter((slice) => slice !== undefined)
  const total = (of: (slice: HistorySlice) => number): number =>
    slices.reduce((sum, slice) => sum + of(slice), 0)
  const perSecond = (of: (slice: HistorySlice) => number): number => (ms > 0 ? (1000 * total(of)) / ms : 0)
  const fromStore = total(({ sources }) => sources.cache ?? 0)
  const stale = total(({ sources }) => sources.stale ?? 0)
  const askable = fromStore + stale + total(({ sources }) => (sources.upstream ?? 0) + (sources.shed ?? 0))
  return {
    lookupsPerSecond: perSecond(lookupsIn),
    foundPerSecond: perSecond(({ results }) => results.found),
    notFoundPerSecond: perSecond(({ results }) => results.notfound),
    temporaryPerSecond: perSecond(({ results }) => results.temporary),
    permanentPerSecond: perSecond(({ results }) => results.permanent),
    ...(askable > 0 && { hitRatio: fromStore / askable, staleRatio: stale / askable }),
    ...worst(slices, 'p50Ms'),
    ...worst(slices, 'p95Ms'),
    ...worst(slices, 'p99Ms'),
  }
}

/** Lookups per second in each point, the oldest first: the curve of the last ten minutes. */
export function lookupCurve(points: readonly HistoryPoint[]): number[] {
  return points.map(({ all, stepMs }) => (stepMs > 0 ? (1000 * lookupsIn(all)) / stepMs : 0))
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

function lastPoints(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const newest = points.at(-1)
  return newest === undefined ? [] : points.filter(({ atMs }) => atMs > newest.atMs - WINDOW_MS)
}

function lookupsIn({ results }: HistorySlice): number {
  return results.found + results.notfound + results.temporary + results.permanent
}

function worst<K extends 'p50Ms' | 'p95Ms' | 'p99Ms'>(
  slices: readonly HistorySlice[],
  name: K,
): Partial<Record<K, number>> {
  const values = slices.map((slice) => slice[name]).filter((value) => value !== undefined)
  return values.length === 0 ? {} : ({ [name]: Math.max(...values) } as Partial<Record<K, number>>)
}
