/**
 * What opens and closes the circuit of an endpoint: a question whose answer is known, and never what a
 * stranger puts into a key.
 */
import { describe, expect, test } from 'vitest'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, setUp, silent } from '../../../support/core/resilient.ts'
import { fails, refuses, type Script, says, timedOut } from '../../../support/core/scripted-endpoint.ts'
import { known, type Reply } from './circuit-set-up.ts'

const POISON: [what: string, reply: Reply][] = [
  ['500', fails(500)],
  ['503 with Retry-After', fails(503, { retryAfterMs: 30_000 })],
  ['429 with Retry-After', fails(429, { retryAfterMs: 30_000 })],
  ['a reset connection', { ...refuses(), retry: 'any' }],
  ['a time-out', timedOut()],
  ['502', fails(502)],
]

/** How the endpoints are reached. */
const WAY = {}

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

  for (const reply of [fails(502), refuses()]) {
    test(`by ${reply.status ?? 'a refused connection'} once is asked twice more, since it may be one of a few`, async () => {
      const { ask, good, circuit, checks } = await known(at(fails(500)))
      const replies = [reply, reply, says('here')]
      Object.defineProperty(good, 'reply', { get: () => replies.shift() })
      await ask('k1')
      await ask('k2')
      await settle()
      expect(circuit()).toBe('closed')
      expect(checks()).toEqual(['check 0 failed', 'check 0 failed', 'check 0 passed'])
    })
  }

  test('with 502 after a quarter of a second has an open circuit at once', async () => {
    for (const [afterMs, state] of [
      [249, 'closed'],
      [250, 'open'],
    ] as const) {
      const { ask, good, clock, circuit } = await known(at(fails(500)))
      Object.assign(good, { reply: fails(502), afterMs })
      await ask('k1')
      await ask('k2')
      await clock.advanceAsync(afterMs)
      expect([afterMs, circuit()]).toEqual([afterMs, state])
      await clock.advanceAsync(600)
      expect(circuit()).toBe('open')
    }
  })

  test('is noticed within two seconds when it hangs, before any time-out', async () => {
    const { upstream, question, good, clock, circuit } = await known(silent)
    good.afterMs = Number.POSITIVE_INFINITY
    for (let at = 0; at < 10; at++) void upstream.ask(question(`k${at}`))
    await clock.advanceAsync(1248)
    expect(circuit()).toBe('closed')
    await clock.advanceAsync(1)
    expect(circuit()).toBe('open')
  })

  test('sends what waits for it to another one at once when it hangs, but nothing that is sent once only', async () => {
    for (const sideEffects of [false, true]) {
      const asked = { hangs: false }
      const first = (): Script => (asked.hangs ? silent() : { reply: says('first') })
      const { ask, upstream, question, clock, endpoints } = setUp([first, at(says('second'))], {
        settings: { attempts: 1, timeoutMs: 9000, circuitBreaker: { failures: 2, openForMs: 1000 } },
        canary: { key: 'canary', everyMs: 3_600_000, maxAgeMs: 5000 },
        sideEffects,
      })
      upstream.start()
      await ask('k')
      asked.hangs = true
      const answer = Promise.resolve(upstream.ask(question('k')))
      await clock.advanceAsync(sideEffects ? 9000 : 1500)
      expect([(await answer).result.kind, endpoints[1]?.sent.filter((key) => key === 'k').length]).toEqual(
        sideEffects ? ['temporary', 0] : ['found', 1],
      )
      upstream.stop()
    }
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
    state.configure({ ...state.settings, endpoints: ['0', 'new'], maxConcurrent: 7 }, WAY)
    expect(state.status().endpoints.map(({ name, circuit }) => [name, circuit])).toEqual([
      ['0', 'open'],
      ['new', 'closed'],
    ])
    expect(state.limiter.limits.maxConcurrent).toBe(7)
  })

  test('has a closed circuit when it is reached another way, and is not asked by the old one any more', async () => {
    const { ask, good, state, clock, endpoints, events } = await known(at(fails(502)))
    good.reply = fails(502)
    state.configure(state.settings, WAY)
    await ask('k1')
    await ask('k2')
    await settle()
    state.configure(state.settings, {})
    expect(state.status().endpoints).toEqual([{ name: '0', circuit: 'closed' }])
    expect(events.slice(-2)).toEqual(['circuit 0 open', 'circuit 0 closed'])
    const sent = endpoints[0]?.sent.length
    await clock.advanceAsync(60_000)
    expect(endpoints[0]?.sent.length).toBe(sent)
  })

  test('opens nothing when its place is taken while its known question is under way', async () => {
    const { ask, good, state, clock, endpoints, events, checks } = await known(at(fails(502)))
    state.configure(state.settings, WAY)
    good.reply = fails(502)
    good.afterMs = 500
    await ask('k1')
    await ask('k2')
    await settle()
    state.configure(state.settings, {})
    await clock.advanceAsync(500)
    expect(checks()).toEqual(['check 0 failed'])
    expect(events.filter((event) => event.startsWith('circuit'))).toEqual([])
    const sent = endpoints[0]?.sent.length
    await clock.advanceAsync(60_000)
    expect(endpoints[0]?.sent.length).toBe(sent)
  })

  test('is asked and doubted as before when another way is taken back', async () => {
    const { ask, good, state } = await known(at(fails(502)))
    good.reply = fails(502)
    state.configure(state.settings, WAY)
    const before = state.endpoints
    state.configure(state.settings, {})
    expect(state.endpoints).not.toBe(before)
    state.configure(state.settings, WAY)
    // The tables that go on hold this list.
    expect(state.endpoints).toBe(before)
    await ask('k1')
    await ask('k2')
    await settle()
    expect(state.status().endpoints).toMatchObject([{ name: '0', circuit: 'open' }])
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
