import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { CachedUpstream, type CachePolicy } from '../../../../src/core/cache/cached-upstream.ts'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { Explanation } from '../../../../src/core/explain.ts'
import { silentObserver } from '../../../../src/core/observer.ts'
import { temporaryFor } from '../../../../src/core/reason.ts'
import { CORE_REASONS } from '../../../../src/core/reasons.ts'
import { found, notFound, permanent, type Sourced, temporary } from '../../../../src/core/result.ts'
import type { Answer, Question, Upstream } from '../../../../src/core/upstream.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'
import { lookupFrom } from '../../../support/core/sources.ts'

const HOUR = 3_600_000

const policy: CachePolicy = {
  ttlMs: 60_000,
  negativeTtlMs: 10_000,
  staleWhileRevalidateMs: 30_000,
  staleIfErrorMs: HOUR,
  staleAfterMs: 1000,
  jitter: 0,
  honorCacheControl: false,
  minTtlMs: 0,
  maxTtlMs: HOUR,
}

const OUTAGE = temporary('connect', 'connection refused')
const SHED: Answer = { result: temporary('overload', 'too many'), storable: false, source: 'shed' }

const yes = (value: string, more: Partial<Answer> = {}): Answer => ({
  result: found(value),
  storable: true,
  source: 'upstream',
  ...more,
})
const no: Answer = { result: notFound(), storable: true, source: 'upstream', endpoint: 0 }
const down: Answer = { result: OUTAGE, storable: false, source: 'upstream' }

interface SetUp {
  readonly policy?: Partial<CachePolicy>
  readonly cache?: 'off'
  readonly sideEffects?: boolean
  readonly upstreamIndex?: number
  readonly store?: MemoryAnswerStore
  readonly clock?: ManualClock
  readonly believes?: () => boolean
  readonly lossGuard?: LossGuard
}

/** A cached upstream over one that a test answers by hand. */
function setUp(options: SetUp = {}) {
  const clock = options.clock ?? new ManualClock()
  const store =
    options.store ??
    new MemoryAnswerStore({ clock, maxEntries: 1000, maxNegativeEntries: 1000, maxBytes: 10_000_000 })
  const asked: Question[] = []
  const looked: string[] = []
  const defects: unknown[] = []
  const service = {
    answer: yes('v1') as Answer | Promise<Answer> | (() => Answer | Promise<Answer>),
  }
  const upstream: Upstream = {
    name: 'directory',
    trustsNegative: options.believes ?? (() => true),
    ask(question) {
      asked.push(question)
      return typeof service.answer === 'function' ? service.answer() : service.answer
    },
  }
  const cached = new CachedUpstream({
    table: 'aliases',
    upstream,
    clock,
    random: () => 0,
    deadlineMs: 5000,
    sideEffects: options.sideEffects ?? false,
    cache:
      options.cache === 'off'
        ? undefined
        : {
            store,
            policy: { ...policy, ...options.policy },
            hasCanary: false,
            lossGuard: options.lossGuard,
            upstreamIndex: options.upstreamIndex ?? 0,
          },
    observer: { ...silentObserver.table('aliases'), cacheLooked: (outcome) => looked.push(outcome) },
    onDefect: (error) => defects.push(error),
  })
  const ask = (key = 'bob@a.example', more: { bypass?: boolean; explanation?: Explanation } = {}) =>
    cached.ask(key, lookupFrom(clock, more))
  return { clock, store, service, asked, looked, defects, cached, ask }
}

/** A promise that a test settles. */
function later(): {
  promise: Promise<Answer>
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
} {
  let resolve: (answer: Answer) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<Answer>((one, two) => {
    resolve = one
    reject = two
  })
  return { promise, resolve, reject }
}

const source = (sourced: Sourced | Promise<Sourced>) =>
  sourced instanceof Promise ? 'promise' : `${sourced.source} ${sourced.result.kind}`

