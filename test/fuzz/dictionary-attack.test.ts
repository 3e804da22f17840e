/**
 * A dictionary attack on one table, in full size: some seconds, so it does not stand among the unit tests.
 */

import { expect, test } from 'vitest'
import { CachedUpstream } from '../../src/core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../src/core/observed/observer.ts'
import { notFound } from '../../src/core/result.ts'
import { UNWATCHED } from '../../src/core/upstream.ts'
import { ManualClock } from '../support/clock/manual-clock.ts'
import { lookupFrom } from '../support/core/sources.ts'

const freshness = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

test('a dictionary attack of a million unknown keys leaves the found answers and the bounds alone', () => {
  const clock = new ManualClock()
  const store = new MemoryAnswerStore({
    clock,
    maxEntries: 1000,
    maxNegativeEntries: 10_000,
    maxBytes: 64 * 1024 * 1024,
  })
  const cached = new CachedUpstream({
    table: 'aliases',
    upstream: {
      name: 'd',
      ask: () => ({ result: notFound(), storable: true, source: 'upstream' }),
      health: UNWATCHED,
      needsNoRequest: () => false,
      trustsNegative: () => true,
    },
    clock,
    random: () => 0,
    deadlineMs: 5000,
    sideEffects: false,
    cache: {
      store,
      policy: {
        ttlMs: 60_000,
        negativeTtlMs: 10_000,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
        staleAfterMs: 1000,
        jitter: 0,
        honorCacheControl: false,
        minTtlMs: 0,
        maxTtlMs: 60_000,
      },
      hasCanary: false,
      upstreamIndex: 0,
    },
    observer: silentObserver.table('aliases'),
    onDefect: (error) => expect.unreachable(String(error)),
  })
  for (let index = 0; index < 1000; index++) store.set(`good${index}`, { value: 'v', freshness, ageMs: 0 })
  for (let index = 0; index < 1_000_000; index++)
    cached.ask(`guess${index}@victim.example`, lookupFrom(clock))
  const { foundEntries, negativeEntries, bytes } = store.status()
  expect([foundEntries, negativeEntries]).toStrictEqual([1000, 10_000])
  expect(bytes).toBeLessThan(11_000 * (266 + 40))
  for (let index = 0; index < 1000; index++) expect(store.get(`good${index}`)).toBeDefined()
})
