/**
 * What a gateway believes of what others have stored, on a manual clock.
 */

import { expect, test } from 'vitest'
import type { NewAnswer } from '../../../../src/core/cache/answer-store.ts'
import type { TierWait } from '../../../../src/core/cache/answer-tier.ts'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import type { LifetimePolicy } from '../../../../src/core/cache/lifetimes.ts'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { found, type LookupResult, NOT_FOUND, temporary } from '../../../../src/core/result.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import { type Answer, UNWATCHED } from '../../../../src/core/upstream.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'

const DOWN = temporary('connect', 'refused')

/** Fresh for a minute, then stale for five, then a day for errors. */
const WINDOWS = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 300_000, staleIfErrorMs: 86_400_000 }

/** As a gateway with a ttl of ten seconds stores "not found". */
const GONE = { freshnessLifetimeMs: 10_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 3_600_000 }

/** A gateway whose service and tier say what the test says. */
function gateway(options: { hasCanary?: boolean; policy?: Partial<LifetimePolicy> } = {}) {
  const clock = new ManualClock()
  const store = new MemoryAnswerStore({ clock, maxEntries: 1000, maxNegativeEntries: 1000, maxBytes: 1e7 })
  const tier = {
    has: undefined as NewAnswer | undefined,
    stored: [] as { key: string; answer: NewAnswer }[],
    deleted: [] as string[],
    waits: [] as (TierWait | undefined)[],
    asked: 0,
    isUp: true,
    leases: [] as number[],
    hasLease: true,
    lease(_key: string, forMs: number) {
      this.leases.push(forMs)
      return Promise.resolve(this.hasLease)
    },
    find(_storeKey: string, wait: TierWait | undefined) {
      this.waits.push(wait)
      if (!this.isUp) return undefined
      this.asked++
      return Promise.resolve(this.has)
    },
    store(key: string, answer: NewAnswer) {
      this.stored.push({ key, answer: { ...answer } })
    },
    forget() {},
    delete(key: string) {
      this.deleted.push(key)
    },
  }
  const service = {
    says: DOWN as LookupResult,
    caching: undefined as Answer['caching'],
    asked: 0,
    health: UNWATCHED,
    needsNoRequest: () => false,
    trustsNegative: true,
    afterMs: 0,
  }
  const looked: string[] = []
  const cached = new CachedUpstream({
    table: 'aliases',
    upstream: {
      name: 'directory',
      health: UNWATCHED,
      needsNoRequest: () => false,
      trustsNegative: () => service.trustsNegative,
      ask() {
        service.asked++
        const { says: result, caching, afterMs } = service
        const answer: Answer = {
          result,
          storable: result.kind === 'found' || result.kind === 'notfound',
          source: 'upstream',
          ...(caching && { caching }),
        }
        if (afterMs === 0) return Promise.resolve(answer)
        return new Promise((resolve) => clock.after(afterMs, () => resolve(answer)))
      },
    },
    clock,
    random: () => 0,
    deadlineMs: 10_000,
    sideEffects: false,
    cache: {
      store,
      policy: {
        ttlMs: 60_000,
        negativeTtlMs: 10_000,
        staleWhileRevalidateMs: 300_000,
        staleIfErrorMs: 86_400_000,
        staleAfterMs: 1000,
        jitter: 0,
        honorCacheControl: true,
        minTtlMs: 0,
        maxTtlMs: 3_600_000,
        ...options.policy,
      },
      hasCanary: options.hasCanary ?? false,
      lossGuard: new LossGuard(clock, () => {}),
      tier,
      upstreamIndex: 0,
    },
    observer: { ...silentObserver.table('aliases'), tierLooked: (outcome) => looked.push(outcome) },
    onDefect: (error) => expect.unreachable(String(error)),
  })
  const ask = async (key = 'a@x.example', bypass = false) => {
    const context = new LookupContext(key, clock.monotonicMs(), 10_000, bypass, new Explanation())
    const answer = Promise.resolve(cached.ask(key, context))
    await settle()
    await clock.advanceAsync(service.afterMs === 0 ? 0 : 1000)
    const { result, source } = await answer
    return `${source}: ${result.kind === 'found' ? result.value : result.kind}`
  }
  /** The steps of the explanation of a lookup. */
  const steps = async (key: string) => {
    const explanation = new Explanation()
    const answer = cached.ask(key, new LookupContext(key, clock.monotonicMs(), 10_000, false, explanation))
    await settle()
    await answer
    return explanation.steps
  }
  return { clock, store, tier, service, cached, ask, steps, looked }
}

test('a found answer of another gateway is the answer, and stored here with its age', async () => {
  const { tier, service, ask, clock, looked } = gateway()
  tier.has = { value: 'there', freshness: WINDOWS, ageMs: 59_999 }
  expect(await ask()).toBe('shared: there')
  expect(await ask()).toBe('cache: there')
  expect(service.asked).toBe(0)
  clock.advance(1)
  tier.has = undefined
  expect(await ask()).toBe('stale: there')
  expect(looked).toEqual(['hit', 'miss'])
})