describe('a found answer', () => {
  const cases: [ageMs: number, expected: string, requests: number][] = [
    [59_999, 'cache found', 0],
    [60_000, 'stale found', 1],
    [89_999, 'stale found', 1],
    [90_000, 'stale found', 1],
    [60_000 + HOUR - 1, 'stale found', 1],
    [60_000 + HOUR, 'upstream temporary', 1],
  ]
  for (const [ageMs, expected, requests] of cases) {
    test(`aged ${ageMs} ms in an outage gives "${expected}" with ${requests} requests`, async () => {
      const { clock, service, asked, ask } = setUp()
      ask()
      service.answer = Promise.resolve(down)
      clock.advance(ageMs)
      assert.equal(source(await ask()), expected)
      assert.equal(asked.length - 1, requests)
    })
  }

  test('is answered without a promise while fresh and while it may be revalidated', () => {
    const { clock, service, ask, looked } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    assert.equal(source(ask()), 'cache found')
    clock.advance(60_000)
    assert.equal(source(ask()), 'stale found')
    assert.deepEqual(looked, ['miss', 'hit', 'stale'])
  })

  test('is refreshed once in the background when stale', async () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    clock.advance(60_000)
    ask()
    ask()
    assert.equal(asked.length, 2)
    assert.equal(asked[1]?.hasWaiters, false)
    await settle()
    assert.deepEqual(ask(), { result: found('v2'), source: 'cache' })
  })

  test('in its error-only window waits for the service first', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = Promise.resolve(yes('v2'))
    assert.deepEqual(await ask(), { result: found('v2'), source: 'upstream' })
  })

  const outages: [name: string, answer: Answer][] = [
    ['a refused connection', down],
    ['a refused credential', { ...down, result: permanent('refused', '403') }],
    ['an unreadable body', { ...down, result: temporary('unreadable', 'no JSON') }],
    ['a missing canary', { ...down, result: temporary('canary', 'canary') }],
    ['overload here', SHED],
  ]
  for (const [name, answer] of outages) {
    test(`is served stale during ${name}`, async () => {
      const { clock, service, ask } = setUp()
      ask()
      clock.advance(90_000)
      service.answer = answer
      assert.deepEqual(await ask(), { result: found('v1'), source: 'stale' })
    })
  }

  test('is served stale when the service does not answer by the deadline', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = later().promise
    const answer = ask()
    await clock.advanceAsync(5000)
    assert.deepEqual(await answer, { result: found('v1'), source: 'stale' })
  })

  for (const [answeredAfterMs, expected] of [
    [999, 'upstream found'],
    [1000, 'stale found'],
  ] as const) {
    test(`in its error-only window gives "${expected}" when the service takes ${answeredAfterMs} ms`, async () => {
      const { clock, service, ask } = setUp()
      ask()
      clock.advance(90_000)
      const slow = later()
      service.answer = slow.promise
      const answer = ask()
      await clock.advanceAsync(answeredAfterMs)
      slow.resolve(yes('v2'))
      assert.equal(source(await answer), expected)
      assert.deepEqual(await ask(), { result: found('v2'), source: 'cache' })
      assert.equal(clock.timers, 0)
    })
  }

  test('waits for no more than staleAfter in all: a second lookup waits for the rest of it', async () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = later().promise
    const first = ask()
    await clock.advanceAsync(600)
    const second = ask()
    await clock.advanceAsync(400)
    const explanation = new Explanation()
    const third = ask(undefined, { explanation })
    await clock.advanceAsync(0)
    for (const answer of [first, second, third]) assert.equal(source(await answer), 'stale found')
    assert.equal(asked.length, 2)
    assert.equal(explanation.steps.at(-1)?.step, 'stale')
  })

  test('that is purged while the service is slow is waited for until the deadline', async () => {
    const { clock, service, ask, store } = setUp()
    ask()
    clock.advance(90_000)
    const slow = later()
    service.answer = slow.promise
    const answer = ask()
    store.purge({ kind: 'all' })
    await clock.advanceAsync(4999)
    slow.resolve(yes('v2'))
    assert.deepEqual(await answer, { result: found('v2'), source: 'upstream' })
  })

  test('gives way to a "not found" of the service', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = no
    assert.equal(source(await ask()), 'upstream notfound')
    service.answer = down
    assert.equal(source(await ask()), 'cache notfound')
    clock.advance(10_000)
    assert.equal(source(await ask()), 'upstream temporary')
  })

  test('that must not be stored ends the one before it', async () => {
    const { clock, service, ask, store } = setUp({ policy: { honorCacheControl: true } })
    ask()
    clock.advance(90_000)
    service.answer = yes('v2', { caching: { cacheControl: 'no-store' } })
    assert.equal(source(await ask()), 'upstream found')
    assert.equal(store.size, 0)
  })
})

