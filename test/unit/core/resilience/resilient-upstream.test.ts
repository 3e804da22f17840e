import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { Explanation } from '../../../../src/core/explain.ts'
import type { UpstreamStateSettings } from '../../../../src/core/resilience/upstream-state.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  type Script,
  says,
  saysNotFound,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'

const HOUR = 3_600_000

describe('a question whose key lacks a part', () => {
  test('is explained as not asked, and counts for nothing', async () => {
    const nothingSent = saysNotFound({ status: undefined, evidence: 'none', suppressed: 'no domain' })
    const { ask, events } = setUp([at(nothingSent)])
    const explanation = new Explanation()
    const answer = await ask('k', { explanation })
    assert.deepEqual([answer.result.kind, answer.storable], ['notfound', false])
    assert.deepEqual(explanation.steps, [
      { step: 'suppressed', key: 'k', upstream: 'directory', why: 'no domain' },
    ])
    assert.deepEqual(events, [])
  })
})

describe('attempts', () => {
  test('one good reply is one request', async () => {
    const { ask, endpoints, events } = setUp([at(says('v')), at(says('w'))])
    const answer = await ask()
    assert.deepEqual([kindOf(answer), answer.endpoint, answer.storable], ['found', 0, true])
    assert.deepEqual(sentTo(endpoints), [1, 0])
    assert.deepEqual(events, ['0 found 0'])
  })

  test('a refused connection fails over at once, which is no retry', async () => {
    const { ask, endpoints, events } = setUp([at(refuses()), at(says('v'))], { settings: { attempts: 1 } })
    assert.equal((await ask()).endpoint, 1)
    assert.deepEqual(sentTo(endpoints), [1, 1])
    assert.deepEqual(events, ['0 connect 0', '1 found 0'])
  })

  test('all connections refused are tried once each, then once again as a retry', async () => {
    const { ask, endpoints, events } = setUp([at(refuses()), at(refuses())])
    assert.equal(kindOf(await ask()), 'temporary connect')
    assert.deepEqual(sentTo(endpoints), [2, 1])
    assert.equal(events.filter((event) => event === 'retried').length, 1)
  })

  test('a 503 is tried again elsewhere, as a retry', async () => {
    const { ask, events } = setUp([at(fails(503)), at(says('v'))])
    assert.equal(kindOf(await ask()), 'found')
    assert.deepEqual(events, ['0 temporary 0', 'retried', '1 found 0'])
  })

  test('are as many as set and no more', async () => {
    const { ask, endpoints } = setUp([at(fails(500))], { settings: { attempts: 3 } })
    assert.equal(kindOf(await ask()), 'temporary status')
    assert.deepEqual(sentTo(endpoints), [3])
  })

  test('a refused credential is tried at another endpoint and then permanent', async () => {
    const both = setUp([at(forbids()), at(forbids())])
    assert.equal(kindOf(await both.ask()), 'permanent refused')
    assert.deepEqual(sentTo(both.endpoints), [1, 1])
    const one = setUp([at(forbids())])
    assert.equal(kindOf(await one.ask()), 'permanent refused')
    assert.deepEqual(sentTo(one.endpoints), [1])
  })

  test('a refused credential costs no retry: every lookup is answered by the other endpoint', async () => {
    const { upstream, question, endpoints, events } = setUp([at(forbids()), at(says('v'))])
    for (let count = 0; count < 30; count++) {
      assert.equal(kindOf(await upstream.ask(question(`k${count}`))), 'found')
    }
    assert.deepEqual(sentTo(endpoints), [30, 30])
    assert.equal(events.includes('retried'), false)
  })

  test('a refused credential is not tried elsewhere beyond the attempts', async () => {
    const { ask, endpoints } = setUp([at(forbids()), at(says('v'))], { settings: { attempts: 1 } })
    assert.equal(kindOf(await ask()), 'permanent refused')
    assert.deepEqual(sentTo(endpoints), [1, 0])
  })

  test('a refused credential here and a failure there is temporary: the other might know', async () => {
    const first = setUp([at(forbids()), at(fails(500))])
    assert.equal(kindOf(await first.ask()), 'temporary status')
    const second = setUp([at(fails(500)), at(forbids())])
    assert.equal(kindOf(await second.ask()), 'temporary status')
  })

  test('no retry begins that the deadline does not allow', async () => {
    const { ask, endpoints, clock } = setUp([at(fails(500), 90)])
    const answer = await ask('k', { deadlineMs: clock.monotonicMs() + 94 })
    assert.equal(kindOf(answer), 'temporary status')
    assert.deepEqual(sentTo(endpoints), [1])
  })

  test('each attempt gets the time limit, the last one only what is left', async () => {
    const { ask, endpoints, clock } = setUp([silent])
    const started = clock.monotonicMs()
    assert.equal(kindOf(await ask('k', { deadlineMs: started + 3000 })), 'temporary timeout')
    assert.deepEqual(
      endpoints[0]?.options.map(({ timeoutMs }) => timeoutMs),
      [2000, 1000],
    )
  })

  test('with side effects nothing is sent twice, but a refused connection fails over', async () => {
    const failing = setUp([at(fails(500)), at(says('v'))], {
      sideEffects: true,
      settings: { hedgeAfterMs: 1 },
    })
    assert.equal(kindOf(await failing.ask()), 'temporary status')
    assert.deepEqual(sentTo(failing.endpoints), [1, 0])
    const refusing = setUp([at(refuses()), at(says('v'))], { sideEffects: true })
    assert.equal(kindOf(await refusing.ask()), 'found')
  })

  test('a suppressed question is not found, not stored and not counted as a request', async () => {
    const { ask, events } = setUp([at(saysNotFound({ suppressed: 'no domain', status: undefined }))], {
      canary: { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 },
    })
    const answer = await ask()
    assert.deepEqual(
      [kindOf(answer), answer.storable, answer.source, events],
      ['notfound', false, 'filtered', []],
    )
  })

  test('validators go with every attempt and a 304 comes back', async () => {
    const { ask, endpoints, events } = setUp([
      at({ ...says(''), result: { kind: 'notmodified' }, status: 304 }),
    ])
    const answer = await ask('k', { validators: { etag: '"1"' } })
    assert.equal(answer.result.kind, 'notmodified')
    assert.deepEqual(endpoints[0]?.options[0]?.validators, { etag: '"1"' })
    assert.deepEqual(events, ['0 notmodified 0'])
  })

  test('every attempt stands in the explanation', async () => {
    const { ask } = setUp([at(fails(500), 50), at(says('v'))])
    const explanation = new Explanation()
    await ask('k', { explanation })
    assert.deepEqual(
      explanation.steps.map(
        (step) => step.step === 'request' && [step.endpoint, step.attempt, step.status, step.durationMs],
      ),
      [
        ['0', 'first', 500, 50],
        ['1', 'failover', 200, 0],
      ],
    )
  })

  test('an endpoint that throws is a defect: reported, temporary, its place given back', async () => {
    const { ask, defects, state } = setUp([
      () => {
        throw new Error('bug')
      },
    ])
    assert.equal(kindOf(await ask()), 'temporary defect')
    assert.deepEqual([defects.length, state.limiter.inFlight], [1, 0])
  })
})

