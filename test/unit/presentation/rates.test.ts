import { describe, expect, test } from 'vitest'
import {
  cacheShares,
  causesOf,
  endpointTotals,
  perSecond,
  recent,
  totals,
} from '../../../src/presentation/rates.ts'
import { point, slice } from './points.ts'

describe('rates', () => {
  test('look 30 seconds back from the newest point, the start excluded', () => {
    const points = [point(0), point(1), point(30_000)]
    expect(recent(points).map(({ atMs }) => atMs)).toEqual([1, 30_000])
    expect(recent([])).toEqual([])
  })

  const points = [
    point(2000, {
      all: slice(
        { found: 6, notfound: 3, temporary: 1 },
        {
          sources: { cache: 4, upstream: 4, shed: 1, static: 1 },
          replies: { reject: 2 },
          p50Ms: 1,
          p95Ms: 5,
          p99Ms: 9,
        },
      ),
      protocols: { socketmap: slice({ found: 3 }), admin: slice({ temporary: 1 }) },
      tables: { aliases: slice({ found: 5 }) },
      causes: { timeout: 1 },
      endpoints: [
        { upstream: 'dir', endpoint: '0:a', outcomes: { found: 3, timeout: 1 }, p50Ms: 2, p95Ms: 4 },
        { upstream: 'dir', endpoint: '1:b', outcomes: { cancelled: 7 } },
      ],
    }),
    point(4000, {
      all: slice(
        { permanent: 2 },
        { sources: { stale: 1, refused: 1 }, replies: { reject: 1, dunno: 1 }, p50Ms: 3 },
      ),
      protocols: { tcp_table: slice({ notfound: 2 }) },
      causes: { timeout: 1, refused: 5 },
    }),
  ]

  test('add up results, answers by where they came from, and take the highest percentiles', () => {
    expect(totals(points, { kind: 'all' })).toEqual({
      ms: 4000,
      lookups: 12,
      found: 6,
      notfound: 3,
      temporary: 1,
      permanent: 2,
      hits: 4,
      stale: 1,
      misses: 5,
      replies: new Map([
        ['reject', 3],
        ['dunno', 1],
      ]),
      p50Ms: 3,
      p95Ms: 5,
      p99Ms: 9,
    })
  })

  const scopes: [name: string, scope: Parameters<typeof totals>[1], lookups: number][] = [
    ['mail leaves out the lookups of the admin API', { kind: 'mail' }, 5],
    ['one protocol', { kind: 'protocol', name: 'admin' }, 1],
    ['a protocol that nobody has', { kind: 'protocol', name: 'none' }, 0],
    ['one table', { kind: 'table', name: 'aliases' }, 5],
    ['a table named like a property of every object', { kind: 'table', name: 'constructor' }, 0],
  ]
  for (const [name, scope, lookups] of scopes) {
    test(`${name}: ${lookups} lookups`, () => expect(totals(points, scope).lookups).toBe(lookups))
  }

  test('are per second of the time that was really measured', () => {
    expect(perSecond(8, { ms: 4000 })).toBe(2)
    expect(perSecond(8, { ms: 0 })).toBe(0)
  })

  test('shares are of answers that a store could give', () => {
    expect(cacheShares(totals(points, { kind: 'all' }))).toEqual({ hit: 0.4, stale: 0.1, miss: 0.5 })
    expect(cacheShares(totals([], { kind: 'all' }))).toBeUndefined()
  })

  test('causes come with the most frequent first', () => {
    expect(causesOf(points)).toEqual([
      ['refused', 5],
      ['timeout', 2],
    ])
  })

  test('a cancelled request is no failure of its endpoint', () => {
    expect(endpointTotals(points, 'dir', '0:a')).toEqual({ requests: 4, failed: 1, p50Ms: 2, p95Ms: 4 })
    expect(endpointTotals(points, 'dir', '1:b')).toMatchObject({ requests: 7, failed: 0, p50Ms: undefined })
  })
})
