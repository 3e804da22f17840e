import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  foundLifetime,
  initialAge,
  type LifetimePolicy,
  lifetimeOf,
  negativeLifetime,
} from '../../../../src/core/cache/lifetimes.ts'
import type { CachingHeaders } from '../../../../src/core/upstream.ts'

const configured: LifetimePolicy = {
  ttlMs: 60_000,
  negativeTtlMs: 10_000,
  staleWhileRevalidateMs: 300_000,
  staleIfErrorMs: 86_400_000,
  jitter: 0.1,
  honorCacheControl: false,
  minTtlMs: 10_000,
  maxTtlMs: 3_600_000,
}
const honoring: LifetimePolicy = { ...configured, honorCacheControl: true }
const wallMs = Date.UTC(2026, 0, 1, 12, 0, 0)
const NOW = 'Thu, 01 Jan 2026 12:00:00 GMT'
const at = { wallMs, random: 0 }

/** The windows of a found answer, as three numbers, and its age on arrival. */
function found(policy: LifetimePolicy, caching?: CachingHeaders, random = 0) {
  const lifetime = foundLifetime(policy, caching, { wallMs, random })
  if (lifetime === undefined) return 'not stored'
  const { freshnessLifetimeMs, staleWhileRevalidateMs, staleIfErrorMs } = lifetime.freshness
  return [freshnessLifetimeMs, staleWhileRevalidateMs, staleIfErrorMs, lifetime.initialAgeMs]
}

describe('the lifetime of a found answer', () => {
  const unasked = { cacheControl: 'no-store, max-age=0', vary: '*', expires: '0', age: '9' }
  const cases: [name: string, actual: () => unknown, expected: unknown][] = [
    ['is the configured one', () => found(configured), [60_000, 300_000, 86_400_000, 0]],
    [
      'ignores what the reply says unless told to honour it',
      () => found(configured, unasked),
      [60_000, 300_000, 86_400_000, 0],
    ],
    [
      'is shortened by the whole jitter at most',
      () => found(configured, undefined, 0.999999),
      [54_000, 300_000, 86_400_000, 0],
    ],
    [
      'is max-age when honoured',
      () => found(honoring, { cacheControl: 'max-age=120' }),
      [120_000, 300_000, 86_400_000, 0],
    ],
    [
      'is the configured one when the reply says nothing',
      () => found(honoring, {}),
      [60_000, 300_000, 86_400_000, 0],
    ],
    [
      'is at least minTtl',
      () => found(honoring, { cacheControl: 'max-age=0, private' }),
      [10_000, 300_000, 86_400_000, 0],
    ],
    [
      'is at most maxTtl',
      () => found(honoring, { cacheControl: 'max-age=99999' }),
      [3_600_000, 300_000, 86_400_000, 0],
    ],
    [
      'prefers max-age to Expires',
      () => found(honoring, { cacheControl: 'max-age=120', expires: '0' }),
      [120_000, 300_000, 86_400_000, 0],
    ],
    [
      'is Expires less Date',
      () => found(honoring, { date: NOW, expires: 'Thu, 01 Jan 2026 12:02:00 GMT' }),
      [120_000, 300_000, 86_400_000, 0],
    ],
    [
      'is Expires less now without Date',
      () => found(honoring, { expires: 'Thu, 01 Jan 2026 12:02:00 GMT' }),
      [120_000, 300_000, 86_400_000, 0],
    ],
    [
      'is over with an Expires that is no date',
      () => found({ ...honoring, minTtlMs: 0 }, { expires: '0' }),
      [0, 300_000, 86_400_000, 0],
    ],
    [
      'ignores s-maxage',
      () => found(honoring, { cacheControl: 's-maxage=5' }),
      [60_000, 300_000, 86_400_000, 0],
    ],
    [
      'starts at the Age of the reply',
      () => found(honoring, { cacheControl: 'max-age=120', age: '30' }),
      [120_000, 300_000, 86_400_000, 30_000],
    ],
    [
      'starts at the age that Date shows',
      () => found(honoring, { cacheControl: 'max-age=120', date: 'Thu, 01 Jan 2026 11:59:20 GMT' }),
      [120_000, 300_000, 86_400_000, 40_000],
    ],
    [
      'is minTtl from now on, whatever the Age',
      () => found(honoring, { cacheControl: 'max-age=120', age: '500' }),
      [510_000, 300_000, 86_400_000, 500_000],
    ],
    [
      'has no stale windows with must-revalidate',
      () => found(honoring, { cacheControl: 'max-age=120, must-revalidate' }),
      [120_000, 0, 0, 0],
    ],
    [
      'takes the stale windows of the reply',
      () => found(honoring, { cacheControl: 'stale-while-revalidate=1, stale-if-error=2' }),
      [60_000, 1000, 2000, 0],
    ],
    [
      'is none with no-cache: kept for its validators only',
      () => found(honoring, { cacheControl: 'no-cache, max-age=60' }),
      [0, 0, 0, 0],
    ],
    ['does not exist with no-store', () => found(honoring, { cacheControl: 'no-store' }), 'not stored'],
    ['does not exist with Vary', () => found(honoring, { vary: 'Accept' }), 'not stored'],
    ['takes an empty Vary for none', () => found(honoring, { vary: ' ' }), [60_000, 300_000, 86_400_000, 0]],
  ]
  for (const [name, actual, expected] of cases) test(name, () => expect(actual()).toStrictEqual(expected))
})