describe('the retry budget', () => {
  test('holds under a total outage: 1,000 questions make at most a tenth more requests', async () => {
    const { endpoints, upstream, question, clock, events } = setUp([at(fails(500)), at(fails(500))], {
      settings: { circuitBreaker: { failures: 1_000_000, openForMs: 10_000 }, attempts: 5 },
    })
    for (let count = 0; count < 1000; count++) {
      const answer = upstream.ask(question(`k${count}`))
      await clock.advanceAsync(1)
      await answer
    }
    const requests = endpoints.reduce((sum, { sent }) => sum + sent.length, 0)
    assert.equal(requests, 1000 + events.filter((event) => event === 'retried').length)
    assert.ok(requests > 1000 && requests <= 1100, `${requests} requests`)
  })
})

describe('hedging', () => {
  const hedged = (
    scripts: ((key: string, count: number) => Script)[],
    settings: Partial<UpstreamStateSettings> = {},
  ) => setUp(scripts, { settings: { hedgeAfterMs: 100, ...settings } })

  test('asks another endpoint when the first is slow, takes its answer and aborts the first', async () => {
    const { upstream, question, endpoints, events, clock } = hedged([silent, at(says('v'), 30)])
    const answer = upstream.ask(question())
    await clock.advanceAsync(99)
    assert.deepEqual(sentTo(endpoints), [1, 0])
    await clock.advanceAsync(31)
    assert.equal((await answer).endpoint, 1)
    await settle()
    assert.equal(endpoints[0]?.aborted, 1)
    assert.deepEqual(events, ['hedged', '1 found 30', '0 cancelled 130'])
    clock.advance(250)
    assert.equal(clock.timers, 0)
  })

  test('the first one may still win', async () => {
    const { ask, endpoints, state } = hedged([at(says('v'), 150), silent])
    assert.equal((await ask()).endpoint, 0)
    await settle()
    assert.deepEqual([endpoints[1]?.aborted, state.limiter.inFlight], [1, 0])
  })

  test('a hedge that fails leaves the first to answer', async () => {
    const { ask } = hedged([at(says('v'), 500), at(fails(500))])
    assert.equal((await ask()).endpoint, 0)
  })

  test('a fast first answer makes no second request and leaves no timer', async () => {
    const { ask, endpoints, clock } = hedged([at(says('v'), 50), at(says('w'))])
    await ask()
    clock.advance(250)
    assert.deepEqual([sentTo(endpoints), clock.timers], [[1, 0], 0])
  })

  test('needs another endpoint, an attempt left, a place that is not the last, and budget', async () => {
    for (const settings of [{ attempts: 1 }, { maxConcurrent: 2 }]) {
      const { ask, endpoints } = hedged([at(says('v'), 500), at(says('w'))], settings)
      await ask()
      assert.deepEqual(sentTo(endpoints), [1, 0])
    }
    const alone = hedged([at(says('v'), 500)])
    await alone.ask()
    assert.deepEqual(sentTo(alone.endpoints), [1])
    const poor = hedged([at(says('v'), 500), at(says('w'))])
    while (poor.state.budget.take(poor.clock.monotonicMs()));
    await poor.ask()
    assert.deepEqual([sentTo(poor.endpoints), poor.state.limiter.inFlight], [[1, 0], 0])
  })
})

