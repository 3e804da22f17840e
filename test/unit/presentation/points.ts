/** Points of the history for tests, from little. */
import type { HistoryPoint, HistorySlice } from '../../../src/core/observed/history-point.ts'

export function slice(
  results: Partial<HistorySlice['results']>,
  rest: Partial<Omit<HistorySlice, 'results'>> = {},
): HistorySlice {
  return { results: { found: 0, notfound: 0, temporary: 0, permanent: 0, ...results }, sources: {}, ...rest }
}

export function point(atMs: number, rest: Partial<HistoryPoint> = {}): HistoryPoint {
  return {
    atMs,
    stepMs: 2000,
    all: slice({}),
    protocols: {},
    tables: {},
    endpoints: [],
    causes: {},
    inFlight: 0,
    queued: 0,
    connections: 0,
    ...rest,
  }
}
