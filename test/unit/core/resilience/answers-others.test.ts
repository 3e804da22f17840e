/**
 * Whether a service answers others while a key fails: only a question that is known to be found shows it.
 */
import { describe, expect, test } from 'vitest'
import { at, setUp, silent } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  says,
  saysNotFound,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'
import { known } from './circuit-set-up.ts'

type Running = Awaited<ReturnType<typeof known>>

/** Asks for a key that fails, and then whether others are answered. */
async function afterFailure(
  { ask, upstream, clock }: Pick<Running, 'ask' | 'upstream' | 'clock'>,
  withinMs = 5000,
) {
  const sinceMs = clock.monotonicMs()
  await ask('bad')
  const answers = Promise.resolve(upstream.answersOthers(sinceMs, clock.monotonicMs() + withinMs))
  await clock.advanceAsync(2000)
  return answers
}

describe('a service that fails for one key', () => {
  test('answers others where a known question is found', async () => {
    const running = await known(at(fails(500)))
    expect(await afterFailure(running)).toBe(true)
    expect(running.endpoints[0]?.sent.at(-1)).toBe('good')
  })

  test('is asked at most once in half a second, however many keys fail', async () => {
    const { upstream, clock, endpoints } = await known(at(fails(500)))
    const asked = () => endpoints[0]?.sent.length
    const ask = () => upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 5000)
    const [one, other] = [ask(), ask()]
    expect([await one, await other, asked()]).toEqual([true, true, 2])
    clock.advance(499)
    expect([ask(), asked()]).toEqual([true, 2])
    clock.advance(1)
    expect([await ask(), asked()]).toEqual([true, 3])
  })

  const failing = [
    ['refuses the connection', refuses()],
    ['answers 500 to everybody', fails(500)],
    ['refuses the credentials', forbids()],
    ['has lost the key', saysNotFound()],
    ['does not reply', timedOut()],
  ] as const
  for (const [name, reply] of failing) {
    test(`does not answer others where it ${name}`, async () => {
      const running = await known(at(fails(500)))
      running.good.reply = reply
      expect(await afterFailure(running)).toBe(false)
    })
  }

  test('does not answer others while its circuit is open, and is not asked for it', async () => {
    const { upstream, clock, endpoints, ask, good, circuit } = await known(at(refuses()))
    good.reply = refuses()
    for (const key of ['a', 'b', 'c']) await ask(key)
    expect(circuit()).toBe('open')
    const before = endpoints[0]?.sent.length
    expect(upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 5000)).toBe(false)
    expect(endpoints[0]?.sent.length).toBe(before)
  })

  test('another endpoint that answers is enough', async () => {
    const running = setUp([at(refuses()), (key) => ({ reply: key === 'good' ? says('here') : fails(500) })])
    await running.ask('good')
    expect(await afterFailure(running)).toBe(true)
  })
})

test('one reset of many is asked about again, and a service that is down is not waited for', async () => {
  const running = await known(at(fails(500)))
  const { upstream, clock, good, endpoints } = running
  const replies = [refuses(), says('here'), fails(503)]
  Object.defineProperty(good, 'reply', { get: () => replies.shift() })
  expect(await upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 5000)).toBe(true)
  expect(endpoints[0]?.sent).toEqual(['good', 'good', 'good'])
  clock.advance(500)
  good.afterMs = 300
  const answers = Promise.resolve(upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 5000))
  await clock.advanceAsync(300)
  expect(await answers).toBe(false)
  expect(endpoints[0]?.sent.length).toBe(4)
})

test('the questions of the table decide, whatever others are told', async () => {
  const { upstream, clock, good, state } = await known(at(fails(500)))
  state.endpoints[0]?.known.addCanary({ table: 'others', send: async () => says('here') }, 'canary')
  good.reply = fails(500)
  const ask = () => upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 5000)
  expect(await ask()).toBe(false)
  good.reply = says('here')
  clock.advance(500)
  expect(await ask()).toBe(true)
})

describe('where no question is known', () => {
  test('a good reply since the lookup began shows that others are answered', async () => {
    const { upstream, clock, ask } = setUp([at(saysNotFound())])
    const beforeMs = clock.monotonicMs()
    clock.advance(10)
    await ask('k')
    const answeredMs = clock.monotonicMs()
    clock.advance(10)
    expect(upstream.answersOthers(beforeMs, clock.monotonicMs() + 5000)).toBe(true)
    expect(upstream.answersOthers(answeredMs + 1, clock.monotonicMs() + 5000)).toBeUndefined()
  })
})

describe('a lookup that has no time left', () => {
  test('goes by the replies that arrived since it began, and asks nobody', async () => {
    const { upstream, clock, endpoints } = await known(silent)
    const nowMs = clock.monotonicMs()
    expect(upstream.answersOthers(nowMs - 1, nowMs)).toBe(true)
    expect(upstream.answersOthers(nowMs, nowMs)).toBe(false)
    expect(endpoints[0]?.sent.length).toBe(1)
  })

  test('goes by a known question that was found meanwhile', async () => {
    const { upstream, clock, state } = await known(silent)
    const sinceMs = clock.monotonicMs()
    clock.advance(600)
    expect(await upstream.answersOthers(sinceMs, clock.monotonicMs() + 5000)).toBe(true)
    clock.advance(600)
    expect(upstream.answersOthers(sinceMs, clock.monotonicMs())).toBe(true)
    expect(state.endpoints[0]?.goodAtMs).toBeLessThan(sinceMs)
  })

  test('waits for a known question until its deadline', async () => {
    const { upstream, clock, good } = await known(silent)
    good.reply = timedOut()
    good.afterMs = Number.POSITIVE_INFINITY
    const answers = Promise.resolve(upstream.answersOthers(clock.monotonicMs(), clock.monotonicMs() + 200))
    let isSettled = false
    void answers.then(() => {
      isSettled = true
    })
    await clock.advanceAsync(199)
    expect(isSettled).toBe(false)
    await clock.advanceAsync(1)
    expect(await answers).toBe(false)
  })
})