describe('places', () => {
  test('10,000 keys at once: never more than 64 at the service, the rest queued or shed, none late', async () => {
    const { upstream, question, endpoints, clock, state, events } = setUp([at(says('v'), 100)])
    const started = clock.monotonicMs()
    let late = 0
    const answers = Array.from({ length: 10_000 }, async (_, index) => {
      const answer = await upstream.ask(question(`k${index}`))
      if (clock.monotonicMs() - started > 5000) late++
      return kindOf(answer)
    })
    assert.deepEqual([state.status().inFlight, state.status().queued], [64, 1000])
    await clock.advanceAsync(6000)
    const kinds = await Promise.all(answers)
    assert.equal(endpoints[0]?.maxInFlight, 64)
    assert.equal(kinds.filter((kind) => kind === 'found').length, 1064)
    assert.equal(kinds.filter((kind) => kind === 'temporary overload').length, 10_000 - 1064)
    assert.deepEqual([late, events.filter((event) => event === 'shed').length], [0, 10_000 - 1064])
    assert.deepEqual([state.limiter.inFlight, state.limiter.queued, clock.timers], [0, 0, 0])
  })

  test('who waits in the queue until the deadline is told so then', async () => {
    const { upstream, question, clock } = setUp([silent], { settings: { maxConcurrent: 1, timeoutMs: 9000 } })
    const blocking = upstream.ask(question('slow', { deadlineMs: clock.monotonicMs() + 9000 }))
    const waiting = upstream.ask(question('k'))
    await clock.advanceAsync(5000)
    assert.equal(kindOf(await waiting), 'temporary overload')
    await clock.advanceAsync(4000)
    await blocking
  })

  test('a request nobody waits for is cancelled for a waiting lookup, and says so', async () => {
    const { upstream, question, endpoints, clock, events } = setUp([at(says('v'), 1000)], {
      settings: { maxConcurrent: 1 },
    })
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    const lookup = upstream.ask(question('new'))
    assert.equal(kindOf(await refresh), 'temporary overload')
    await clock.advanceAsync(1000)
    assert.equal(kindOf(await lookup), 'found')
    assert.equal(endpoints[0]?.maxInFlight, 1)
    assert.deepEqual(events, ['0 cancelled 0', '0 found 1000'])
  })

  test('a request is cancelled for a waiting lookup as soon as the last one who waited gave up', async () => {
    const { upstream, question, clock, endpoints } = setUp([at(says('v'), 1000)], {
      settings: { maxConcurrent: 1 },
    })
    let hasWaiters = true
    let abandon: () => void = () => {}
    const left = upstream.ask({
      ...question('left'),
      get hasWaiters() {
        return hasWaiters
      },
      onAbandoned: (listener) => {
        abandon = listener
      },
    })
    const lookup = upstream.ask(question('new'))
    await clock.advanceAsync(10)
    assert.deepEqual(endpoints[0]?.sent, ['left'])
    hasWaiters = false
    abandon()
    assert.equal(kindOf(await left), 'temporary overload')
    await clock.advanceAsync(1000)
    assert.equal(kindOf(await lookup), 'found')
    assert.deepEqual(endpoints[0]?.sent, ['left', 'new'])
  })

  test('a request that somebody begins to wait for while it is cancelled is sent again', async () => {
    const { upstream, question, clock, endpoints } = setUp([at(says('v'), 100)], {
      settings: { maxConcurrent: 1 },
    })
    let hasWaiters = false
    const flight = upstream.ask({
      ...question('old'),
      get hasWaiters() {
        return hasWaiters
      },
    })
    const lookup = upstream.ask(question('new'))
    hasWaiters = true
    await clock.advanceAsync(300)
    assert.deepEqual([kindOf(await flight), kindOf(await lookup)], ['found', 'found'])
    assert.deepEqual(endpoints[0]?.sent, ['old', 'new', 'old'])
  })

  test('a background refresh without a place is not asked and not counted as shed', async () => {
    const { upstream, question, events, clock } = setUp([at(says('v'), 100)], {
      settings: { maxConcurrent: 2 },
    })
    const waited = upstream.ask(question())
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    assert.ok(!(refresh instanceof Promise) && refresh.source === 'shed')
    await clock.advanceAsync(100)
    await waited
    assert.deepEqual(events, ['0 found 100'])
  })

  test('abort ends what is under way or waits, and what comes later, as stopping', async () => {
    const { upstream, question, state, clock } = setUp([silent])
    const answers = Array.from({ length: 100 }, () => upstream.ask(question()))
    state.abort()
    for (const answer of answers) assert.equal(kindOf(await answer), 'temporary stopping')
    assert.equal(kindOf(await upstream.ask(question())), 'temporary stopping')
    assert.deepEqual([state.limiter.inFlight, state.limiter.queued, clock.timers], [0, 0, 0])
  })
})

