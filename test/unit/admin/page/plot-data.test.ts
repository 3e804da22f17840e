import { describe, expect, test } from 'vitest'
import {
  columns,
  decades,
  LATENCY_LINES,
  LOAD_LINES,
  linearTop,
  RESULT_LINES,
  STORE_LINES,
  timeRange,
} from '../../../../src/admin/page/plot-data.ts'
import { point, slice } from '../../presentation/points.ts'

const points = [
  point(2000, {
    all: slice(
      { found: 4, notfound: 2, temporary: 1, permanent: 1 },
      { sources: { cache: 6, stale: 2, upstream: 4 }, p50Ms: 1, p95Ms: 2, p99Ms: 3 },
    ),
    inFlight: 5,
    queued: 6,
    connections: 7,
  }),
  point(4000),
]

describe('columns', () => {
  test('have times in seconds and rates per second', () => {
    expect(columns(points, { kind: 'all' }, RESULT_LINES)).toEqual([
      [2, 4],
      [2, 0],
      [1, 0],
      [0.5, 0],
      [0.5, 0],
    ])
  })
  test('have a gap where nothing was asked', () => {
    expect(columns(points, { kind: 'all' }, LATENCY_LINES)).toEqual([
      [2, 4],
      [1, null],
      [2, null],
      [3, null],
    ])
  })
  test('tell hits, stale answers and misses apart', () => {
    expect(columns(points, { kind: 'all' }, STORE_LINES)).toEqual([
      [2, 4],
      [3, 0],
      [1, 0],
      [2, 0],
    ])
  })
  test('have the load of the whole program, whatever the scope', () => {
    const scope = { kind: 'table', name: 'none' } as const
    expect(columns(points, scope, LOAD_LINES)).toEqual([
      [2, 4],
      [5, 0],
      [6, 0],
      [7, 0],
    ])
  })
})

describe('ranges', () => {
  const cases: [name: string, range: unknown, expected: unknown][] = [
    ['a fresh gateway shows two minutes', timeRange([1000], 0), [880, 1000]],
    ['after five minutes all of it', timeRange([700, 1000], 0), [700, 1000]],
    ['at most ten minutes', timeRange([0, 1000], 0), [400, 1000]],
    ['without points the present', timeRange([], 500), [380, 500]],
    ['decades around the values', decades(0.02, 45), [0.01, 100]],
    ['one decade at least', decades(1, 1), [1, 10]],
    ['some decades without values', decades(null, null), [0.1, 10]],
    ['room above the highest', linearTop(100), 110.00000000000001],
    ['never an empty axis', [linearTop(null), linearTop(0)], [1, 1]],
  ]
  for (const [name, range, expected] of cases) test(name, () => expect(range).toEqual(expected))
})
