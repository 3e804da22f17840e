import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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
      expect(source(await ask())).toBe(expected)
      expect(asked.length - 1).toBe(requests)
    })
  }

  test('is answered without a promise while fresh and while it may be revalidated', () => {
    const { clock, service, ask, looked } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    expect(source(ask())).toBe('cache found')
    clock.advance(60_000)
    expect(source(ask())).toBe('stale found')
    expect(looked).toStrictEqual(['miss', 'hit', 'stale'])
  })

  test('is refreshed once in the background when stale', async () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    clock.advance(60_000)
    ask()
    ask()
    expect(asked.length).toBe(2)
    expect(asked[1]?.hasWaiters).toBe(false)
    await settle()
    expect(ask()).toStrictEqual({ result: found('v2'), source: 'cache' })
  })

  test('in its error-only window waits for the service first', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = Promise.resolve(yes('v2'))
    expect(await ask()).toStrictEqual({ result: found('v2'), source: 'upstream' })
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
      expect(await ask()).toStrictEqual({ result: found('v1'), source: 'stale' })
    })
  }

  test('is served stale when the service does not answer by the deadline', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = later().promise
    const answer = ask()
    await clock.advanceAsync(5000)
    expect(await answer).toStrictEqual({ result: found('v1'), source: 'stale' })
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
      expect(source(await answer)).toBe(expected)
      expect(await ask()).toStrictEqual({ result: found('v2'), source: 'cache' })
      expect(clock.timers).toBe(0)
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
    for (const answer of [first, second, third]) expect(source(await answer)).toBe('stale found')
    expect(asked.length).toBe(2)
    expect(explanation.steps.at(-1)?.step).toBe('stale')
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
    expect(await answer).toStrictEqual({ result: found('v2'), source: 'upstream' })
  })

  test('gives way to a "not found" of the service', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = no
    expect(source(await ask())).toBe('upstream notfound')
    service.answer = down
    expect(source(await ask())).toBe('cache notfound')
    clock.advance(10_000)
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('that must not be stored ends the one before it', async () => {
    const { clock, service, ask, store } = setUp({ policy: { honorCacheControl: true } })
    ask()
    clock.advance(90_000)
    service.answer = yes('v2', { caching: { cacheControl: 'no-store' } })
    expect(source(await ask())).toBe('upstream found')
    expect(store.size).toBe(0)
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
      expect(source(await ask())).toBe(expected)
    })
  }

  test('for a mailbox created right after is over when negativeTtl is', () => {
    const { clock, service, ask } = setUp()
    service.answer = no
    ask()
    service.answer = yes('created')
    clock.advance(10_000)
    expect(ask()).toStrictEqual({ result: found('created'), source: 'upstream' })
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
      expect(after.asked.length).toBe(requests)
    })
  }

  test('is not used while the canary is missing', () => {
    let sane = true
    const { service, ask, looked } = setUp({ believes: () => sane })
    service.answer = no
    ask()
    expect(source(ask())).toBe('cache notfound')
    sane = false
    service.answer = { ...down, result: temporary('canary', 'canary') }
    expect(source(ask())).toBe('upstream temporary')
    expect(looked).toStrictEqual(['miss', 'negative_hit', 'miss'])
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
          if (result.kind === 'notfound')
            expect(clock.monotonicMs() - saidNoAt).toBeLessThan(policy.negativeTtlMs)
        }
        expect(served).toBeLessThanOrEqual(steps.length * 2)
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
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a wall clock set back by an hour makes no answer live longer', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(-HOUR)
    expect(source(ask())).toBe('cache found')
    service.answer = down
    clock.advance(60_000 + HOUR)
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a wall clock set forward by an hour makes an answer old and the next one right', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(HOUR)
    service.answer = Promise.resolve(yes('v2'))
    expect(await ask()).toStrictEqual({ result: found('v2'), source: 'upstream' })
    expect(source(ask())).toBe('cache found')
  })

  test('a failure is forgotten after a second of monotonic time, whatever the wall clock does', () => {
    const { clock, service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    clock.stepWall(-HOUR)
    clock.advance(1000)
    expect(source(ask())).toBe('upstream found')
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
      expect(source(ask()).split(' ')[1]).toBe('temporary')
      expect(asked.length).toBe(requests)
    })
  }

  test('keeps a stale answer from being refreshed and is served at once', () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = down
    ask()
    expect(source(ask())).toBe('stale found')
    expect(asked.length).toBe(2)
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
    expect(source(ask())).toBe('upstream found')
    expect(asked.length).toBe(3)
  })

  test('does not hold off a bypass', () => {
    const { service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    expect(ask(undefined, { bypass: true })).toStrictEqual({ result: found('v2'), source: 'upstream' })
  })
})