describe('a "not found"', () => {
  for (const [ageMs, expected] of [
    [9_999, 'cache notfound'],
    [10_000, 'upstream temporary'],
  ] as const) {
    test(`aged ${ageMs} ms in an outage gives "${expected}"`, async () => {
      const { clock, service, ask } = setUp()
      service.answer = no
      ask()
      service.answer = down
      clock.advance(ageMs)
      assert.equal(source(await ask()), expected)
    })
  }

  test('for a mailbox created right after is over when negativeTtl is', () => {
    const { clock, service, ask } = setUp()
    service.answer = no
    ask()
    service.answer = yes('created')
    clock.advance(10_000)
    assert.deepEqual(ask(), { result: found('created'), source: 'upstream' })
  })

  for (const [ageMs, requests] of [
    [4999, 0],
    [5000, 1],
  ] as const) {
    test(`aged ${ageMs} ms costs ${requests} requests after negativeTtl was shortened to 5 s`, () => {
      const before = setUp()
      before.service.answer = no
      before.ask()
      const { clock, store } = before
      const after = setUp({ clock, store, policy: { negativeTtlMs: 5000 } })
      clock.advance(ageMs)
      after.ask()
      assert.equal(after.asked.length, requests)
    })
  }

  test('is not used while the canary is missing', () => {
    let sane = true
    const { service, ask, looked } = setUp({ believes: () => sane })
    service.answer = no
    ask()
    assert.equal(source(ask()), 'cache notfound')
    sane = false
    service.answer = { ...down, result: temporary('canary', 'canary') }
    assert.equal(source(ask()), 'upstream temporary')
    assert.deepEqual(looked, ['miss', 'negative_hit', 'miss'])
  })

  test('is never answered unless the service said so within negativeTtl, for any history', async () => {
    const step = fc.record({
      advance: fc.nat(40_000),
      wall: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
      answer: fc.constantFrom(yes('v'), no, down, SHED),
      purge: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { clock, service, ask, store } = setUp()
        let saidNoAt = Number.NEGATIVE_INFINITY
        let served = 0
        service.answer = () => {
          served++
          if (current.result.kind === 'notfound') saidNoAt = clock.monotonicMs()
          return current
        }
        let current: Answer = down
        for (const { advance, wall, answer, purge } of steps) {
          clock.advance(advance)
          clock.stepWall(wall)
          if (purge) store.purge({ kind: 'all' })
          current = answer
          const { result } = await ask()
          if (result.kind === 'notfound') assert.ok(clock.monotonicMs() - saidNoAt < policy.negativeTtlMs)
        }
        assert.ok(served <= steps.length * 2)
      }),
    )
  })
})

describe('both clocks', () => {
  test('a suspend ages an answer although the monotonic clock stood still', async () => {
    const { clock, service, ask } = setUp()
    ask()
    service.answer = down
    clock.stepWall(60_000 + HOUR)
    assert.equal(source(await ask()), 'upstream temporary')
  })

  test('a wall clock set back by an hour makes no answer live longer', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(-HOUR)
    assert.equal(source(ask()), 'cache found')
    service.answer = down
    clock.advance(60_000 + HOUR)
    assert.equal(source(await ask()), 'upstream temporary')
  })

  test('a wall clock set forward by an hour makes an answer old and the next one right', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(HOUR)
    service.answer = Promise.resolve(yes('v2'))
    assert.deepEqual(await ask(), { result: found('v2'), source: 'upstream' })
    assert.equal(source(ask()), 'cache found')
  })

  test('a failure is forgotten after a second of monotonic time, whatever the wall clock does', () => {
    const { clock, service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    clock.stepWall(-HOUR)
    clock.advance(1000)
    assert.equal(source(ask()), 'upstream found')
  })
})