describe('the canary', () => {
  const canary = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }
  /** Knows its canary and nothing else. */
  const sane = (key: string): Script => ({ reply: key === 'canary' ? says('here') : saysNotFound() })
  const broken = at(saysNotFound())

  test('a service that answers 404 to everything bounces nobody, from the first request on', async () => {
    const { ask, upstream } = setUp([broken], { canary })
    for (let count = 0; count < 5; count++) assert.equal(kindOf(await ask(`k${count}`)), 'temporary canary')
    assert.deepEqual(upstream.canaryStatus(), [{ upstream: 'directory', endpoint: '0', state: 'missing' }])
  })

  test('a "not found" is believed after its canary was found, and asked for again after that', async () => {
    const { ask, endpoints } = setUp([sane], { canary })
    const answer = await ask()
    assert.deepEqual([kindOf(answer), answer.storable], ['notfound', true])
    assert.deepEqual(endpoints[0]?.sent, ['k', 'canary', 'k'])
  })

  for (const [ageMs, requests] of [
    [5000, 1],
    [5001, 3],
  ] as const) {
    test(`found ${ageMs} ms ago it costs a "not found" ${requests} requests`, async () => {
      const { ask, endpoints, clock } = setUp([sane], { canary })
      await ask()
      const before = endpoints[0]?.sent.length ?? 0
      clock.advance(ageMs)
      assert.equal(kindOf(await ask()), 'notfound')
      assert.equal((endpoints[0]?.sent.length ?? 0) - before, requests)
    })
  }

  test('of a found key is not asked for', async () => {
    const { ask, endpoints } = setUp([at(says('v'))], { canary })
    await ask()
    assert.deepEqual(endpoints[0]?.sent, ['k'])
  })

  test('with a maxAge of 0 is asked for each "not found"', async () => {
    const { ask, endpoints, clock } = setUp([sane], { canary: { ...canary, maxAgeMs: 0 } })
    assert.equal(kindOf(await ask()), 'notfound')
    clock.advance(1)
    assert.equal(kindOf(await ask()), 'notfound')
    assert.equal(endpoints[0]?.sent.filter((key) => key === 'canary').length, 2)
  })

  test('found for this very question counts, even where the service is slower than maxAge', async () => {
    const slow = (key: string): Script => ({
      reply: key === 'canary' ? says('here') : saysNotFound(),
      afterMs: 50,
    })
    const { ask, endpoints } = setUp([slow], { canary: { ...canary, maxAgeMs: 10 } })
    assert.equal(kindOf(await ask()), 'notfound')
    assert.deepEqual(endpoints[0]?.sent, ['k', 'canary', 'k'])
  })

  test('is asked once for many lookups at once', async () => {
    const { upstream, question, endpoints, clock } = setUp(
      [(key) => ({ reply: key === 'canary' ? says('here') : saysNotFound(), afterMs: 10 })],
      { canary },
    )
    const answers = Array.from({ length: 20 }, (_, index) => upstream.ask(question(`k${index}`)))
    await clock.advanceAsync(100)
    for (const answer of answers) assert.equal(kindOf(await answer), 'notfound')
    assert.equal(endpoints[0]?.sent.filter((key) => key === 'canary').length, 1)
  })

  test('missing at one endpoint sends the question to another that knows its own', async () => {
    const { ask, endpoints } = setUp([broken, sane], { canary })
    const answer = await ask()
    assert.deepEqual([kindOf(answer), answer.endpoint], ['notfound', 1])
    await ask('other')
    assert.equal(endpoints[0]?.sent.includes('other'), false)
  })

  test('missing at one endpoint and the other out of reach is temporary', async () => {
    const { ask } = setUp([broken, at(refuses())], { canary })
    assert.match(kindOf(await ask()), /^temporary/)
  })

  test('that is refused or fails tells why in words, and one that is missing does not', async () => {
    const forbidden = setUp([at(forbids())], { canary })
    forbidden.upstream.start()
    const silenced = setUp([at(refuses())], { canary })
    silenced.upstream.start()
    const missing = setUp([broken], { canary })
    missing.upstream.start()
    await settle()
    assert.deepEqual(
      [forbidden, silenced, missing].map(({ canaryFailures }) => canaryFailures),
      [['refused: the service answered 403'], ['connect: connection refused'], [undefined]],
    )
  })

  test('that does not answer makes a "not found" temporary', async () => {
    const { ask, upstream, endpoints } = setUp(
      [(key) => (key === 'canary' ? { reply: fails(500) } : { reply: saysNotFound() })],
      { canary },
    )
    assert.equal(kindOf(await ask()), 'temporary canary')
    assert.equal(upstream.canaryStatus()[0]?.state, 'unreachable')
    await ask()
    assert.equal(endpoints[0]?.sent.filter((key) => key === 'canary').length, 1)
  })

  test('decides about stored "not found": not before it was found, not while it is missing', async () => {
    const { ask, upstream, endpoints, clock } = setUp([sane], { canary })
    assert.equal(upstream.trustsNegative(0), false)
    await ask()
    assert.equal(upstream.trustsNegative(0), true)
    for (const endpoint of endpoints) endpoint.script = at(fails(500))
    clock.advance(6000)
    await ask()
    assert.equal(upstream.trustsNegative(0), true)
    for (const endpoint of endpoints) endpoint.script = broken
    await ask()
    assert.equal(upstream.trustsNegative(0), false)
  })

  test('is asked at once at the start and then regularly, until stopped', async () => {
    const { upstream, endpoints, clock, events } = setUp([sane, sane], { canary })
    upstream.start()
    await settle()
    assert.deepEqual(sentTo(endpoints), [1, 1])
    await clock.advanceAsync(29_999)
    assert.deepEqual(sentTo(endpoints), [1, 1])
    await clock.advanceAsync(1)
    assert.deepEqual(sentTo(endpoints), [2, 2])
    for (const endpoint of endpoints) endpoint.script = broken
    await clock.advanceAsync(30_000)
    assert.deepEqual(
      events.filter((event) => event.startsWith('canary')),
      ['canary 0 up', 'canary 1 up', 'canary 0 down', 'canary 1 down'],
    )
    upstream.stop()
    clock.advance(250)
    assert.equal(clock.timers, 0)
  })

  test('is asked before a lookup with side effects, which is asked only once', async () => {
    const good = setUp([sane], { canary, sideEffects: true })
    assert.equal(kindOf(await good.ask()), 'notfound')
    assert.deepEqual(good.endpoints[0]?.sent, ['canary', 'k'])
    const bad = setUp([broken], { canary, sideEffects: true })
    assert.equal(kindOf(await bad.ask()), 'temporary canary')
    assert.equal(bad.endpoints[0]?.sent.filter((key) => key === 'k').length, 1)
  })

  test('ages over a suspend: a wall clock that jumped makes it old', async () => {
    const { ask, clock, endpoints } = setUp([sane], { canary })
    await ask()
    clock.stepWall(HOUR)
    await ask()
    assert.equal(endpoints[0]?.sent.filter((key) => key === 'canary').length, 2)
  })

  test('that throws is a defect, and the "not found" temporary', async () => {
    const { ask, defects } = setUp(
      [
        (key) => {
          if (key === 'canary') throw new Error('bug')
          return { reply: saysNotFound() }
        },
      ],
      { canary },
    )
    assert.equal(kindOf(await ask()), 'temporary canary')
    assert.equal(defects.length, 1)
  })

  test('that finds no place teaches nothing', async () => {
    const { upstream, question, clock } = setUp([at(says('v'), 100)], {
      canary,
      settings: { maxConcurrent: 2 },
    })
    const lookup = upstream.ask(question())
    upstream.start()
    await clock.advanceAsync(100)
    await lookup
    upstream.stop()
    assert.equal(upstream.canaryStatus()[0]?.state, 'unknown')
  })

  test('without a canary a stored "not found" is believed and there is no state', () => {
    const { upstream } = setUp([sane])
    assert.deepEqual([upstream.trustsNegative(0), upstream.canaryStatus()], [true, []])
  })
})

