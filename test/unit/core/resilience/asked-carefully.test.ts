/**
 * Whether a service answers others while a key fails, where a wrong "no" would let somebody in.
 */
import { describe, expect, test } from 'vitest'
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

  for (const [name, reply] of [
    ['refuses the connection', refuses()],
    ['answers 503 to everybody', fails(503)],
    ['refuses the credentials', forbids()],
  ] as const) {
    test(`a service that ${name} is an outage at once`, async () => {
      const running = await known(at(fails(500)))
      running.good.reply = reply
      expect(await carefully(running)).toBe(false)
    })
  }

  for (const [name, reply] of [
    ['no reply', timedOut()],
    ['a body that stops', stalled()],
    ['504', fails(504)],
  ] as const) {
    test(`${name} is one when a known question that was sent twice the time-out later gets none, too`, async () => {
      const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
      const { clock, good } = running
      Object.assign(good, { reply, afterMs: 300 })
      const answer = await settled(carefully(running))
      // Given up after 300 ms, and asked again 4000 ms later.
      await clock.advanceAsync(4599)
      expect(answer()).toBe('not yet')
      await clock.advanceAsync(1)
      expect(answer()).toBe(false)
    })
  }

  test('a good reply of the table in between lets the time begin anew', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    const { clock, good, state } = running
    Object.assign(good, { reply: timedOut(), afterMs: 300 })
    const answer = await settled(carefully(running))
    await clock.advanceAsync(3000)
    state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'others')
    state.endpoints[0]?.heard(clock.monotonicMs(), 'key', 'aliases')
    state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'aliases')
    await clock.advanceAsync(4299)
    expect(answer()).toBe('not yet')
    await clock.advanceAsync(700)
    expect(answer()).toBe(false)
  })

  test('a lookup whose deadline is before that fails at once, and is no outage', async () => {
    const running = await known(at(fails(500)), { settings: { timeoutMs: 2000 } })
    Object.assign(running.good, { reply: timedOut(), afterMs: 300 })
    const answer = await settled(carefully(running, 4299))
    await running.clock.advanceAsync(300)
    expect(answer()).toBe('silent')
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
    expect(await carefully(silentService, 1)).toBe('silent')
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
        expect(await carefully(running)).toBe(false)
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
    expect(await answers).toBe('silent')
  })
})