test('one that is stale is served while it may be, and else only where the service fails', async () => {
  const { tier, service, ask, looked } = gateway()
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 359_999 }
  expect(await ask('a')).toBe('stale: old')
  expect(service.asked).toBe(0)
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 360_000 }
  expect(await ask('b')).toBe('stale: old')
  expect(service.asked).toBe(1)
  service.says = found('new')
  expect(await ask('c')).toBe('upstream: new')
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 86_460_000 }
  service.says = DOWN
  expect(await ask('d')).toBe('upstream: temporary')
  expect(looked).toEqual(['stale', 'stale', 'unused', 'unused'])
})

test('one that is no newer than our own is not stored in its place', async () => {
  for (const [ageMs, stored] of [
    [400_000, 'own'],
    [399_999, 'theirs'],
  ] as const) {
    const { tier, store, ask } = gateway()
    store.set('a', { value: 'own', freshness: WINDOWS, ageMs: 400_000 })
    tier.has = { value: 'theirs', freshness: WINDOWS, ageMs }
    expect(await ask('a')).toBe(`stale: ${stored}`)
    expect(store.peek('a')?.result).toEqual({ kind: 'found', value: stored })
  }
})

test('the explanation names the age and the answer of another gateway, and that none was there', async () => {
  const { tier, service, steps } = gateway()
  tier.has = { value: 'there', freshness: WINDOWS, ageMs: 5000 }
  expect(await steps('a')).toContainEqual({
    step: 'shared',
    key: 'a',
    upstream: 'directory',
    outcome: 'hit',
    ageMs: 5000,
    result: { kind: 'found', value: 'there' },
  })
  tier.has = undefined
  service.says = found('new')
  expect(await steps('b')).toContainEqual({
    step: 'shared',
    key: 'b',
    upstream: 'directory',
    outcome: 'miss',
  })
})

test('one that is stale is not waited for longer than staleAfter', async () => {
  const { tier, service, ask } = gateway()
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 360_000 }
  service.afterMs = 5000
  expect(await ask()).toBe('stale: old')
})

test('a "not found" counts for negativeTtl from when it was given, and not a millisecond longer', async () => {
  const { tier, service, ask } = gateway()
  service.says = found('created since')
  tier.has = { value: undefined, freshness: GONE, ageMs: 9999 }
  expect(await ask('a')).toBe('shared: notfound')
  tier.has = { value: undefined, freshness: GONE, ageMs: 10_000 }
  expect(await ask('b')).toBe('upstream: created since')
  // Of a gateway whose table has a shorter negativeTtl, and of one that has a longer.
  tier.has = { value: undefined, freshness: { ...GONE, freshnessLifetimeMs: 5000 }, ageMs: 5000 }
  expect(await ask('d')).toBe('upstream: created since')
  tier.has = { value: undefined, freshness: { ...GONE, freshnessLifetimeMs: 3_600_000 }, ageMs: 10_000 }
  expect(await ask('c')).toBe('upstream: created since')
})

test('a "not found" that no canary confirmed is believed by nobody who has one', async () => {
  const { tier, service, ask } = gateway({ hasCanary: true })
  service.says = found('there')
  tier.has = { value: undefined, freshness: GONE, ageMs: 0, confirmedByCanary: false }
  expect(await ask('a')).toBe('upstream: there')
  tier.has = { value: undefined, freshness: GONE, ageMs: 0, confirmedByCanary: true }
  expect(await ask('b')).toBe('shared: notfound')
})

test('a "not found" is not believed while the canary of this gateway is missing', async () => {
  const { tier, service, ask } = gateway({ hasCanary: true })
  service.trustsNegative = false
  tier.has = { value: undefined, freshness: GONE, ageMs: 0, confirmedByCanary: true }
  expect(await ask()).toBe('upstream: temporary')
})

test('of a key that was found here only the service may say that it is gone', async () => {
  const { tier, service, ask, clock } = gateway()
  service.says = found('there')
  expect(await ask()).toBe('upstream: there')
  clock.advance(360_000)
  tier.has = { value: undefined, freshness: GONE, ageMs: 0, confirmedByCanary: true }
  service.says = DOWN
  expect(await ask()).toBe('stale: there')
})

test('a key that another gateway found is not "not found" before the loss guard has looked', async () => {
  const { tier, service, ask, store } = gateway()
  for (let index = 0; index < 20; index++)
    store.set(`k${index}`, { value: 'there', freshness: WINDOWS, ageMs: 0 })
  tier.has = { value: 'there', freshness: WINDOWS, ageMs: 360_000 }
  service.says = NOT_FOUND
  // The sample of other keys is "not found", too: the service has lost its data.
  expect(await ask('lost')).toBe('stale: there')
})

test('what is stored goes to the others, with the time since which it is found', async () => {
  const { tier, service, ask, clock } = gateway()
  service.says = found('there')
  await ask()
  clock.advance(400_000)
  await ask()
  expect(tier.stored.map(({ key, answer }) => [key, answer.value, answer.ageMs, answer.foundForMs])).toEqual([
    ['a@x.example', 'there', 0, 0],
    ['a@x.example', 'there', 0, 400_000],
  ])
  service.says = NOT_FOUND
  await ask('b')
  expect(tier.stored[2]).toMatchObject({ key: 'b', answer: { value: undefined } })
})

