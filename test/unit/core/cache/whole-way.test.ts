import { describe, expect, test } from 'vitest'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { ResilientUpstream } from '../../../../src/core/resilience/resilient-upstream.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'
import {
  fails,
  refuses,
  type Script,
  ScriptedEndpoint,
  says,
  saysNotFound,
} from '../../../support/core/scripted-endpoint.ts'
import { lookupFrom } from '../../../support/core/sources.ts'
import { upstreamState } from '../../../support/core/upstream-state.ts'

/** A mail directory behind two endpoints, and the whole way to it: cache, limiter, attempts, canary. */
function directory(options: { canary?: boolean; maxConcurrent?: number } = {}) {
  const clock = new ManualClock()
  const users = new Map([
    ['canary', 'here'],
    ['bob', 'bob@store.example'],
  ])
  const trouble: { first?: Script; second?: Script } = {}
  const know = (key: string): Script => {
    const value = users.get(key)
    return { reply: value === undefined ? saysNotFound() : says(value), afterMs: 10 }
  }
  const endpoints = [
    new ScriptedEndpoint('0', clock, (key) => trouble.first ?? know(key)),
    new ScriptedEndpoint('1', clock, (key) => trouble.second ?? know(key)),
  ]
  const state = upstreamState(clock, endpoints, {
    settings: { maxConcurrent: options.maxConcurrent ?? 64, maxQueued: 100 },
  })
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints,
    sideEffects: false,
    canary: options.canary ? { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 } : undefined,
    observer: silentObserver.table('aliases'),
    onDefect: (error) => expect.unreachable(String(error)),
  })
  const store = new MemoryAnswerStore({ clock, maxEntries: 1000, maxNegativeEntries: 1000, maxBytes: 1e7 })
  const policy = {
    ttlMs: 60_000,
    negativeTtlMs: 10_000,
    staleWhileRevalidateMs: 30_000,
    staleIfErrorMs: 86_400_000,
    staleAfterMs: 1000,
    jitter: 0,
    honorCacheControl: false,
    minTtlMs: 0,
    maxTtlMs: 3_600_000,
  }
  const cached = new CachedUpstream({
    table: 'aliases',
    upstream,
    clock,
    random: () => 0,
    deadlineMs: 5000,
    sideEffects: false,
    cache: { store, policy, hasCanary: false, upstreamIndex: 0 },
    observer: silentObserver.table('aliases'),
    onDefect: (error) => expect.unreachable(String(error)),
  })
  /** Looks up and lets time pass until there is an answer; says how long that took. */
  const ask = async (key: string) => {
    const startMs = clock.monotonicMs()
    const answer = Promise.resolve(cached.ask(key, lookupFrom(clock, { withinMs: 5000 })))
    let open = true
    void answer.then(() => {
      open = false
    })
    await settle()
    while (open) await clock.advanceAsync(10)
    const { result, source } = await answer
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(5000)
    return `${source} ${result.kind === 'found' ? result.value : result.kind}`
  }
  return { clock, users, trouble, endpoints, upstream, cached, state, ask }
}

describe('a mailbox created right after a miss', () => {
  for (const outage of [undefined, { reply: refuses() }, { reply: fails(500), afterMs: 20 }]) {
    const when =
      outage === undefined ? 'in good times' : `while an endpoint fails (${outage.reply.result.kind})`
    test(`is found negativeTtl later at the latest ${when}`, async () => {
      const { clock, users, trouble, ask } = directory({ canary: true })
      expect(await ask('new')).toBe('upstream notfound')
      trouble.first = outage
      users.set('new', 'new@store.example')
      expect(await ask('new')).toBe('cache notfound')
      clock.advance(10_000)
      expect(await ask('new')).toBe('upstream new@store.example')
    })
  }
})

describe('a service that starts to answer 404 to everything', () => {
  const broken = { reply: saysNotFound(), afterMs: 10 }

  test('bounces nobody: known addresses are answered, others wait', async () => {
    const { clock, trouble, ask } = directory({ canary: true })
    await ask('bob')
    clock.advance(90_000)
    trouble.first = broken
    trouble.second = broken
    expect(await ask('bob')).toBe('stale bob@store.example')
    expect(await ask('alice')).toBe('upstream temporary')
    expect(await ask('carol')).toBe('upstream temporary')
  })

  test('takes the stored "not found" answers out of use as soon as it is known', async () => {
    const { clock, trouble, upstream, ask } = directory({ canary: true })
    expect(await ask('nobody')).toBe('upstream notfound')
    trouble.first = broken
    trouble.second = broken
    upstream.start()
    await clock.advanceAsync(100)
    upstream.stop()
    expect((await ask('nobody')).split(' ')[1]).toBe('temporary')
    expect(upstream.canaryStatus().map(({ state }) => state)).toStrictEqual(['missing', 'missing'])
  })

  test('is believed again when its canary is back', async () => {
    const { clock, trouble, ask } = directory({ canary: true })
    trouble.first = broken
    trouble.second = broken
    expect(await ask('nobody')).toBe('upstream temporary')
    trouble.first = undefined
    trouble.second = undefined
    clock.advance(1000)
    expect(await ask('nobody')).toBe('upstream notfound')
  })
})

describe('an outage of every endpoint', () => {
  test('opens the circuits, keeps known addresses answered for a day, and ends by itself', async () => {
    const { clock, trouble, endpoints, ask } = directory()
    await ask('bob')
    trouble.first = { reply: refuses() }
    trouble.second = { reply: refuses() }
    clock.advance(90_000)
    for (let count = 0; count < 20; count++) {
      expect(await ask('bob')).toBe('stale bob@store.example')
      expect(await ask(`unknown${count}`)).toMatch(/temporary$/)
      clock.advance(1000)
    }
    const requests = endpoints.reduce((sum, { sent }) => sum + sent.length, 0)
    expect(requests, `${requests} requests`).toBeLessThan(60)
    trouble.first = undefined
    await clock.advanceAsync(10_010)
    expect(await ask('bob')).toBe('upstream bob@store.example')
  })
})

test('a lookup that gave up gives its place to one that waits, and others still get their answers', async () => {
  const { clock, cached, trouble, endpoints } = directory({ maxConcurrent: 1 })
  trouble.first = { reply: says('late'), afterMs: 1000 }
  const impatient = cached.ask('slow', lookupFrom(clock, { withinMs: 100 }))
  await clock.advanceAsync(100)
  expect((await impatient).result.kind).toBe('temporary')
  trouble.first = undefined
  const next = cached.ask('bob', lookupFrom(clock, { withinMs: 5000 }))
  await clock.advanceAsync(50)
  expect((await next).result.kind).toBe('found')
  expect([endpoints[0]?.aborted, endpoints[0]?.maxInFlight]).toStrictEqual([1, 1])
})

test('a lookup that gives up gives its place to one that waits already', async () => {
  const { clock, cached, trouble, endpoints } = directory({ maxConcurrent: 1 })
  trouble.first = { reply: says('late'), afterMs: 1900 }
  const impatient = cached.ask('slow', lookupFrom(clock, { withinMs: 100 }))
  trouble.first = undefined
  const next = cached.ask('bob', lookupFrom(clock, { withinMs: 1000 }))
  await clock.advanceAsync(99)
  expect(endpoints[0]?.aborted).toBe(0)
  await clock.advanceAsync(1)
  expect((await impatient).result.kind).toBe('temporary')
  await clock.advanceAsync(50)
  expect((await next).result.kind).toBe('found')
  expect([endpoints[0]?.aborted, endpoints[0]?.maxInFlight]).toStrictEqual([1, 1])
})
