/**
 * What opens and closes the circuit of an endpoint: a question whose answer is known, and never what a
 * stranger puts into a key.
 */
import { describe, expect, test } from 'vitest'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, type SetUp, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  type Script,
  says,
  saysNotFound,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'

const SETTINGS = { attempts: 1, circuitBreaker: { failures: 2, openForMs: 1000 } }

type Reply = Script['reply']

/** An upstream at which `good` was found, so that it is a known question; all other keys get `others`. */
async function known(others: (key: string) => Script, options: SetUp = {}) {
  const good = { reply: says('here') as Reply, afterMs: undefined as number | undefined }
  const running = setUp([(key) => (key === 'good' ? good : others(key))], {
    ...options,
    settings: { ...SETTINGS, ...options.settings },
  })
  await running.ask('good')
  running.clock.advance(1)
  const circuit = () => running.state.status().endpoints[0]?.circuit
  const checks = () => running.events.filter((event) => event.startsWith('check'))
  return { ...running, good, circuit, checks }
}

const POISON: [what: string, reply: Reply][] = [
  ['500', fails(500)],
  ['503 with Retry-After', fails(503, { retryAfterMs: 30_000 })],
  ['429 with Retry-After', fails(429, { retryAfterMs: 30_000 })],
  ['a reset connection', { ...refuses(), retry: 'any' }],
  ['a time-out', timedOut()],
  ['502', fails(502)],
]

describe('keys that fail at an endpoint that answers others', () => {
  for (const [what, reply] of POISON) {
    test(`with ${what}, a thousand different ones, leave the circuit closed`, async () => {
      const { ask, clock, circuit, checks } = await known(at(reply))
      for (let count = 0; count < 1000; count++) {
        await ask(`poison${count}`)
        clock.advance(20)
      }
      expect(circuit()).toBe('closed')
      expect(kindOf(await ask('good'))).toBe('found')
      // About twice a second, in 20 s.
      expect(checks().length).toBeGreaterThan(10)
      expect(checks().length).toBeLessThanOrEqual(41)
    })
  }

  test('one key, however often, is no reason to ask', async () => {
    const { ask, checks } = await known(at(fails(500)))
    for (let count = 0; count < 50; count++) await ask('poison')
    expect(checks()).toEqual([])
  })

  test('one different key is no reason to ask, two are', async () => {
    const { ask, checks } = await known(at(fails(500)))
    await ask('poison1')
    await settle()
    expect(checks()).toEqual([])
    await ask('poison2')
    await settle()
    expect(checks()).toEqual(['check 0 passed'])
  })

  test('a good reply to a request that started later takes the doubt away, one that started earlier does not', async () => {
    const later = await known(at(fails(500)))
    await later.ask('poison1')
    later.clock.advance(1)
    await later.ask('good')
    later.clock.advance(1)
    await later.ask('poison2')
    expect(later.checks()).toEqual([])

    const earlier = await known((key) => ({
      reply: key === 'slow' ? says('v') : fails(500),
      afterMs: key === 'slow' ? 100 : undefined,
    }))
    const slow = earlier.upstream.ask(earlier.question('slow'))
    earlier.clock.advance(1)
    await earlier.upstream.ask(earlier.question('poison1'))
    await earlier.clock.advanceAsync(100)
    await slow
    await earlier.ask('poison2')
    await settle()
    expect(earlier.checks()).toEqual(['check 0 passed'])
  })

  test('a burst of time-outs among good replies is no reason to ask', async () => {
    const { upstream, question, clock, checks, ask } = await known(silent)
    const burst = Array.from({ length: 20 }, (_, at) => upstream.ask(question(`slow${at}`)))
    for (let ms = 0; ms < 2100; ms += 50) {
      await clock.advanceAsync(50)
      await ask('good')
    }
    for (const answer of burst) expect(kindOf(await answer)).toBe('temporary timeout')
    expect(checks()).toEqual([])
  })

  test('a lookup counts once whatever its retries', async () => {
    const { ask, checks } = await known(at(fails(500)), { settings: { attempts: 5 } })
    await ask('poison')
    await settle()
    expect(checks()).toEqual([])
  })
})