test('what may not be stored goes to nobody, and ends what is there', async () => {
  const { tier, service, ask } = gateway()
  service.says = found('once')
  service.caching = { cacheControl: 'no-store' }
  await ask()
  expect(tier.stored).toEqual([])
  expect(tier.deleted).toEqual(['a@x.example'])
  service.says = DOWN
  await ask('b')
  expect(tier.stored).toEqual([])
})

test('a lookup that is to ask the service asks nobody else', async () => {
  const { tier, service, ask } = gateway()
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 0 }
  service.says = found('new')
  expect(await ask('a@x.example', true)).toBe('upstream: new')
  expect(tier.asked).toBe(0)
})

test('a tier that is not asked now costs nothing', async () => {
  const { tier, service, ask, looked } = gateway()
  tier.isUp = false
  service.says = found('there')
  expect(await ask()).toBe('upstream: there')
  expect(looked).toEqual([])
})

test('all keys of a lookup wait for the tier together, and a refresh with nobody', async () => {
  const { tier, service, cached, ask, clock } = gateway()
  const { waits } = tier
  service.says = found('there')
  const context = new LookupContext('a+b', clock.monotonicMs(), 10_000, false, undefined)
  for (const key of ['a+b', 'a']) await cached.ask(key, context)
  expect(waits).toHaveLength(2)
  for (const wait of waits) expect(wait).toBe(context)
  clock.advance(60_000)
  await ask('a')
  expect(waits[2]).toBeUndefined()
})

test('an answer that was purged while the tier was asked is not used', async () => {
  const { tier, service, cached, store, clock } = gateway()
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 0 }
  service.says = found('new')
  const context = new LookupContext('a', clock.monotonicMs(), 10_000, false, undefined)
  const answer = cached.ask('a', context)
  store.purge({ kind: 'all' })
  expect((await answer).result).toEqual(found('new'))
})

test('a refresh takes what another gateway refreshed, and asks the service for nothing older', async () => {
  const { tier, service, ask, clock } = gateway()
  service.says = found('first')
  await ask()
  clock.advance(60_000)
  service.says = found('of the service')
  tier.has = { value: 'of the tier', freshness: WINDOWS, ageMs: 1000 }
  expect(await ask()).toBe('stale: first')
  await settle()
  expect(await ask()).toBe('cache: of the tier')
  expect(service.asked).toBe(1)
  clock.advance(59_000)
  tier.has = { value: 'of the tier', freshness: WINDOWS, ageMs: 60_000 }
  expect(await ask()).toBe('stale: of the tier')
  await settle()
  expect(await ask()).toBe('cache: of the service')
  expect(service.asked).toBe(2)
})

test('a refresh of which another gateway has the lease asks nobody, and looks 200 ms later what came of it', async () => {
  const { tier, service, ask, clock } = gateway()
  service.says = found('first')
  await ask()
  clock.advance(60_000)
  tier.hasLease = false
  for (let count = 0; count < 3; count++) expect(await ask()).toBe('stale: first')
  await settle()
  expect({ service: service.asked, tier: tier.asked, leases: tier.leases }).toEqual({
    service: 1,
    tier: 2,
    leases: [2000],
  })
  clock.advance(199)
  await ask()
  expect(tier.asked).toBe(2)
  clock.advance(1)
  tier.has = { value: 'second', freshness: WINDOWS, ageMs: 100 }
  expect(await ask()).toBe('stale: first')
  await settle()
  expect(await ask()).toBe('cache: second')
  expect(service.asked).toBe(1)
})

test('a lookup that has to wait asks for no lease', async () => {
  const { tier, service, ask } = gateway()
  tier.hasLease = false
  tier.has = { value: 'old', freshness: WINDOWS, ageMs: 360_000 }
  service.says = found('new')
  expect(await ask()).toBe('upstream: new')
  expect(tier.leases).toEqual([])
})

test.for<[string, Partial<LifetimePolicy>, number, string]>([
  ['fresh', {}, 999, 'shared: hers'],
  ['stale', {}, 1000, 'stale: hers'],
  ['stale', {}, 2999, 'stale: hers'],
  ['worthless', {}, 3000, 'upstream: ours'],
  // The service may have said so.
  ['fresh', { honorCacheControl: true, maxTtlMs: 4000 }, 3999, 'shared: hers'],
  ['stale', { honorCacheControl: true, maxTtlMs: 4000 }, 4000, 'stale: hers'],
])(
  'an answer that a gateway of longer lifetimes has stored is %s by the own ones: %o, %i ms',
  async ([, own, ageMs, says]) => {
    const policy = {
      honorCacheControl: false,
      ttlMs: 1000,
      staleWhileRevalidateMs: 2000,
      staleIfErrorMs: 0,
      ...own,
    }
    const { tier, service, ask } = gateway({ policy })
    service.says = found('ours')
    tier.has = { value: 'hers', freshness: { ...WINDOWS, freshnessLifetimeMs: 3_600_000 }, ageMs }
    expect(await ask()).toBe(says)
  },
)
