/**
 * The history as columns of numbers: what uPlot draws. Pure.
 */
import type { HistoryPoint } from '../../core/observed/history-point.ts'
import { perSecond, type Scope, type Totals, totals } from '../../presentation/rates.ts'

/** Times first, then one column for each series; null where there is nothing. */
export type Columns = [times: number[], ...series: (number | null)[][]]

/** One line of a plot. */
export interface Line {
  readonly label: string
  readonly value: (of: Totals, point: HistoryPoint) => number | undefined
}

/** @returns Times in seconds, as uPlot wants them. */
export function columns(points: readonly HistoryPoint[], scope: Scope, lines: readonly Line[]): Columns {
  const sums = points.map((point) => ({ point, of: totals([point], scope) }))
  return [
    points.map(({ atMs }) => atMs / 1000),
    ...lines.map(({ value }) => sums.map(({ point, of }) => value(of, point) ?? null)),
  ]
}

export const RESULT_LINES: readonly Line[] = [
  { label: 'Found', value: (of) => perSecond(of.found, of) },
  { label: 'Not found', value: (of) => perSecond(of.notfound, of) },
  { label: 'Try later', value: (of) => perSecond(of.temporary, of) },
  { label: 'Refused', value: (of) => perSecond(of.permanent, of) },
]

export const LATENCY_LINES: readonly Line[] = [
  { label: 'p50', value: (of) => of.p50Ms },
  { label: 'p95', value: (of) => of.p95Ms },
  { label: 'p99', value: (of) => of.p99Ms },
]

export const STORE_LINES: readonly Line[] = [
  { label: 'Hit', value: (of) => perSecond(of.hits, of) },
  { label: 'Stale', value: (of) => perSecond(of.stale, of) },
  { label: 'Miss', value: (of) => perSecond(of.misses, of) },
]

/** Of the whole program, whatever the scope. */
export const LOAD_LINES: readonly Line[] = [
  { label: 'In flight', value: (_of, { inFlight }) => inFlight },
  { label: 'Queued', value: (_of, { queued }) => queued },
  { label: 'Connections', value: (_of, { connections }) => connections },
]

/** Longest and shortest stretch of time shown, seconds: a gateway just started shows no empty ten minutes. */
const LONGEST_SECONDS = 600
const SHORTEST_SECONDS = 120

/** First and last second of the time axis. */
export function timeRange(times: readonly number[], nowSeconds: number): [from: number, to: number] {
  const to = times.at(-1) ?? nowSeconds
  const first = times[0] ?? to
  return [Math.max(to - LONGEST_SECONDS, Math.min(first, to - SHORTEST_SECONDS)), to]
}

/** Whole decades around the values of a logarithmic axis; one where there is no value. */
export function decades(min: number | null, max: number | null): [min: number, max: number] {
  if (min === null || max === null || !(min > 0)) return [0.1, 10]
  const low = Math.floor(Math.log10(min))
  const high = Math.max(Math.ceil(Math.log10(max)), low + 1)
  // Written as text: 10 ** -2 and the like are not quite the decade that the axis looks for.
  return [Number(`1e${low}`), Number(`1e${high}`)]
}

/** Top of a linear axis: room above the highest value, and whole numbers for small ones. */
export function linearTop(max: number | null): number {
  return max === null || max < 1 ? 1 : max * 1.1
}