describe('the memory of failure', () => {
  for (const [ageMs, requests] of [
    [999, 1],
    [1000, 2],
  ] as const) {
    test(`a key that failed ${ageMs} ms ago costs ${requests} requests in all`, () => {
      const { clock, service, asked, ask } = setUp()
      service.answer = down
      ask()
      clock.advance(ageMs)
      assert.equal(source(ask()).split(' ')[1], 'temporary')
      assert.equal(asked.length, requests)
    })
  }

  test('keeps a stale answer from being refreshed and is served at once', () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = down
    ask()
    assert.equal(source(ask()), 'stale found')
    assert.equal(asked.length, 2)
  })

  test('does not remember a lookup that was shed, nor a defect', () => {
    const { service, asked, ask } = setUp()
    service.answer = SHED
    ask()
    service.answer = () => {
      throw new Error('bug')
    }
    ask()
    service.answer = yes('v')
    assert.equal(source(ask()), 'upstream found')
    assert.equal(asked.length, 3)
  })

  test('does not hold off a bypass', () => {
    const { service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    assert.deepEqual(ask(undefined, { bypass: true }), { result: found('v2'), source: 'upstream' })
  })
})

describe('coalescing', () => {
  test('1,000 lookups of one key at once make one request', async () => {
    const { service, asked, looked, ask, cached } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answers = Array.from({ length: 1000 }, () => ask())
    assert.equal(cached.pending, 1)
    flight.resolve(yes('v'))
    for (const answer of await Promise.all(answers))
      assert.deepEqual(answer, { result: found('v'), source: 'upstream' })
    assert.equal(asked.length, 1)
    assert.equal(looked.filter((outcome) => outcome === 'coalesced').length, 999)
    assert.equal(cached.pending, 0)
  })

  test('one that gives up does not cancel the others, and the answer is stored', async () => {
    const { clock, service, cached, asked } = setUp()
    const flight = later()
    service.answer = flight.promise
    const impatient = cached.ask('k', lookupFrom(clock, { withinMs: 100 }))
    const patient = cached.ask('k', lookupFrom(clock, { withinMs: 3000 }))
    let abandoned = 0
    asked[0]?.onAbandoned(() => abandoned++)
    await clock.advanceAsync(100)
    assert.equal(source(await impatient), 'upstream temporary')
    assert.equal(asked[0]?.hasWaiters, true)
    flight.resolve(yes('v'))
    assert.equal(source(await patient), 'upstream found')
    assert.equal(abandoned, 0)
    assert.equal(clock.timers, 0)
  })

  test('a request nobody waits for any more becomes a background one and is stored', async () => {
    const { clock, service, cached, asked } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answer = cached.ask('k', lookupFrom(clock, { withinMs: 100 }))
    assert.equal(asked[0]?.hasWaiters, true)
    let abandoned = 0
    asked[0]?.onAbandoned(() => abandoned++)
    await clock.advanceAsync(100)
    await answer
    assert.equal(asked[0]?.hasWaiters, false)
    assert.equal(asked[0]?.deadlineMs, clock.monotonicMs() - 100 + 5000)
    assert.equal(abandoned, 1)
    flight.resolve(yes('v'))
    await settle()
    assert.equal(source(cached.ask('k', lookupFrom(clock))), 'cache found')
  })

  test('stays with the cache off, where nothing is stored', async () => {
    const { service, asked, ask, store, looked } = setUp({ cache: 'off' })
    const flight = later()
    service.answer = flight.promise
    const both = [ask(), ask()]
    flight.resolve(yes('v'))
    await Promise.all(both)
    assert.equal(asked.length, 1)
    service.answer = down
    ask()
    ask()
    assert.equal(asked.length, 3)
    assert.equal(store.size, 0)
    assert.deepEqual(looked, ['bypass', 'coalesced', 'bypass', 'bypass'])
  })

  test('tells each explanation what came of it', async () => {
    const { service, cached, clock } = setUp()
    const flight = later()
    service.answer = flight.promise
    const first = cached.ask('k', lookupFrom(clock, { withinMs: 5000 }))
    const explanations = [new Explanation(), new Explanation()]
    const [joined, late] = explanations.map((explanation, at) =>
      cached.ask('k', lookupFrom(clock, { withinMs: at === 0 ? 5000 : 10, explanation })),
    )
    await clock.advanceAsync(10)
    flight.resolve(yes('v'))
    await Promise.all([first, joined, late])
    assert.deepEqual(
      explanations.map(({ steps }) => steps.find(({ step }) => step === 'coalesced')),
      [
        { step: 'coalesced', key: 'k', upstream: 'directory', result: found('v') },
        {
          step: 'coalesced',
          key: 'k',
          upstream: 'directory',
          result: temporaryFor(CORE_REASONS.deadlinePassed),
        },
      ],
    )
  })

  test('does not happen where lookups have side effects, nor is anything stored', async () => {
    const { service, asked, ask, store } = setUp({ sideEffects: true })
    const flight = later()
    service.answer = flight.promise
    const both = [ask(), ask()]
    flight.resolve(yes('v'))
    await Promise.all(both)
    assert.equal(asked.length, 2)
    assert.equal(store.size, 0)
  })
})