test('"not found" is never answered when no endpoint said so, for any behaviour of three endpoints', async () => {
  const reply = fc.constantFrom(
    says('v'),
    fails(500),
    fails(429, { retryAfterMs: 500 }),
    forbids(),
    refuses(),
    timedOut(),
  )
  const script = fc.array(fc.tuple(reply, fc.constantFrom(undefined, 1, 150, Number.POSITIVE_INFINITY)), {
    minLength: 1,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 3 }), fc.boolean(), async (plans, hedge) => {
      const scripts = plans.map((plan) => (_key: string, count: number) => {
        const [what = fails(500), afterMs] = plan[(count - 1) % plan.length] ?? []
        return { reply: what, afterMs }
      })
      const { upstream, question, clock, state } = setUp(scripts, {
        settings: { attempts: 4, hedgeAfterMs: hedge ? 100 : undefined },
      })
      const deadlineMs = clock.monotonicMs() + 5000
      const answers = Array.from({ length: 8 }, (_, index) =>
        upstream.ask(question(`k${index}`, { deadlineMs })),
      )
      await clock.advanceAsync(5000)
      for (const answer of await Promise.all(answers)) assert.notEqual(answer.result.kind, 'notfound')
      assert.deepEqual([state.limiter.inFlight, state.limiter.queued], [0, 0])
    }),
    { numRuns: 50 },
  )
})
