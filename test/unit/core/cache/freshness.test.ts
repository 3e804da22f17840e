import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FreshnessState, freshnessState } from '../../../../src/core/cache/freshness.ts'

const windows = { freshnessLifetimeMs: 10_000, staleWhileRevalidateMs: 5_000, staleIfErrorMs: 20_000 }

describe('freshnessState', () => {
  const cases: [ageMs: number, state: FreshnessState][] = [
    [0, 'fresh'],
    [9_999, 'fresh'],
    [10_000, 'revalidate'],
    [14_999, 'revalidate'],
    [15_000, 'error-only'],
    [29_999, 'error-only'],
    [30_000, 'expired'],
  ]
  for (const [ageMs, state] of cases) {
    test(`an answer aged ${ageMs} ms is ${state}`, () => {
      expect(freshnessState(windows, ageMs)).toBe(state)
    })
  }

  test('without stale windows an answer expires at the end of its lifetime', () => {
    const none = { freshnessLifetimeMs: 10_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
    expect(freshnessState(none, 9_999)).toBe('fresh')
    expect(freshnessState(none, 10_000)).toBe('expired')
  })

  test('an answer never gets fresher with age, for any windows', () => {
    const order = ['fresh', 'revalidate', 'error-only', 'expired']
    const ms = fc.nat(100_000)
    fc.assert(
      fc.property(ms, ms, ms, ms, ms, (lifetime, swr, sie, age, more) => {
        const any = { freshnessLifetimeMs: lifetime, staleWhileRevalidateMs: swr, staleIfErrorMs: sie }
        expect(order.indexOf(freshnessState(any, age))).toBeLessThanOrEqual(
          order.indexOf(freshnessState(any, age + more)),
        )
      }),
    )
  })
})