describe('an endpoint that does not answer its known question', () => {
  for (const [what, reply] of POISON) {
    test(`but ${what} has an open circuit after two different keys`, async () => {
      const { ask, good, circuit, events } = await known(at(reply))
      good.reply = reply
      await ask('k1')
      expect(circuit()).toBe('closed')
      await ask('k2')
      await settle()
      expect(circuit()).toBe('open')
      expect(events.filter((event) => event.startsWith('circuit'))).toEqual(['circuit 0 open'])
    })
  }

  test('is noticed within two seconds when it hangs, before any time-out', async () => {
    const { upstream, question, good, clock, circuit } = await known(silent)
    good.afterMs = Number.POSITIVE_INFINITY
    for (let at = 0; at < 10; at++) void upstream.ask(question(`k${at}`))
    await clock.advanceAsync(1499)
    expect(circuit()).toBe('closed')
    await clock.advanceAsync(300)
    expect(circuit()).toBe('open')
  })

  test('is asked the known question once an openFor, and the circuit closes with a good answer', async () => {
    const { ask, good, clock, circuit, endpoints } = await known(at(fails(502)))
    good.reply = fails(502)
    await ask('k1')
    await ask('k2')
    await settle()
    const before = endpoints[0]?.sent.length ?? 0
    await clock.advanceAsync(999)
    expect(endpoints[0]?.sent.length).toBe(before)
    await clock.advanceAsync(1)
    expect(endpoints[0]?.sent.slice(before)).toEqual(['good'])
    expect(circuit()).toBe('open')
    good.reply = says('back')
    await clock.advanceAsync(999)
    expect(circuit()).toBe('open')
    await clock.advanceAsync(1)
    expect(circuit()).toBe('closed')
  })

  test('is asked by no lookup meanwhile: it is answered at once, without any request', async () => {
    const { ask, good, upstream, question, endpoints } = await known(at(fails(502)))
    good.reply = fails(502)
    await ask('k1')
    await ask('k2')
    await settle()
    const before = endpoints[0]?.sent.length
    const answer = upstream.ask(question('k3'))
    if (answer instanceof Promise) throw new Error('not at once')
    expect([kindOf(answer), answer.source]).toEqual(['temporary circuit', 'shed'])
    expect(answer.result).toMatchObject({
      reason: 'upstream directory: all endpoints are failing (circuit open); fix the service',
    })
    expect(endpoints[0]?.sent.length).toBe(before)
  })

  test('tells why in words while its circuit is open, and not when it is closed', async () => {
    const { ask, good, clock, state } = await known(at(refuses()))
    good.reply = refuses()
    await ask('k1')
    await ask('k2')
    await settle()
    const lastFailure = () => state.status().endpoints[0]?.lastFailure
    expect(lastFailure()).toBe('connect: connection refused')
    good.reply = says('v')
    await clock.advanceAsync(1000)
    expect(lastFailure()).toBeUndefined()
  })

  for (const step of [3_600_000, -3_600_000]) {
    test(`is asked in time although the wall clock steps by ${step} ms`, async () => {
      const { ask, good, clock, circuit } = await known(at(fails(502)))
      good.reply = fails(502)
      await ask('k1')
      await ask('k2')
      await settle()
      good.reply = says('v')
      clock.stepWall(step)
      await clock.advanceAsync(1000)
      expect(circuit()).toBe('closed')
    })
  }

  test('keeps its circuit over a reload; one that is new has a closed one', async () => {
    const { ask, good, state } = await known(at(fails(502)))
    good.reply = fails(502)
    await ask('k1')
    await ask('k2')
    await settle()
    state.configure({ ...state.settings, endpoints: ['0', 'new'], maxConcurrent: 7 })
    expect(state.status().endpoints.map(({ name, circuit }) => [name, circuit])).toEqual([
      ['0', 'open'],
      ['new', 'closed'],
    ])
    expect(state.limiter.limits.maxConcurrent).toBe(7)
  })

  test('leaves no timer behind when the program ends', async () => {
    const { ask, good, state, clock } = await known(at(fails(502)))
    good.reply = fails(502)
    await ask('k1')
    await ask('k2')
    await settle()
    state.abort()
    expect(clock.timers).toBe(0)
  })
})

