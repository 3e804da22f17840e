import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LatencyHistogram, percentileMs } from '../../../src/observability/latency.ts'

const BOUNDS = [0.001, 0.01, 0.1]

function bucketOf(durationMs: number): number {
  const histogram = new LatencyHistogram(BOUNDS)
  histogram.observe(durationMs)
  return histogram.counts.indexOf(1)
}

describe('LatencyHistogram', () => {
  const cases: [durationMs: number, bucket: number][] = [
    [0, 0],
    [1, 0],
    [1.001, 1],
    [10, 1],
    [10.001, 2],
    [100, 2],
    [100.001, 3],
    [90_000, 3],
  ]
  for (const [durationMs, bucket] of cases) {
    test(`${durationMs} ms falls in bucket ${bucket}`, () => {
      expect(bucketOf(durationMs)).toBe(bucket)
    })
  }

  test('sums and counts what it observes', () => {
    const histogram = new LatencyHistogram(BOUNDS)
    histogram.observe(2)
    histogram.observe(250)
    expect(histogram).toMatchObject({ count: 2, sumMs: 252, counts: [0, 1, 0, 1] })
  })
})

describe('percentileMs', () => {
  const cases: [name: string, counts: number[], quantile: number, expected: number | undefined][] = [
    ['knows nothing without observations', [0, 0, 0, 0], 0.5, undefined],
    ['lies in the middle of the bucket that holds the middle', [0, 10, 0, 0], 0.5, 5.5],
    ['is the upper bound for the last of a bucket', [10, 0, 0, 0], 1, 1],
    ['passes over empty buckets', [5, 0, 5, 0], 0.9, 82],
    ['is the highest bound for what lies above it', [0, 0, 0, 4], 0.5, 100],
  ]
  for (const [name, counts, quantile, expected] of cases) {
    test(name, () => {
      const actual = percentileMs(BOUNDS, counts, quantile)
      if (expected === undefined) expect(actual).toBeUndefined()
      else expect(actual).toBeCloseTo(expected, 9)
    })
  }

  test('never falls when the quantile rises', () => {
    const counts = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(
        counts,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, a, b) => {
          const low = percentileMs(BOUNDS, given, Math.min(a, b)) ?? 0
          const high = percentileMs(BOUNDS, given, Math.max(a, b)) ?? 0
          expect(low).toBeLessThanOrEqual(high + 1e-9)
        },
      ),
    )
  })
})
