import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../../../src/core/observer.ts'
import { ResilientUpstream } from '../../../../src/core/resilience/resilient-upstream.ts'
import { UpstreamState } from '../../../../src/core/resilience/upstream-state.ts'
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
  const state = new UpstreamState({
    name: 'directory',
    settings: {
      endpoints: ['0', '1'],
      timeoutMs: 2000,
      attempts: 2,
      maxConcurrent: options.maxConcurrent ?? 64,
      maxQueued: 100,
      circuitBreaker: { failures: 5, openForMs: 10_000 },
      hedgeAfterMs: undefined,
    },
    clock,
    random: () => 0,
    observer: silentObserver.upstream('directory'),
  })
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints,
    sideEffects: false,
    canary: options.canary ? { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 } : undefined,
    observer: silentObserver.table('aliases'),
    onDefect: (error) => assert.fail(String(error)),
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
    onDefect: (error) => assert.fail(String(error)),
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
    assert.ok(clock.monotonicMs() - startMs <= 5000)
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
      assert.equal(await ask('new'), 'upstream notfound')
      trouble.first = outage
      users.set('new', 'new@store.example')
      assert.equal(await ask('new'), 'cache notfound')
      clock.advance(10_000)
      assert.equal(await ask('new'), 'upstream new@store.example')
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
    assert.equal(await ask('bob'), 'stale bob@store.example')
    assert.equal(await ask('alice'), 'upstream temporary')
    assert.equal(await ask('carol'), 'upstream temporary')
  })

  test('takes the stored "not found" answers out of use as soon as it is known', async () => {
    const { clock, trouble, upstream, ask } = directory({ canary: true })
    assert.equal(await ask('nobody'), 'upstream notfound')
    trouble.first = broken
    trouble.second = broken
    upstream.start()
    await clock.advanceAsync(100)
    upstream.stop()
    assert.equal((await ask('nobody')).split(' ')[1], 'temporary')
    assert.deepEqual(
      upstream.canaryStatus().map(({ state }) => state),
      ['missing', 'missing'],
    )
  })

  test('is believed again when its canary is back', async () => {
    const { clock, trouble, ask } = directory({ canary: true })
    trouble.first = broken
    trouble.second = broken
    assert.equal(await ask('nobody'), 'upstream temporary')
    trouble.first = undefined
    trouble.second = undefined
    clock.advance(1000)
    assert.equal(await ask('nobody'), 'upstream notfound')
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
      assert.equal(await ask('bob'), 'stale bob@store.example')
      assert.match(await ask(`unknown${count}`), /temporary$/)
      clock.advance(1000)
    }
    const requests = endpoints.reduce((sum, { sent }) => sum + sent.length, 0)
    assert.ok(requests < 60, `${requests} requests`)
    trouble.first = undefined
    await clock.advanceAsync(10_010)
    assert.equal(await ask('bob'), 'upstream bob@store.example')
  })
})

test('a lookup that gave up gives its place to one that waits, and others still get their answers', async () => {
  const { clock, cached, trouble, endpoints } = directory({ maxConcurrent: 1 })
  trouble.first = { reply: says('late'), afterMs: 1000 }
  const impatient = cached.ask('slow', lookupFrom(clock, { withinMs: 100 }))
  await clock.advanceAsync(100)
  assert.equal((await impatient).result.kind, 'temporary')
  trouble.first = undefined
  const next = cached.ask('bob', lookupFrom(clock, { withinMs: 5000 }))
  await clock.advanceAsync(50)
  assert.equal((await next).result.kind, 'found')
  assert.deepEqual([endpoints[0]?.aborted, endpoints[0]?.maxInFlight], [1, 1])
})

test('a lookup that gives up gives its place to one that waits already', async () => {
  const { clock, cached, trouble, endpoints } = directory({ maxConcurrent: 1 })
  trouble.first = { reply: says('late'), afterMs: 1900 }
  const impatient = cached.ask('slow', lookupFrom(clock, { withinMs: 100 }))
  trouble.first = undefined
  const next = cached.ask('bob', lookupFrom(clock, { withinMs: 1000 }))
  await clock.advanceAsync(99)
  assert.equal(endpoints[0]?.aborted, 0)
  await clock.advanceAsync(1)
  assert.equal((await impatient).result.kind, 'temporary')
  await clock.advanceAsync(50)
  assert.equal((await next).result.kind, 'found')
  assert.deepEqual([endpoints[0]?.aborted, endpoints[0]?.maxInFlight], [1, 1])
})