describe('the known question', () => {
  test('is another one when the first fails with an answer of its own: one key may be broken itself', async () => {
    const broken = { good: false }
    const { ask, clock, state } = setUp(
      [
        (key) => ({
          reply: key === 'other' ? says('v') : key === 'good' && !broken.good ? says('v') : fails(500),
        }),
      ],
      { settings: SETTINGS },
    )
    await ask('other')
    clock.advance(1000)
    await ask('good')
    clock.advance(1000)
    broken.good = true
    await ask('poison1')
    await ask('poison2')
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
  })

  test('whose key is not there any more is a good answer, and it is not asked again', async () => {
    const { ask, good, clock, endpoints, state } = await known(at(fails(500)))
    good.reply = saysNotFound()
    await ask('poison1')
    await ask('poison2')
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    clock.advance(1000)
    await ask('poison3')
    await ask('poison4')
    await settle()
    expect(endpoints[0]?.sent.filter((key) => key === 'good')).toHaveLength(2)
  })

  test('that is refused says that the endpoint is there', async () => {
    const { ask, good, circuit } = await known(at(fails(500)))
    good.reply = forbids()
    await ask('poison1')
    await ask('poison2')
    await settle()
    expect(circuit()).toBe('closed')
  })

  test('is the canary where there is one, and its state follows', async () => {
    const { ask, upstream, state, clock, endpoints } = setUp(
      [(key) => ({ reply: key === 'canary' ? canaryReply : fails(500) })],
      { settings: SETTINGS, canary: { key: 'canary', everyMs: 3_600_000, maxAgeMs: 5000 } },
    )
    let canaryReply = says('here')
    upstream.start()
    await settle()
    clock.advance(1000)
    await ask('poison1')
    await ask('poison2')
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    expect(endpoints[0]?.sent.filter((key) => key === 'canary')).toHaveLength(2)
    canaryReply = fails(500)
    clock.advance(1000)
    await ask('poison3')
    await ask('poison4')
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('open')
    expect(upstream.canaryStatus()[0]?.state).toBe('unreachable')
    upstream.stop()
  })

  test('is never one of a table with side effects', async () => {
    const { ask, endpoints, clock } = setUp([(key) => ({ reply: key === 'good' ? says('v') : fails(502) })], {
      settings: SETTINGS,
      sideEffects: true,
    })
    await ask('good')
    clock.advance(1)
    for (let count = 0; count < 4; count++) await ask(`k${count}`)
    await settle()
    expect(endpoints[0]?.sent.filter((key) => key === 'good')).toHaveLength(1)
  })

  test('is asked although every slot is taken', async () => {
    const { upstream, question, clock, endpoints } = await known(silent, { settings: { maxConcurrent: 2 } })
    for (let at = 0; at < 5; at++) void upstream.ask(question(`k${at}`))
    await clock.advanceAsync(750)
    expect(endpoints[0]?.sent.filter((key) => key === 'good')).toHaveLength(2)
  })
})