describe('coalescing', () => {
  test('1,000 lookups of one key at once make one request', async () => {
    const { service, asked, looked, ask, cached } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answers = Array.from({ length: 1000 }, () => ask())
    expect(cached.pending).toBe(1)
    flight.resolve(yes('v'))
    for (const answer of await Promise.all(answers))
      expect(answer).toStrictEqual({ result: found('v'), source: 'upstream' })
    expect(asked.length).toBe(1)
    expect(looked.filter((outcome) => outcome === 'coalesced').length).toBe(999)
    expect(cached.pending).toBe(0)
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
    expect(source(await impatient)).toBe('upstream temporary')
    expect(asked[0]?.hasWaiters).toBe(true)
    flight.resolve(yes('v'))
    expect(source(await patient)).toBe('upstream found')
    expect(abandoned).toBe(0)
    expect(clock.timers).toBe(0)
  })

  test('a request nobody waits for any more becomes a background one and is stored', async () => {
    const { clock, service, cached, asked } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answer = cached.ask('k', lookupFrom(clock, { withinMs: 100 }))
    expect(asked[0]?.hasWaiters).toBe(true)
    let abandoned = 0
    asked[0]?.onAbandoned(() => abandoned++)
    await clock.advanceAsync(100)
    await answer
    expect(asked[0]?.hasWaiters).toBe(false)
    expect(asked[0]?.deadlineMs).toBe(clock.monotonicMs() - 100 + 5000)
    expect(abandoned).toBe(1)
    flight.resolve(yes('v'))
    await settle()
    expect(source(cached.ask('k', lookupFrom(clock)))).toBe('cache found')
  })

  test('stays with the cache off, where nothing is stored', async () => {
    const { service, asked, ask, store, looked } = setUp({ cache: 'off' })
    const flight = later()
    service.answer = flight.promise
    const both = [ask(), ask()]
    flight.resolve(yes('v'))
    await Promise.all(both)
    expect(asked.length).toBe(1)
    service.answer = down
    ask()
    ask()
    expect(asked.length).toBe(3)
    expect(store.size).toBe(0)
    expect(looked).toStrictEqual(['bypass', 'coalesced', 'bypass', 'bypass'])
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
    expect(explanations.map(({ steps }) => steps.find(({ step }) => step === 'coalesced'))).toStrictEqual([
      { step: 'coalesced', key: 'k', upstream: 'directory', result: found('v') },
      {
        step: 'coalesced',
        key: 'k',
        upstream: 'directory',
        result: temporaryFor(CORE_REASONS.deadlinePassed),
      },
    ])
  })

  test('does not happen where lookups have side effects, nor is anything stored', async () => {
    const { service, asked, ask, store } = setUp({ sideEffects: true })
    const flight = later()
    service.answer = flight.promise
    const both = [ask(), ask()]
    flight.resolve(yes('v'))
    await Promise.all(both)
    expect(asked.length).toBe(2)
    expect(store.size).toBe(0)
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
      expect(asked.length).toBe(2)
      after.resolve(yes('new'))
      expect((await second).result).toStrictEqual(found('new'))
      before.resolve(yes('old'))
      await first
      expect(ask()).toStrictEqual({ result: found('new'), source: 'cache' })
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
        expect(`${source} ${result.kind}`).toBe(expected)
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
    expect([(await second).result, (await third).result]).toStrictEqual([found('new'), found('new')])
    expect(asked.length).toBe(2)
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
    expect(asked.length).toBe(1)
    expect(store.size).toBe(1)
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
    expect(await ask()).toStrictEqual({ result: found('v'), source: 'upstream' })
    expect(asked[1]?.validators).toStrictEqual(validators)
    clock.advance(59_999)
    expect(source(ask())).toBe('cache found')
  })

  test('a 304 without freshness fields keeps the windows of the stored answer', async () => {
    const { clock, service, ask } = setUp({ policy: { honorCacheControl: true, staleWhileRevalidateMs: 0 } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'max-age=5' } })
    ask()
    clock.advance(5000)
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    await ask()
    clock.advance(4999)
    expect(source(ask())).toBe('cache found')
    clock.advance(1)
    expect(source(await ask())).toBe('upstream found')
  })

  test('an answer with no-cache is asked for conditionally and never used in an outage', async () => {
    const { service, asked, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    expect(source(await ask())).toBe('upstream found')
    expect(asked[1]?.validators).toStrictEqual(validators)
  })

  test('an answer with no-cache is not served when the service is down', async () => {
    const { service, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = down
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a 304 to a question without validators is temporary, not an answer', () => {
    const { service, ask } = setUp()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    const answer = ask()
    expect(source(answer)).toBe('upstream temporary')
  })

  test('a "not found" is asked anew, never conditionally', () => {
    const { clock, service, asked, ask } = setUp()
    service.answer = { ...no, validators }
    ask()
    clock.advance(10_000)
    ask()
    expect(asked[1]?.validators).toBeUndefined()
  })
})

describe('several upstreams of one table', () => {
  test('share the store without sharing answers, and a purge takes both', async () => {
    const one = setUp()
    const two = setUp({ store: one.store, clock: one.clock, upstreamIndex: 1 })
    two.service.answer = yes('second')
    one.ask()
    two.ask()
    expect(one.ask()).toStrictEqual({ result: found('v1'), source: 'cache' })
    expect(two.ask()).toStrictEqual({ result: found('second'), source: 'cache' })
    expect(one.store.purge({ kind: 'key', key: 'bob@a.example' })).toBe(2)
    one.ask()
    two.ask()
    expect(one.store.purge({ kind: 'domain', domain: 'a.example' })).toBe(2)
  })
})

describe('a defect', () => {
  test('of an upstream that rejects is reported, answered as temporary and not kept', async () => {
    const { service, ask, defects } = setUp()
    const flight = later()
    service.answer = flight.promise
    const answer = ask()
    flight.reject(new Error('bug'))
    expect((await answer).result.kind).toBe('temporary')
    expect(defects.length).toBe(1)
    service.answer = yes('v')
    expect(source(ask())).toBe('upstream found')
  })
})

describe('the explanation', () => {
  test('tells age and freshness of a hit, and why a stale answer was served', async () => {
    const { clock, service, ask } = setUp()
    const miss = new Explanation()
    ask(undefined, { explanation: miss })
    expect(miss.steps.map((step) => step.step)).toStrictEqual(['cache'])
    clock.advance(1234)
    const hit = new Explanation()
    ask(undefined, { explanation: hit })
    expect(hit.steps).toStrictEqual([
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
    expect(stale.steps.at(-1)).toStrictEqual({
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
    expect(miss.explanation?.steps.length).toBe(1)
    const hit = lookupFrom(clock)
    cached.ask('k', hit)
    expect(hit.explanation).toBeUndefined()
  })
})

describe('a service that lost many keys', () => {
  test('is not believed when it says "not found": what was found before goes on being served', async () => {
    const lossGuard = new LossGuard(new ManualClock(), () => {})
    const { clock, service, ask } = setUp({ lossGuard })
    const keys = Array.from({ length: 30 }, (_, index) => `user${index}@a.example`)
    for (const key of keys) ask(key)
    clock.advance(90_000)
    service.answer = no
    const answers = await Promise.all(keys.map((key) => ask(key)))
    expect(answers.map(({ result }) => result.kind)).toStrictEqual(new Array(30).fill('found'))
    expect(source(await ask('stranger@a.example'))).toBe('upstream notfound')
    lossGuard.confirm(clock.monotonicMs())
    clock.advance(1000)
    expect(source(await ask('user29@a.example'))).toBe('upstream notfound')
  })
})
