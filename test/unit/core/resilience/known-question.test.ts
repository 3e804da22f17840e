import { describe, expect, test } from 'vitest'
import { Attributes } from '../../../../src/core/attributes.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { ResilientUpstream } from '../../../../src/core/resilience/resilient-upstream.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  type Script,
  ScriptedEndpoint,
  says,
  saysNotFound,
} from '../../../support/core/scripted-endpoint.ts'
import { known, type Reply, SETTINGS } from './circuit-set-up.ts'

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

  test('of the canaries is the one that was found last, so that tables that fail open no circuit for the others', async () => {
    const { state, upstream, clock, ask } = setUp([at(fails(500))], { settings: SETTINGS })
    const asked: string[] = []
    const canary = (table: string, reply: Reply) => {
      const send = async () => {
        asked.push(table)
        return reply
      }
      state.endpoints[0]?.known.addCanary({ table, send }, 'canary')
    }
    for (const table of ['a', 'b', 'c']) canary(table, fails(500))
    canary('aliases', says('here'))
    expect(
      await upstream.health.answersOthers({
        sinceMs: clock.monotonicMs(),
        deadlineMs: clock.monotonicMs() + 5000,
      }),
    ).toBe(true)
    await ask('k1')
    await ask('k2')
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    expect(asked).toEqual(['aliases', 'aliases'])
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

  test('is a canary of attributes for a table with side effects, which has no other', async () => {
    const attributes = new Attributes([['sender', 'known@a.example']], [['password', 'geheim']])
    let canaryReply = says('REJECT')
    const { ask, upstream, state, clock, endpoints } = setUp(
      [(key) => ({ reply: key === 'sender=known@a.example' ? canaryReply : fails(500) })],
      {
        settings: SETTINGS,
        sideEffects: true,
        canary: { key: 'sender=known@a.example', attributes, everyMs: 3_600_000, maxAgeMs: 5000 },
      },
    )
    upstream.start()
    await settle()
    clock.advance(1000)
    for (const key of ['poison1', 'poison2']) await ask(key, { attributes: new Attributes([]) })
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    const asked = endpoints[0]?.options.filter((options) => options.attributes === attributes)
    expect(asked).toHaveLength(2)
    canaryReply = fails(500)
    clock.advance(1000)
    for (const key of ['poison3', 'poison4']) await ask(key, { attributes: new Attributes([]) })
    await settle()
    expect(state.status().endpoints[0]?.circuit).toBe('open')
    canaryReply = says('REJECT')
    await clock.advanceAsync(2000)
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
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

  test('that has no answer is not the last word while lookups are answered: another one is asked', async () => {
    const broken = { good: false }
    const { ask, upstream, question, clock, state, events } = setUp(
      [
        (key) => {
          if (key.startsWith('poison')) return { reply: fails(500) }
          return key === 'good' && broken.good ? silent() : { reply: says('v') }
        },
      ],
      { settings: SETTINGS },
    )
    await ask('other')
    clock.advance(1000)
    await ask('good')
    clock.advance(1000)
    broken.good = true
    await ask('poison1')
    void upstream.ask(question('poison2'))
    await clock.advanceAsync(500)
    await ask('third')
    await clock.advanceAsync(500)
    expect(events.filter((event) => event.startsWith('c'))).toEqual(['check 0 failed', 'check 0 passed'])
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
  })

  test('is asked by the new route after a reload of its table', async () => {
    const { ask, good, state, clock, upstream } = await known(at(fails(500)))
    const renewed = new ScriptedEndpoint('0', clock, () => ({ reply: good.reply }))
    const next = new ResilientUpstream({
      table: 'aliases',
      state,
      endpoints: [renewed],
      sideEffects: false,
      canary: undefined,
      observer: silentObserver.table('aliases'),
      onDefect: (error) => expect.unreachable(String(error)),
    })
    next.start()
    upstream.stop()
    await ask('poison1')
    await ask('poison2')
    await settle()
    expect(renewed.sent).toEqual(['good'])
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
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

  test('failures beside a good answer open none within five seconds, whoever makes them', async () => {
    const { ask, state, clock, endpoints } = unknown(saysNotFound())
    const [endpoint] = endpoints
    if (endpoint === undefined) throw new TypeError('no endpoint')
    await ask('right')
    endpoint.script = at(refuses())
    for (let count = 0; count < 20; count++) await ask(`made-up${count}`)
    clock.advance(4999)
    await ask('made-up')
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    clock.advance(1)
    await ask('another')
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

  test('that ends is announced, so that no key waits for the rest of its own', async () => {
    const { ask, good, clock, circuit, upstream } = await known(at(fails(503, { retryAfterMs: 20_000 })), {
      settings: { circuitBreaker: { failures: 2, openForMs: 1000 } },
    })
    expect(upstream.recoveredAtMs).toBe(Number.NEGATIVE_INFINITY)
    good.reply = fails(503, { retryAfterMs: 20_000 })
    await Promise.all([ask('a'), ask('b')])
    await settle()
    expect([circuit(), upstream.recoveredAtMs]).toEqual(['open', Number.NEGATIVE_INFINITY])
    good.reply = says('here')
    await clock.advanceAsync(1000)
    expect([circuit(), upstream.recoveredAtMs]).toEqual(['closed', clock.monotonicMs()])
  })
})