describe('a purge', () => {
  for (const scope of [
    { kind: 'all' },
    { kind: 'key', key: 'bob@a.example' },
    { kind: 'domain', domain: 'A.example' },
  ] as const) {
    test(`by ${scope.kind} keeps an answer asked for before it from coming back`, async () => {
      const { service, asked, ask, store } = setUp()
      const before = later()
      service.answer = before.promise
      const first = ask()
      store.purge(scope)
      const after = later()
      service.answer = after.promise
      const second = ask()
      assert.equal(asked.length, 2)
      after.resolve(yes('new'))
      assert.deepEqual((await second).result, found('new'))
      before.resolve(yes('old'))
      await first
      assert.deepEqual(ask(), { result: found('new'), source: 'cache' })
    })
  }

  test('keeps a stale answer from being served by a lookup that was waiting', async () => {
    for (const purged of ['bob@a.example', 'eve@a.example']) {
      const { clock, service, ask, store } = setUp()
      ask()
      clock.advance(90_000)
      const flight = later()
      service.answer = flight.promise
      const waiting = [ask(), ask()]
      store.purge({ kind: 'key', key: purged })
      flight.resolve(down)
      const expected = purged === 'bob@a.example' ? 'upstream temporary' : 'stale found'
      for (const { result, source } of await Promise.all(waiting))
        assert.equal(`${source} ${result.kind}`, expected)
    }
  })

  test('leaves the request that followed it shared when the one before it ends', async () => {
    const { service, asked, ask, store } = setUp()
    const before = later()
    service.answer = before.promise
    const first = ask()
    store.purge({ kind: 'all' })
    const after = later()
    service.answer = after.promise
    const second = ask()
    before.resolve(yes('old'))
    await first
    const third = ask()
    after.resolve(yes('new'))
    assert.deepEqual([(await second).result, (await third).result], [found('new'), found('new')])
    assert.equal(asked.length, 2)
  })

  test('of another key leaves a request under way shared', async () => {
    const { service, asked, ask, store } = setUp()
    const flight = later()
    service.answer = flight.promise
    const first = ask()
    store.purge({ kind: 'key', key: 'eve@a.example' })
    const second = ask()
    flight.resolve(yes('v'))
    await Promise.all([first, second])
    assert.equal(asked.length, 1)
    assert.equal(store.size, 1)
  })
})

