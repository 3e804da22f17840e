/**
 * What the last seconds of the history add up to: the numbers of every table and tile of the page, and
 * of `mapgate status`. Pure.
 */
import type { HistoryPoint, HistorySlice } from '../core/observed/history-point.ts'

/** How far back the rates look, seconds. Ours: long enough that few lookups still show, short enough to be now. */
export const WINDOW_SECONDS = 30

/** The same, ms. */
const WINDOW_MS = 1000 * WINDOW_SECONDS

/** Whose lookups are meant. `mail` leaves out the ones of the admin API, such as the page's own. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'mail' }
  | { readonly kind: 'protocol'; readonly name: string }
  | { readonly kind: 'table'; readonly name: string }

export interface Totals {
  /** The time they are of, ms; 0 without points. */
  readonly ms: number
  readonly lookups: number
  readonly found: number
  readonly notfound: number
  readonly temporary: number
  readonly permanent: number
  /** Answers from the store, fresh. */
  readonly hits: number
  readonly stale: number
  /** Answers for which a service was asked, or would have been. */
  readonly misses: number
  /** Replies by what they do at the client; empty where the results say it all. */
  readonly replies: ReadonlyMap<string, number>
  /** The highest of the points; undefined without lookups. */
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
  readonly p99Ms: number | undefined
}

/** The points of the window before the newest: the clock of the gateway counts, not the browser's. */
export function recent(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const newest = points.at(-1)
  if (newest === undefined) return []
  return points.filter(({ atMs }) => atMs > newest.atMs - WINDOW_MS)
}

/** The slices of one point; protocols and tables without lookups have none. */
function slicesOf(point: HistoryPoint, scope: Scope): readonly HistorySlice[] {
  switch (scope.kind) {
    case 'all':
      return [point.all]
    case 'mail':
      return Object.entries(point.protocols)
        .filter(([name]) => name !== 'admin')
        .map(([, slice]) => slice)
    case 'protocol':
      return present(Object.entries(point.protocols).find(([name]) => name === scope.name)?.[1])
    case 'table':
      return present(Object.hasOwn(point.tables, scope.name) ? point.tables[scope.name] : undefined)
  }
}

function present<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value]
}

/** @param points All of one stretch, from {@link recent} or one alone. */
export function totals(points: readonly HistoryPoint[], scope: Scope): Totals {
  const slices = points.flatMap((point) => slicesOf(point, scope))
  const sum = (of: (slice: HistorySlice) => number): number =>
    slices.reduce((total, slice) => total + of(slice), 0)
  const results = {
    found: sum((slice) => slice.results.found),
    notfound: sum((slice) => slice.results.notfound),
    temporary: sum((slice) => slice.results.temporary),
    permanent: sum((slice) => slice.results.permanent),
  }
  return {
    ms: points.reduce((total, { stepMs }) => total + stepMs, 0),
    lookups: results.found + results.notfound + results.temporary + results.permanent,
    ...results,
    hits: sum(({ sources }) => sources.cache ?? 0),
    stale: sum(({ sources }) => sources.stale ?? 0),
    misses: sum(({ sources }) => (sources.upstream ?? 0) + (sources.shed ?? 0)),
    replies: repliesOf(slices),
    p50Ms: highest(slices.map(({ p50Ms }) => p50Ms)),
    p95Ms: highest(slices.map(({ p95Ms }) => p95Ms)),
    p99Ms: highest(slices.map(({ p99Ms }) => p99Ms)),
  }
}

function repliesOf(slices: readonly HistorySlice[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { replies = {} } of slices)
    for (const [reply, count] of Object.entries(replies)) counts.set(reply, (counts.get(reply) ?? 0) + count)
  return counts
}

export function perSecond(number: number, { ms }: Pick<Totals, 'ms'>): number {
  return ms > 0 ? (1000 * number) / ms : 0
}

/** Shares of fresh, stale and asked answers; undefined while there was none of them. */
export function cacheShares({
  hits,
  stale,
  misses,
}: Totals): { hit: number; stale: number; miss: number } | undefined {
  const all = hits + stale + misses
  return all === 0 ? undefined : { hit: hits / all, stale: stale / all, miss: misses / all }
}

/** Failures by cause over these points, the most frequent first. */
export function causesOf(points: readonly HistoryPoint[]): [cause: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { causes } of points) {
    for (const [cause, number] of Object.entries(causes)) counts.set(cause, (counts.get(cause) ?? 0) + number)
  }
  return [...counts].sort(([, a], [, b]) => b - a)
}

interface EndpointTotals {
  readonly requests: number
  readonly failed: number
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
}

/** Outcomes of requests that say something bad about the endpoint. */
const FAILED_OUTCOMES: ReadonlySet<string> = new Set([
  'temporary',
  'permanent',
  'timeout',
  'connect',
  'unreadable',
])

/** What one endpoint was asked in these points. */
export function endpointTotals(
  points: readonly HistoryPoint[],
  upstream: string,
  endpoint: string,
): EndpointTotals {
  const slices = points.flatMap(({ endpoints }) =>
    endpoints.filter((slice) => slice.upstream === upstream && slice.endpoint === endpoint),
  )
  let requests = 0
  let failed = 0
  for (const [outcome, number] of slices.flatMap(({ outcomes }) => Object.entries(outcomes))) {
    requests += number
    if (FAILED_OUTCOMES.has(outcome)) failed += number
  }
  return {
    requests,
    failed,
    p50Ms: highest(slices.map(({ p50Ms }) => p50Ms)),
    p95Ms: highest(slices.map(({ p95Ms }) => p95Ms)),
  }
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const numbers = values.filter((value) => value !== undefined)
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}
