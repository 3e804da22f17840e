/**
 * Whether a service answers others while a key fails, where a wrong "no" would let somebody in.
 */
import { describe, expect, test } from 'vitest'
import { temporary } from '../../../../src/core/result.ts'
import { at, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  says,
  saysNotFound,
  stalled,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'
import { known } from './circuit-set-up.ts'

type Running = Awaited<ReturnType<typeof known>>

describe('asked carefully, where a wrong "no" would let somebody in', () => {
  const carefully = ({ upstream, clock }: Pick<Running, 'upstream' | 'clock'>, withinMs = 60_000) => {
    const sinceMs = clock.monotonicMs()
    return Promise.resolve(
      upstream.health.answersOthers({ sinceMs, deadlineMs: sinceMs + withinMs, isCareful: true }),
    )
  }
  const settled = async (answers: Promise<unknown>) => {
    let answer: unknown = 'not yet'
    void answers.then((later) => {
      answer = later
    })
    await Promise.resolve()
    return () => answer
  }

  test('a service that refuses the connection is an outage at once', async () => {
    const running = await known(at(fails(500)))
    running.good.reply = refuses()
    expect(await carefully(running)).toBe(false)
  })

  test('so is one for which there is no access token, as nothing can be sent', async () => {
    const running = await known(at(fails(500)))
    running.good.reply = {
      result: temporary('token', 'no token'),
      evidence: 'none',
      retry: 'none',
      isUnsent: true,
    }
    expect(await carefully(running)).toBe(false)
  })

  for (const [name, reply] of [
    ['no reply', timedOut()],
    ['a body that stops', stalled()],
    ['504', fails(504)],
    ['503', fails(503)],
    ['500', fails(500)],
    ['429', fails(429)],
    ['a refused credential', forbids()],
    ['a reset', { ...refuses(), retry: 'any' }],
  ] as const) {
    test(`${name} is one when a known question fails that was sent twice the time-out after the last lookup`, async () => {
      const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
      const { clock, good } = running
      Object.assign(good, { reply, afterMs: 300 })
      const answer = await settled(carefully(running))
      let seenMs = 0
      for (; answer() === 'not yet' && seenMs < 20_000; seenMs += 100) await clock.advanceAsync(100)
      expect(answer()).toBe(false)
      // Three times the time-out since the first failure; then the next question, of at most three.
      expect(seenMs).toBeGreaterThan(6300)
      expect(seenMs).toBeLessThanOrEqual(6300 + 500 + 3 * 300 + 900)
    })
  }

  for (const status of [429, 503, 500]) {
    test(`${status} is none while others of the table are answered`, async () => {
      const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
      const { clock, good, state } = running
      Object.assign(good, { reply: fails(status), afterMs: 20 })
      const answer = await settled(carefully(running, 30_000))
      for (let at = 0; at < 300; at++) {
        if (at === 220) expect(answer()).toBe('not yet')
        await clock.advanceAsync(100)
        state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'aliases')
      }
      expect(answer()).toBe('failing')
    })
  }

  for (const [how, isAsked] of [
    ['a known question', true],
    ['a lookup', false],
  ] as const) {
    test(`failures of long ago count for nothing after ${how} got a good reply`, async () => {
      const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
      const { clock, good, state } = running
      Object.assign(good, { reply: timedOut(), afterMs: 300 })
      const first = carefully(running, 1000)
      await clock.advanceAsync(1000)
      expect(await first).toBe('failing')
      Object.assign(good, { reply: says('here'), afterMs: undefined })
      await clock.advanceAsync(60_000)
      if (isAsked) expect(await carefully(running)).toBe(true)
      else state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'aliases')
      await clock.advanceAsync(60_000)
      Object.assign(good, { reply: timedOut(), afterMs: 300 })
      const second = carefully(running, 1000)
      await clock.advanceAsync(1000)
      expect(await second).toBe('failing')
    })
  }

  test('while it fails for longer than the time-out, only known questions are sent', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    const { clock, good, state, endpoints, ask } = running
    Object.assign(good, { reply: fails(503), afterMs: 20 })
    const first = carefully(running, 1000)
    await clock.advanceAsync(1000)
    expect(await first).toBe('failing')
    const sent = () => endpoints[0]?.sent.filter((key) => key !== 'good')
    await ask('early')
    await clock.advanceAsync(1500)
    expect(await ask('late')).toMatchObject({ result: { kind: 'temporary', cause: 'circuit' } })
    expect(sent()).toEqual(['early'])
    expect(state.endpoints[0]?.isAvailable(clock.monotonicMs(), 'others')).toBe(true)
    Object.assign(good, { reply: says('here'), afterMs: undefined })
    expect(await carefully(running)).toBe(true)
    await ask('again')
    expect(sent()).toEqual(['early', 'again'])
  })

  test('a good reply of the table in between lets the time begin anew', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    const { clock, good, state } = running
    Object.assign(good, { reply: timedOut(), afterMs: 300 })
    const answer = await settled(carefully(running))
    await clock.advanceAsync(3000)
    state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'others')
    state.endpoints[0]?.heard(clock.monotonicMs(), 'key', 'aliases')
    state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'aliases')
    await clock.advanceAsync(6000)
    expect(answer()).toBe('not yet')
    await clock.advanceAsync(2000)
    expect(answer()).toBe(false)
  })

  test('a lookup whose deadline is before that fails at once, and is no outage', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    Object.assign(running.good, { reply: timedOut(), afterMs: 300 })
    const answer = await settled(carefully(running, 6300))
    await running.clock.advanceAsync(300)
    expect(answer()).toBe('failing')
  })

  test('a known question that is found ends it', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    const { clock, good } = running
    Object.assign(good, { reply: timedOut(), afterMs: 300 })
    const answer = await settled(carefully(running))
    await clock.advanceAsync(3000)
    Object.assign(good, { reply: says('here'), afterMs: undefined })
    await clock.advanceAsync(1300)
    expect(answer()).toBe(true)
  })

  test('while the circuit is open it is what opened it that decides', async () => {
    const silentService = await known(silent)
    const { clock, good, ask, circuit } = silentService
    Object.assign(good, { reply: timedOut(), afterMs: Number.POSITIVE_INFINITY })
    for (const key of ['a', 'b', 'c']) void ask(key)
    await clock.advanceAsync(2500)
    expect(circuit()).toBe('open')
    expect(await carefully(silentService, 1)).toBe('failing')
    const refusing = await known(at(refuses()))
    refusing.good.reply = refuses()
    for (const key of ['a', 'b', 'c']) await refusing.ask(key)
    expect(refusing.circuit()).toBe('open')
    expect(await carefully(refusing, 1)).toBe(false)
  })

  describe('a canary that is "not found"', () => {
    const withCanary = async () => {
      const running = await known(at(fails(500)))
      const found = running.state.endpoints[0]?.known
      found?.addCanary({ table: 'aliases', send: async () => saysNotFound() }, 'canary')
      running.good.reply = saysNotFound()
      return { ...running, found }
    }

    test('is no outage by itself', async () => {
      expect(await carefully(await withCanary())).toBe('missing')
    })

    test('is none where another table is well', async () => {
      const running = await withCanary()
      running.found?.addCanary({ table: 'others', send: async () => says('here') }, 'canary')
      expect(await carefully(running)).toBe('missing')
    })

    test('is none where another key of the table is found', async () => {
      const running = await withCanary()
      running.good.reply = says('here')
      expect(await carefully(running)).toBe(true)
    })

    for (const [name, reply] of [
      ['fails, too', fails(500)],
      ['has lost its own, too', saysNotFound()],
    ] as const) {
      test(`is one where another table ${name}`, async () => {
        const running = await withCanary()
        running.found?.addCanary({ table: 'others', send: async () => reply }, 'canary')
        const answer = await settled(carefully(running))
        await running.clock.advanceAsync(2900)
        expect(answer()).toBe('not yet')
        await running.clock.advanceAsync(12_000)
        expect(answer()).toBe(false)
      })
    }
  })

  test('of two endpoints, one that may be busy is enough for no outage', async () => {
    const running = setUp([at(refuses()), (key) => ({ reply: key === 'good' ? timedOut() : fails(500) })], {
      settings: { timeoutMs: 2000 },
    })
    const { state, clock } = running
    for (const endpoint of state.endpoints)
      endpoint.known.addCanary(
        { table: 'aliases', send: async () => (endpoint.name === '0' ? refuses() : timedOut()) },
        'canary',
      )
    const answers = carefully(running, 1000)
    await clock.advanceAsync(1000)
    expect(await answers).toBe('failing')
  })
})