describe('conditional requests', () => {
  const validators = { etag: '"1"', lastModified: undefined }

  test('send the validators of a stale answer, and a 304 renews it', async () => {
    const { clock, service, asked, ask } = setUp()
    service.answer = yes('v', { validators: { etag: '"1"' } })
    ask()
    clock.advance(90_000)
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    assert.deepEqual(await ask(), { result: found('v'), source: 'upstream' })
    assert.deepEqual(asked[1]?.validators, validators)
    clock.advance(59_999)
    assert.equal(source(ask()), 'cache found')
  })

  test('a 304 without freshness fields keeps the windows of the stored answer', async () => {
    const { clock, service, ask } = setUp({ policy: { honorCacheControl: true, staleWhileRevalidateMs: 0 } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'max-age=5' } })
    ask()
    clock.advance(5000)
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    await ask()
    clock.advance(4999)
    assert.equal(source(ask()), 'cache found')
    clock.advance(1)
    assert.equal(source(await ask()), 'upstream found')
  })

  test('an answer with no-cache is asked for conditionally and never used in an outage', async () => {
    const { service, asked, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    assert.equal(source(await ask()), 'upstream found')
    assert.deepEqual(asked[1]?.validators, validators)
  })

  test('an answer with no-cache is not served when the service is down', async () => {
    const { service, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = down
    assert.equal(source(await ask()), 'upstream temporary')
  })

  test('a 304 to a question without validators is temporary, not an answer', () => {
    const { service, ask } = setUp()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    const answer = ask()
    assert.equal(source(answer), 'upstream temporary')
  })

  test('a "not found" is asked anew, never conditionally', () => {
    const { clock, service, asked, ask } = setUp()
    service.answer = { ...no, validators }
    ask()
    clock.advance(10_000)
    ask()
    assert.equal(asked[1]?.validators, undefined)
  })
})

describe('several upstreams of one table', () => {
  test('share the store without sharing answers, and a purge takes both', async () => {
    const one = setUp()
    const two = setUp({ store: one.store, clock: one.clock, upstreamIndex: 1 })
    two.service.answer = yes('second')
    one.ask()
    two.ask()
    assert.deepEqual(one.ask(), { result: found('v1'), source: 'cache' })
    assert.deepEqual(two.ask(), { result: found('second'), source: 'cache' })
    assert.equal(one.store.purge({ kind: 'key', key: 'bob@a.example' }), 2)
    one.ask()
    two.ask()
    assert.equal(one.store.purge({ kind: 'domain', domain: 'a.example' }), 2)
  })
})

describe('a defect', () => {
  test('of an upstream that rejects is reported, answered as temporary and not kept', async () => {
    const { service, ask, defects } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answer = ask()
    flight.reject(new Error('bug'))
    assert.equal((await answer).result.kind, 'temporary')
    assert.equal(defects.length, 1)
    service.answer = yes('v')
    assert.equal(source(ask()), 'upstream found')
  })
})

describe('the explanation', () => {
  test('tells age and freshness of a hit, and why a stale answer was served', async () => {
    const { clock, service, ask } = setUp()
    const miss = new Explanation()
    ask(undefined, { explanation: miss })
    assert.deepEqual(
      miss.steps.map((step) => step.step),
      ['cache'],
    )
    clock.advance(1234)
    const hit = new Explanation()
    ask(undefined, { explanation: hit })
    assert.deepEqual(hit.steps, [
      {
        step: 'cache',
        key: 'bob@a.example',
        upstream: 'directory',
        outcome: 'hit',
        ageMs: 1234,
        freshnessLifetimeMs: 60_000,
        result: found('v1'),
      },
    ])
    clock.advance(90_000)
    service.answer = down
    const stale = new Explanation()
    await ask(undefined, { explanation: stale })
    assert.deepEqual(stale.steps.at(-1), {
      step: 'stale',
      key: 'bob@a.example',
      upstream: 'directory',
      why: 'connection refused',
    })
  })

  test('begins when a lookup leaves the cached path, if nobody asked for one', () => {
    const { cached, clock } = setUp()
    const miss = lookupFrom(clock)
    cached.ask('k', miss)
    assert.equal(miss.explanation?.steps.length, 1)
    const hit = lookupFrom(clock)
    cached.ask('k', hit)
    assert.equal(hit.explanation, undefined)
  })
})

describe('a service that lost many keys', () => {
  test('is not believed when it says "not found": what was found before goes on being served', async () => {
    const lossGuard = new LossGuard(() => {})
    const { clock, service, ask } = setUp({ lossGuard })
    const keys = Array.from({ length: 30 }, (_, index) => `user${index}@a.example`)
    for (const key of keys) ask(key)
    clock.advance(90_000)
    service.answer = no
    const answers = await Promise.all(keys.map((key) => ask(key)))
    assert.deepEqual(
      answers.map(({ result }) => result.kind),
      [...new Array(19).fill('notfound'), ...new Array(11).fill('found')],
    )
    assert.equal(source(await ask('stranger@a.example')), 'upstream notfound')
    lossGuard.confirm(clock.monotonicMs())
    clock.advance(1000)
    assert.equal(source(await ask('user29@a.example')), 'upstream notfound')
  })
})
