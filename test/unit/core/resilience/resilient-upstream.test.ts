import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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
    expect([answer.result.kind, answer.storable]).toStrictEqual(['notfound', false])
    expect(explanation.steps).toStrictEqual([
      { step: 'suppressed', key: 'k', upstream: 'directory', why: 'no domain' },
    ])
    expect(events).toStrictEqual([])
  })
})

describe('attempts', () => {
  test('one good reply is one request', async () => {
    const { ask, endpoints, events } = setUp([at(says('v')), at(says('w'))])
    const answer = await ask()
    expect([kindOf(answer), answer.endpoint, answer.storable]).toStrictEqual(['found', 0, true])
    expect(sentTo(endpoints)).toStrictEqual([1, 0])
    expect(events).toStrictEqual(['0 found 0'])
  })

  test('a refused connection fails over at once, which is no retry', async () => {
    const { ask, endpoints, events } = setUp([at(refuses()), at(says('v'))], { settings: { attempts: 1 } })
    expect((await ask()).endpoint).toBe(1)
    expect(sentTo(endpoints)).toStrictEqual([1, 1])
    expect(events).toStrictEqual(['0 connect 0', '1 found 0'])
  })

  test('all connections refused are tried once each, then once again as a retry', async () => {
    const { ask, endpoints, events } = setUp([at(refuses()), at(refuses())])
    expect(kindOf(await ask())).toBe('temporary connect')
    expect(sentTo(endpoints)).toStrictEqual([2, 1])
    expect(events.filter((event) => event === 'retried').length).toBe(1)
  })

  test('a 503 is tried again elsewhere, as a retry', async () => {
    const { ask, events } = setUp([at(fails(503)), at(says('v'))])
    expect(kindOf(await ask())).toBe('found')
    expect(events).toStrictEqual(['0 temporary 0', 'retried', '1 found 0'])
  })

  test('are as many as set and no more', async () => {
    const { ask, endpoints } = setUp([at(fails(500))], { settings: { attempts: 3 } })
    expect(kindOf(await ask())).toBe('temporary status')
    expect(sentTo(endpoints)).toStrictEqual([3])
  })

  test('a refused credential is tried at another endpoint and then permanent', async () => {
    const both = setUp([at(forbids()), at(forbids())])
    expect(kindOf(await both.ask())).toBe('permanent refused')
    expect(sentTo(both.endpoints)).toStrictEqual([1, 1])
    const one = setUp([at(forbids())])
    expect(kindOf(await one.ask())).toBe('permanent refused')
    expect(sentTo(one.endpoints)).toStrictEqual([1])
  })

  test('a refused credential costs no retry: every lookup is answered by the other endpoint', async () => {
    const { upstream, question, endpoints, events } = setUp([at(forbids()), at(says('v'))])
    for (let count = 0; count < 30; count++) {
      expect(kindOf(await upstream.ask(question(`k${count}`)))).toBe('found')
    }
    expect(sentTo(endpoints)).toStrictEqual([30, 30])
    expect(events.includes('retried')).toBe(false)
  })

  test('a refused credential is not tried elsewhere beyond the attempts', async () => {
    const { ask, endpoints } = setUp([at(forbids()), at(says('v'))], { settings: { attempts: 1 } })
    expect(kindOf(await ask())).toBe('permanent refused')
    expect(sentTo(endpoints)).toStrictEqual([1, 0])
  })

  test('a refused credential here and a failure there is temporary: the other might know', async () => {
    const first = setUp([at(forbids()), at(fails(500))])
    expect(kindOf(await first.ask())).toBe('temporary status')
    const second = setUp([at(fails(500)), at(forbids())])
    expect(kindOf(await second.ask())).toBe('temporary status')
  })

  test('no retry begins that the deadline does not allow', async () => {
    const { ask, endpoints, clock } = setUp([at(fails(500), 90)])
    const answer = await ask('k', { deadlineMs: clock.monotonicMs() + 94 })
    expect(kindOf(answer)).toBe('temporary status')
    expect(sentTo(endpoints)).toStrictEqual([1])
  })

  test('each attempt gets the time limit, the last one only what is left', async () => {
    const { ask, endpoints, clock } = setUp([silent])
    const started = clock.monotonicMs()
    expect(kindOf(await ask('k', { deadlineMs: started + 3000 }))).toBe('temporary timeout')
    expect(endpoints[0]?.options.map(({ timeoutMs }) => timeoutMs)).toStrictEqual([2000, 1000])
  })

  test('with side effects nothing is sent twice, but a refused connection fails over', async () => {
    const failing = setUp([at(fails(500)), at(says('v'))], {
      sideEffects: true,
      settings: { hedgeAfterMs: 1 },
    })
    expect(kindOf(await failing.ask())).toBe('temporary status')
    expect(sentTo(failing.endpoints)).toStrictEqual([1, 0])
    const refusing = setUp([at(refuses()), at(says('v'))], { sideEffects: true })
    expect(kindOf(await refusing.ask())).toBe('found')
  })

  test('a suppressed question is not found, not stored and not counted as a request', async () => {
    const { ask, events } = setUp([at(saysNotFound({ suppressed: 'no domain', status: undefined }))], {
      canary: { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 },
    })
    const answer = await ask()
    expect([kindOf(answer), answer.storable, answer.source, events]).toStrictEqual([
      'notfound',
      false,
      'filtered',
      [],
    ])
  })

  test('validators go with every attempt and a 304 comes back', async () => {
    const { ask, endpoints, events } = setUp([
      at({ ...says(''), result: { kind: 'notmodified' }, status: 304 }),
    ])
    const answer = await ask('k', { validators: { etag: '"1"' } })
    expect(answer.result.kind).toBe('notmodified')
    expect(endpoints[0]?.options[0]?.validators).toStrictEqual({ etag: '"1"' })
    expect(events).toStrictEqual(['0 notmodified 0'])
  })

  test('every attempt stands in the explanation', async () => {
    const { ask } = setUp([at(fails(500), 50), at(says('v'))])
    const explanation = new Explanation()
    await ask('k', { explanation })
    expect(
      explanation.steps.map(
        (step) => step.step === 'request' && [step.endpoint, step.attempt, step.status, step.durationMs],
      ),
    ).toStrictEqual([
      ['0', 'first', 500, 50],
      ['1', 'failover', 200, 0],
    ])
  })

  test('an endpoint that throws is a defect: reported, temporary, its place given back', async () => {
    const { ask, defects, state } = setUp([
      () => {
        throw new Error('bug')
      },
    ])
    expect(kindOf(await ask())).toBe('temporary defect')
    expect([defects.length, state.limiter.inFlight]).toStrictEqual([1, 0])
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
    expect(requests).toBe(1000 + events.filter((event) => event === 'retried').length)
    expect(requests).toBeGreaterThan(1000)
    expect(requests).toBeLessThanOrEqual(1100)
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
    expect(sentTo(endpoints)).toStrictEqual([1, 0])
    await clock.advanceAsync(31)
    expect((await answer).endpoint).toBe(1)
    await settle()
    expect(endpoints[0]?.aborted).toBe(1)
    expect(events).toStrictEqual(['hedged', '1 found 30', '0 cancelled 130'])
    clock.advance(250)
    expect(clock.timers).toBe(0)
  })

  test('the first one may still win', async () => {
    const { ask, endpoints, state } = hedged([at(says('v'), 150), silent])
    expect((await ask()).endpoint).toBe(0)
    await settle()
    expect([endpoints[1]?.aborted, state.limiter.inFlight]).toStrictEqual([1, 0])
  })

  test('a hedge that fails leaves the first to answer', async () => {
    const { ask } = hedged([at(says('v'), 500), at(fails(500))])
    expect((await ask()).endpoint).toBe(0)
  })

  test('a fast first answer makes no second request and leaves no timer', async () => {
    const { ask, endpoints, clock } = hedged([at(says('v'), 50), at(says('w'))])
    await ask()
    clock.advance(250)
    expect([sentTo(endpoints), clock.timers]).toStrictEqual([[1, 0], 0])
  })

  test('needs another endpoint, an attempt left, a place that is not the last, and budget', async () => {
    for (const settings of [{ attempts: 1 }, { maxConcurrent: 2 }]) {
      const { ask, endpoints } = hedged([at(says('v'), 500), at(says('w'))], settings)
      await ask()
      expect(sentTo(endpoints)).toStrictEqual([1, 0])
    }
    const alone = hedged([at(says('v'), 500)])
    await alone.ask()
    expect(sentTo(alone.endpoints)).toStrictEqual([1])
    const poor = hedged([at(says('v'), 500), at(says('w'))])
    while (poor.state.budget.take(poor.clock.monotonicMs()));
    await poor.ask()
    expect([sentTo(poor.endpoints), poor.state.limiter.inFlight]).toStrictEqual([[1, 0], 0])
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
    expect([state.status().inFlight, state.status().queued]).toStrictEqual([64, 1000])
    await clock.advanceAsync(6000)
    const kinds = await Promise.all(answers)
    expect(endpoints[0]?.maxInFlight).toBe(64)
    expect(kinds.filter((kind) => kind === 'found').length).toBe(1064)
    expect(kinds.filter((kind) => kind === 'temporary overload').length).toBe(10_000 - 1064)
    expect([late, events.filter((event) => event === 'shed').length]).toStrictEqual([0, 10_000 - 1064])
    expect([state.limiter.inFlight, state.limiter.queued, clock.timers]).toStrictEqual([0, 0, 0])
  })

  test('who waits in the queue until the deadline is told so then', async () => {
    const { upstream, question, clock } = setUp([silent], { settings: { maxConcurrent: 1, timeoutMs: 9000 } })
    const blocking = upstream.ask(question('slow', { deadlineMs: clock.monotonicMs() + 9000 }))
    const waiting = upstream.ask(question('k'))
    await clock.advanceAsync(5000)
    expect(kindOf(await waiting)).toBe('temporary overload')
    await clock.advanceAsync(4000)
    await blocking
  })

  test('a request nobody waits for is cancelled for a waiting lookup, and says so', async () => {
    const { upstream, question, endpoints, clock, events } = setUp([at(says('v'), 1000)], {
      settings: { maxConcurrent: 1 },
    })
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    const lookup = upstream.ask(question('new'))
    expect(kindOf(await refresh)).toBe('temporary overload')
    await clock.advanceAsync(1000)
    expect(kindOf(await lookup)).toBe('found')
    expect(endpoints[0]?.maxInFlight).toBe(1)
    expect(events).toStrictEqual(['0 cancelled 0', '0 found 1000'])
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
    expect(endpoints[0]?.sent).toStrictEqual(['left'])
    hasWaiters = false
    abandon()
    expect(kindOf(await left)).toBe('temporary overload')
    await clock.advanceAsync(1000)
    expect(kindOf(await lookup)).toBe('found')
    expect(endpoints[0]?.sent).toStrictEqual(['left', 'new'])
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
    expect([kindOf(await flight), kindOf(await lookup)]).toStrictEqual(['found', 'found'])
    expect(endpoints[0]?.sent).toStrictEqual(['old', 'new', 'old'])
  })

  test('a background refresh without a place is not asked and not counted as shed', async () => {
    const { upstream, question, events, clock } = setUp([at(says('v'), 100)], {
      settings: { maxConcurrent: 2 },
    })
    const waited = upstream.ask(question())
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    expect(refresh).toMatchObject({ source: 'shed' })
    await clock.advanceAsync(100)
    await waited
    expect(events).toStrictEqual(['0 found 100'])
  })

  test('abort ends what is under way or waits, and what comes later, as stopping', async () => {
    const { upstream, question, state, clock } = setUp([silent])
    const answers = Array.from({ length: 100 }, () => upstream.ask(question()))
    state.abort()
    for (const answer of answers) expect(kindOf(await answer)).toBe('temporary stopping')
    expect(kindOf(await upstream.ask(question()))).toBe('temporary stopping')
    expect([state.limiter.inFlight, state.limiter.queued, clock.timers]).toStrictEqual([0, 0, 0])
  })
})

