import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CacheControl, parseCacheControl } from '../../../../src/core/cache/cache-control.ts'
import { parseHttpDate } from '../../../../src/core/cache/http-date.ts'

const NONE = { noStore: false, noCache: false, mustRevalidate: false }

describe('parseCacheControl', () => {
  const cases: [name: string, field: string, expected: Partial<CacheControl>][] = [
    ['an empty field says nothing', '', {}],
    ['reads max-age in seconds', 'max-age=60', { maxAgeMs: 60_000 }],
    ['reads names in any case', 'Max-Age=1, NO-STORE', { maxAgeMs: 1000, noStore: true }],
    ['accepts the quoted form', 'max-age="60"', { maxAgeMs: 60_000 }],
    [
      'does not read inside a quoted string',
      'private="a, no-store, max-age=9", max-age=60',
      { maxAgeMs: 60_000 },
    ],
    ['reads an escaped quote', 'ext="a\\", no-store", no-cache', { noCache: true }],
    ['takes a value that is no number for stale', 'max-age=abc', { maxAgeMs: 0 }],
    ['takes a missing value for stale', 'max-age', { maxAgeMs: 0 }],
    ['takes a negative value for stale', 'max-age=-1', { maxAgeMs: 0 }],
    ['takes a fraction for stale', 'max-age=1.5', { maxAgeMs: 0 }],
    ['takes two different values for stale', 'max-age=60, max-age=120', { maxAgeMs: 0 }],
    ['accepts the same value twice', 'max-age=60, max-age=60', { maxAgeMs: 60_000 }],
    ['ignores s-maxage', 's-maxage=60, max-age=1', { maxAgeMs: 1000 }],
    ['takes no-cache of one field for the whole reply', 'no-cache="set-cookie"', { noCache: true }],
    ['reads must-revalidate', 'must-revalidate', { mustRevalidate: true }],
    ['does not mistake proxy-revalidate for it', 'proxy-revalidate', {}],
    [
      'reads the stale windows of RFC 5861',
      'stale-while-revalidate=30, stale-if-error=600',
      { staleWhileRevalidateMs: 30_000, staleIfErrorMs: 600_000 },
    ],
    ['skips empty list elements', ',, max-age=5 ,,', { maxAgeMs: 5000 }],
    ['holds a huge number at the largest', 'max-age=99999999999999', { maxAgeMs: 2_147_483_648_000 }],
  ]
  for (const [name, field, expected] of cases) {
    test(name, () => {
      const control = JSON.parse(JSON.stringify(parseCacheControl(field)))
      expect(control).toStrictEqual({ ...NONE, ...expected })
    })
  }

  test('any text is read without an exception, and no time is negative', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseCacheControl(text).maxAgeMs ?? 0).toBeGreaterThanOrEqual(0)
        expect(parseCacheControl(`max-age=${text}`).maxAgeMs ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('parseHttpDate', () => {
  const now = Date.UTC(2026, 0, 1)
  const sample = Date.UTC(1994, 10, 6, 8, 49, 37)
  const cases: [text: string, expected: number | undefined][] = [
    ['Sun, 06 Nov 1994 08:49:37 GMT', sample],
    ['Sunday, 06-Nov-94 08:49:37 GMT', sample],
    ['Sun Nov  6 08:49:37 1994', sample],
    ['Friday, 06-Nov-76 08:49:37 GMT', Date.UTC(2076, 10, 6, 8, 49, 37)],
    ['Friday, 06-Nov-77 08:49:37 GMT', Date.UTC(1977, 10, 6, 8, 49, 37)],
    ['0', undefined],
    ['-1', undefined],
    ['Sun, 06 Nov 1994 08:49:37 CET', undefined],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['Sun, 32 Nov 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 24:49:37 GMT', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    ['Thu, 31 Mar 1994 23:59:59 GMT', Date.UTC(1994, 2, 31, 23, 59, 59)],
    ['Thu, 30 Jun 1994 23:59:60 GMT', Date.UTC(1994, 6, 1)],
    ['Thu, 30 Jun 1994 23:59:61 GMT', undefined],
    ['Sun, 06 Nov 1994 08:60:37 GMT', undefined],
    ['Sun, 00 Nov 1994 08:49:37 GMT', undefined],
  ]
  for (const [text, expected] of cases) {
    test(`"${text}" is ${expected === undefined ? 'no date' : new Date(expected).toISOString()}`, () => {
      expect(parseHttpDate(text, now)).toBe(expected)
    })
  }
})
