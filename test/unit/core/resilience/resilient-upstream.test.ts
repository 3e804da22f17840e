import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { at, kindOf, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  says,
  saysNotFound,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'

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
      const ofLookups = state.limiter.holders().filter(({ table }) => table !== undefined)
      expect([ofLookups, state.limiter.queued]).toStrictEqual([[], 0])
      // A question whose answer is known may be under way at this moment; it has a time limit of its own.
      state.stop()
      await clock.advanceAsync(5000)
      expect(state.limiter.inFlight).toBe(0)
    }),
    { numRuns: 50 },
  )
})