describe('the canary', () => {
  const canary = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }
  /** Knows its canary and nothing else. */
  const sane = (key: string): Script => ({ reply: key === 'canary' ? says('here') : saysNotFound() })
  const broken = at(saysNotFound())

  test('a service that answers 404 to everything bounces nobody, from the first request on', async () => {
    const { ask, upstream } = setUp([broken], { canary })
    for (let count = 0; count < 5; count++) expect(kindOf(await ask(`k${count}`))).toBe('temporary canary')
    expect(upstream.canaryStatus()).toStrictEqual([
      { upstream: 'directory', endpoint: '0', state: 'missing' },
    ])
  })

  test('a "not found" is believed after its canary was found, and asked for again after that', async () => {
    const { ask, endpoints } = setUp([sane], { canary })
    const answer = await ask()
    expect([kindOf(answer), answer.storable]).toStrictEqual(['notfound', true])
    expect(endpoints[0]?.sent).toStrictEqual(['k', 'canary', 'k'])
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
      expect(kindOf(await ask())).toBe('notfound')
      expect((endpoints[0]?.sent.length ?? 0) - before).toBe(requests)
    })
  }

  test('of a found key is not asked for', async () => {
    const { ask, endpoints } = setUp([at(says('v'))], { canary })
    await ask()
    expect(endpoints[0]?.sent).toStrictEqual(['k'])
  })

  test('with a maxAge of 0 is asked for each "not found"', async () => {
    const { ask, endpoints, clock } = setUp([sane], { canary: { ...canary, maxAgeMs: 0 } })
    expect(kindOf(await ask())).toBe('notfound')
    clock.advance(1)
    expect(kindOf(await ask())).toBe('notfound')
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(2)
  })

  test('found for this very question counts, even where the service is slower than maxAge', async () => {
    const slow = (key: string): Script => ({
      reply: key === 'canary' ? says('here') : saysNotFound(),
      afterMs: 50,
    })
    const { ask, endpoints } = setUp([slow], { canary: { ...canary, maxAgeMs: 10 } })
    expect(kindOf(await ask())).toBe('notfound')
    expect(endpoints[0]?.sent).toStrictEqual(['k', 'canary', 'k'])
  })

  test('is asked once for many lookups at once', async () => {
    const { upstream, question, endpoints, clock } = setUp(
      [(key) => ({ reply: key === 'canary' ? says('here') : saysNotFound(), afterMs: 10 })],
      { canary },
    )
    const answers = Array.from({ length: 20 }, (_, index) => upstream.ask(question(`k${index}`)))
    await clock.advanceAsync(100)
    for (const answer of answers) expect(kindOf(await answer)).toBe('notfound')
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(1)
  })

  test('missing at one endpoint sends the question to another that knows its own', async () => {
    const { ask, endpoints } = setUp([broken, sane], { canary })
    const answer = await ask()
    expect([kindOf(answer), answer.endpoint]).toStrictEqual(['notfound', 1])
    await ask('other')
    expect(endpoints[0]?.sent.includes('other')).toBe(false)
  })

  test('missing at one endpoint and the other out of reach is temporary', async () => {
    const { ask } = setUp([broken, at(refuses())], { canary })
    expect(kindOf(await ask())).toMatch(/^temporary/)
  })

  test('that is refused or fails tells why in words, and one that is missing does not', async () => {
    const forbidden = setUp([at(forbids())], { canary })
    forbidden.upstream.start()
    const silenced = setUp([at(refuses())], { canary })
    silenced.upstream.start()
    const missing = setUp([broken], { canary })
    missing.upstream.start()
    await settle()
    expect([forbidden, silenced, missing].map(({ canaryFailures }) => canaryFailures)).toStrictEqual([
      ['refused: the service answered 403'],
      ['connect: connection refused'],
      [undefined],
    ])
  })

  test('that does not answer makes a "not found" temporary', async () => {
    const { ask, upstream, endpoints } = setUp(
      [(key) => (key === 'canary' ? { reply: fails(500) } : { reply: saysNotFound() })],
      { canary },
    )
    expect(kindOf(await ask())).toBe('temporary canary')
    expect(upstream.canaryStatus()[0]?.state).toBe('unreachable')
    await ask()
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(1)
  })

  test('decides about stored "not found": not before it was found, not while it is missing', async () => {
    const { ask, upstream, endpoints, clock } = setUp([sane], { canary })
    expect(upstream.trustsNegative(0)).toBe(false)
    await ask()
    expect(upstream.trustsNegative(0)).toBe(true)
    for (const endpoint of endpoints) endpoint.script = at(fails(500))
    clock.advance(6000)
    await ask()
    expect(upstream.trustsNegative(0)).toBe(true)
    for (const endpoint of endpoints) endpoint.script = broken
    await ask()
    expect(upstream.trustsNegative(0)).toBe(false)
  })

  test('is asked at once at the start and then regularly, until stopped', async () => {
    const { upstream, endpoints, clock, events } = setUp([sane, sane], { canary })
    upstream.start()
    await settle()
    expect(sentTo(endpoints)).toStrictEqual([1, 1])
    await clock.advanceAsync(29_999)
    expect(sentTo(endpoints)).toStrictEqual([1, 1])
    await clock.advanceAsync(1)
    expect(sentTo(endpoints)).toStrictEqual([2, 2])
    for (const endpoint of endpoints) endpoint.script = broken
    await clock.advanceAsync(30_000)
    expect(events.filter((event) => event.startsWith('canary'))).toStrictEqual([
      'canary 0 up',
      'canary 1 up',
      'canary 0 down',
      'canary 1 down',
    ])
    upstream.stop()
    clock.advance(250)
    expect(clock.timers).toBe(0)
  })

  test('is asked before a lookup with side effects, which is asked only once', async () => {
    const good = setUp([sane], { canary, sideEffects: true })
    expect(kindOf(await good.ask())).toBe('notfound')
    expect(good.endpoints[0]?.sent).toStrictEqual(['canary', 'k'])
    const bad = setUp([broken], { canary, sideEffects: true })
    expect(kindOf(await bad.ask())).toBe('temporary canary')
    expect(bad.endpoints[0]?.sent.filter((key) => key === 'k').length).toBe(1)
  })

  test('ages over a suspend: a wall clock that jumped makes it old', async () => {
    const { ask, clock, endpoints } = setUp([sane], { canary })
    await ask()
    clock.stepWall(HOUR)
    await ask()
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(2)
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
    expect(kindOf(await ask())).toBe('temporary canary')
    expect(defects.length).toBe(1)
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
    expect(upstream.canaryStatus()[0]?.state).toBe('unknown')
  })

  test('without a canary a stored "not found" is believed and there is no state', () => {
    const { upstream } = setUp([sane])
    expect([upstream.trustsNegative(0), upstream.canaryStatus()]).toStrictEqual([true, []])
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
      for (const answer of await Promise.all(answers)) expect(answer.result.kind).not.toBe('notfound')
      expect([state.limiter.inFlight, state.limiter.queued]).toStrictEqual([0, 0])
    }),
    { numRuns: 50 },
  )
})