describe('the lifetime of a "not found"', () => {
  const negative = (policy: LifetimePolicy, caching?: CachingHeaders) =>
    negativeLifetime(policy, caching, at)?.freshness.freshnessLifetimeMs
  const cases: [name: string, actual: () => unknown, expected: unknown][] = [
    ['is the configured one', () => negative(configured), 10_000],
    ['is shortened by the service', () => negative(honoring, { cacheControl: 'max-age=3' }), 3_000],
    ['is not lengthened by the service', () => negative(honoring, { cacheControl: 'max-age=300' }), 10_000],
    [
      'is not bound by minTtl',
      () => negative({ ...honoring, minTtlMs: 8_000 }, { cacheControl: 'max-age=3' }),
      3_000,
    ],
    ['is less the Age', () => negative(honoring, { cacheControl: 'max-age=12', age: '10' }), 2_000],
    [
      'does not exist when it is over on arrival',
      () => negative(honoring, { cacheControl: 'max-age=12', age: '12' }),
      undefined,
    ],
    ['does not exist with no-store', () => negative(honoring, { cacheControl: 'no-store' }), undefined],
    ['does not exist with no-cache', () => negative(honoring, { cacheControl: 'no-cache' }), undefined],
    ['does not exist with Vary', () => negative(honoring, { vary: '*' }), undefined],
    [
      'does not exist with a negativeTtl of 0',
      () => negative({ ...configured, negativeTtlMs: 0 }),
      undefined,
    ],
    [
      'ignores the reply unless told to honour it',
      () => negative(configured, { cacheControl: 'no-store' }),
      10_000,
    ],
  ]
  for (const [name, actual, expected] of cases) test(name, () => expect(actual()).toBe(expected))

  const kept: LifetimePolicy = { ...honoring, negativeKeptMs: 3_600_000 }
  test.each<[string, LifetimePolicy, string | undefined, number | undefined]>([
    ['as long as the rules of an outage need it', kept, undefined, 3_590_000],
    ['no longer than the service allows', kept, 'stale-if-error=60', 60_000],
    ['no longer for the service', kept, 'stale-if-error=99999', 3_590_000],
    ['no moment where the service wants it asked again', kept, 'must-revalidate', 0],
    ['at all, where that is all there is', kept, 'must-revalidate, max-age=0', undefined],
    [
      'so, whatever the service says, unless told to honour it',
      { ...kept, honorCacheControl: false },
      'must-revalidate',
      3_590_000,
    ],
  ])('is kept for an outage %s', (_how, policy, cacheControl, expected) => {
    const lifetime = negativeLifetime(policy, cacheControl === undefined ? undefined : { cacheControl }, at)
    expect(lifetime?.freshness.staleIfErrorMs).toBe(expected)
  })

  test('has no stale window and never exceeds negativeTtl, whatever the service says', () => {
    const header = fc.record({
      cacheControl: fc.oneof(
        fc.string(),
        fc.nat().map((s) => `max-age=${s}, stale-if-error=${s}`),
      ),
      age: fc.string(),
      expires: fc.string(),
      date: fc.string(),
    })
    fc.assert(
      fc.property(header, fc.boolean(), (caching, honorCacheControl) => {
        const lifetime = negativeLifetime({ ...configured, honorCacheControl }, caching, at)
        if (lifetime === undefined) return
        const { freshnessLifetimeMs, staleWhileRevalidateMs, staleIfErrorMs } = lifetime.freshness
        expect(freshnessLifetimeMs).toBeGreaterThan(0)
        expect(freshnessLifetimeMs).toBeLessThanOrEqual(configured.negativeTtlMs)
        expect(staleWhileRevalidateMs + staleIfErrorMs).toBe(0)
      }),
    )
  })
})

describe('a 304', () => {
  const stored = { freshnessLifetimeMs: 5000, staleWhileRevalidateMs: 1, staleIfErrorMs: 2 }
  const cases: [
    says: string,
    caching: CachingHeaders | undefined,
    freshnessLifetimeMs: number | undefined,
  ][] = [
    ['nothing', undefined, 5000],
    ['nothing about freshness', { age: '0', date: NOW }, 5000],
    ['Cache-Control', { cacheControl: 'max-age=30' }, 30_000],
    ['Expires', { expires: 'Thu, 01 Jan 2026 12:00:40 GMT', date: NOW }, 40_000],
    ['Vary', { vary: '*' }, undefined],
  ]
  for (const [says, caching, freshnessLifetimeMs] of cases) {
    const what =
      freshnessLifetimeMs === undefined ? 'is not stored' : `is fresh for ${freshnessLifetimeMs} ms`
    test(`that says ${says}: the answer ${what}`, () => {
      const lifetime = lifetimeOf(honoring, true, caching, at, stored)
      expect(lifetime?.freshness.freshnessLifetimeMs).toBe(freshnessLifetimeMs)
    })
  }

  test('is stored as the configuration says where the reply is not honoured', () => {
    expect(lifetimeOf(configured, true, undefined, at, stored)?.freshness.freshnessLifetimeMs).toBe(60_000)
  })
})

test('an Age that is no number counts as none', () => {
  expect(initialAge({ age: 'old' }, wallMs)).toBe(0)
  expect(initialAge(undefined, wallMs)).toBe(0)
})