describe('where no question is known', () => {
  const unknown = (reply: Reply, more: Partial<typeof SETTINGS> = {}) =>
    setUp([at(reply)], { settings: { ...SETTINGS, ...more } })

  test('failures of keys open no circuit, however many', async () => {
    const { ask, state } = unknown(fails(500))
    for (let count = 0; count < 100; count++) await ask(`k${count}`)
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
  })

  test('failures of the endpoint open it, of five different keys and not of four', async () => {
    const { ask, state } = unknown(refuses())
    for (let count = 0; count < 4; count++) await ask(`k${count}`)
    for (let count = 0; count < 20; count++) await ask('k0')
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    await ask('k4')
    expect(state.status().endpoints[0]?.circuit).toBe('open')
  })

  test('and the endpoint asked for a pause, that is said, for 30 s at most', async () => {
    const { ask, upstream, question, clock, endpoints } = unknown(fails(503, { retryAfterMs: 3_600_000 }))
    for (let count = 0; count < 5; count++) await ask(`k${count}`)
    const answer = upstream.ask(question())
    expect(answer).toMatchObject({
      result: {
        cause: 'status',
        reason: 'upstream directory: the service asks for a pause of 30 s (Retry-After)',
      },
    })
    const before = endpoints[0]?.sent.length ?? 0
    clock.advance(29_999)
    void upstream.ask(question())
    expect(endpoints[0]?.sent.length).toBe(before)
    clock.advance(1)
    void upstream.ask(question())
    expect(endpoints[0]?.sent.length).toBe(before + 1)
  })

  test('one lookup at a time tries an open circuit, all others are answered at once', async () => {
    const { ask, state, clock, upstream, question, endpoints } = unknown(refuses())
    for (let count = 0; count < 5; count++) await ask(`k${count}`)
    for (const endpoint of endpoints) endpoint.script = at(says('v'), 100)
    clock.advance(999)
    expect(upstream.ask(question('early'))).not.toBeInstanceOf(Promise)
    clock.advance(1)
    const trial = upstream.ask(question('trial'))
    expect(state.status().endpoints[0]?.circuit).toBe('half-open')
    expect(upstream.ask(question('other'))).not.toBeInstanceOf(Promise)
    await clock.advanceAsync(100)
    expect(kindOf(await trial)).toBe('found')
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
  })

  test('a trial that fails costs nobody else a request until the next is due', async () => {
    const { ask, clock, upstream, question, endpoints } = unknown(refuses())
    for (let count = 0; count < 5; count++) await ask(`k${count}`)
    clock.advance(1000)
    await ask('trial')
    expect(endpoints[0]?.sent).toHaveLength(6)
    clock.advance(999)
    expect(upstream.ask(question('early'))).not.toBeInstanceOf(Promise)
    clock.advance(1)
    expect(upstream.ask(question('next'))).toBeInstanceOf(Promise)
  })

  test('a time-out for lack of time is not counted against the endpoint', async () => {
    const { ask, state, clock } = setUp([silent], { settings: SETTINGS })
    for (let count = 0; count < 5; count++) await ask(`k${count}`, { deadlineMs: clock.monotonicMs() + 249 })
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    for (let count = 0; count < 5; count++) await ask(`k${count}`, { deadlineMs: clock.monotonicMs() + 250 })
    expect(state.status().endpoints[0]?.circuit).toBe('open')
  })
})

describe('Retry-After', () => {
  test('holds for its key at this endpoint, and the other one is asked', async () => {
    const { ask, endpoints, state } = setUp([at(fails(503, { retryAfterMs: 3000 })), at(says('v'))])
    expect(kindOf(await ask('k'))).toBe('found')
    expect(sentTo(endpoints)).toEqual([1, 1])
    expect(kindOf(await ask('other'))).toBe('found')
    expect(sentTo(endpoints)).toEqual([2, 2])
    expect(state.status().endpoints.map(({ circuit, pausedForMs }) => [circuit, pausedForMs])).toEqual([
      ['closed', undefined],
      ['closed', undefined],
    ])
  })

  test('of a retry never pauses the endpoint that was asked next', async () => {
    const paused = at(fails(503, { retryAfterMs: 3000 }))
    const { ask, state } = setUp([paused, paused], {
      settings: { circuitBreaker: { failures: 2, openForMs: 1000 } },
    })
    for (let count = 0; count < 5; count++) await ask(`k${count}`)
    expect(state.status().endpoints.map(({ circuit }) => circuit)).toEqual(['open', 'closed'])
  })

  test('is waited for when the deadline allows, and not otherwise', async () => {
    const script = (_key: string, count: number): Script => ({
      reply: count === 1 ? fails(503, { retryAfterMs: 1000 }) : says('v'),
    })
    const patient = setUp([script])
    expect(kindOf(await patient.ask())).toBe('found')
    const hurried = setUp([script])
    const deadlineMs = hurried.clock.monotonicMs() + 1000
    expect(kindOf(await hurried.ask('k', { deadlineMs }))).toBe('temporary status')
  })

  test('goes up with the answer, so that the key is not asked for again before', async () => {
    const { ask } = setUp([at(fails(429, { retryAfterMs: 7000 }))])
    expect((await ask()).retryAfterMs).toBe(7000)
  })

  test('of the known question pauses the endpoint, and ends with its first good answer', async () => {
    const { ask, good, clock, upstream, question, state } = await known(
      at(fails(503, { retryAfterMs: 20_000 })),
    )
    good.reply = fails(503, { retryAfterMs: 20_000 })
    await ask('k1')
    await ask('k2')
    await settle()
    expect(state.status().endpoints[0]?.pausedForMs).toBe(20_000)
    expect(upstream.ask(question())).toMatchObject({ result: { cause: 'status' } })
    good.reply = says('v')
    await clock.advanceAsync(1000)
    expect(state.status().endpoints[0]).toEqual({ name: '0', circuit: 'closed' })
  })
})
