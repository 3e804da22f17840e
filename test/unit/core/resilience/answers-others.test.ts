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
  stalled,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'
import { known, type Reply } from './circuit-set-up.ts'
import { claim } from './slots-set-up.ts'

type Running = Awaited<ReturnType<typeof known>>

/** Asks for a key that fails, and then whether others are answered. */
async function afterFailure(
  { ask, upstream, clock }: Pick<Running, 'ask' | 'upstream' | 'clock'>,
  withinMs = 5000,
) {
  const sinceMs = clock.monotonicMs()
  await ask('bad')
  const answers = Promise.resolve(
    upstream.health.answersOthers({ sinceMs, deadlineMs: clock.monotonicMs() + withinMs }),
  )
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
    const ask = () =>
      upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 5000 })
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
    ['does not reply', timedOut()],
  ] as const
  for (const [name, reply] of failing) {
    test(`does not answer others where it ${name}`, async () => {
      const running = await known(at(fails(500)))
      running.good.reply = reply
      expect(await afterFailure(running)).toBe(false)
    })
  }

  test('does not answer others where it has lost the canary', async () => {
    const running = await known(at(fails(500)))
    const { state, endpoints } = running
    state.endpoints[0]?.known.addCanary({ table: 'aliases', send: async () => saysNotFound() }, 'canary')
    running.good.reply = saysNotFound()
    expect(await afterFailure(running)).toBe(false)
    expect(endpoints[0]?.sent).toEqual(['good', 'bad', 'good'])
  })

  test('answers others where the only key that it found is deleted, and where another is found still', async () => {
    const running = await known(at(fails(500)))
    const { state, good, endpoints, clock } = running
    good.reply = saysNotFound()
    expect(await afterFailure(running)).toBe(true)
    expect(endpoints[0]?.sent).toEqual(['good', 'bad', 'good'])
    const others: string[] = []
    const send = async (key: string) => {
      others.push(key)
      return says('here')
    }
    const found = state.endpoints[0]?.known
    found?.remember({ table: 'others', send }, 'other', clock.monotonicMs() + 1000)
    found?.remember(
      { table: 'aliases', send: async () => saysNotFound() },
      'gone',
      clock.monotonicMs() + 2000,
    )
    expect(await afterFailure(running)).toBe(true)
    expect(others).toEqual(['other'])
  })

  test('does not answer others where the key that it found is deleted, and the other tables fail', async () => {
    const running = await known(at(fails(500)))
    running.good.reply = saysNotFound()
    const { state } = running
    state.endpoints[0]?.known.addCanary({ table: 'others', send: async () => fails(500) }, 'canary')
    expect(await afterFailure(running)).toBe(false)
  })

  test('does not answer others while its circuit is open, and is not asked for it', async () => {
    const { upstream, clock, endpoints, ask, good, circuit } = await known(at(refuses()))
    good.reply = refuses()
    for (const key of ['a', 'b', 'c']) await ask(key)
    expect(circuit()).toBe('open')
    const before = endpoints[0]?.sent.length
    expect(
      upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 5000 }),
    ).toBe(false)
    expect(endpoints[0]?.sent.length).toBe(before)
  })

  test('another endpoint that answers is enough', async () => {
    const running = setUp([at(refuses()), (key) => ({ reply: key === 'good' ? says('here') : fails(500) })])
    await running.ask('good')
    expect(await afterFailure(running)).toBe(true)
  })
})

test('a body that stops is as good as no reply: nothing is asked again', async () => {
  const { upstream, clock, good, endpoints } = await known(at(fails(500)))
  good.reply = stalled()
  expect(
    await upstream.health.answersOthers({
      sinceMs: clock.monotonicMs(),
      deadlineMs: clock.monotonicMs() + 5000,
    }),
  ).toBe(false)
  expect(endpoints[0]?.sent).toEqual(['good', 'good'])
})

test('one reset of many is asked about again, and a service that is down is not waited for', async () => {
  const running = await known(at(fails(500)))
  const { upstream, clock, good, endpoints } = running
  const replies = [refuses(), says('here'), fails(503)]
  Object.defineProperty(good, 'reply', { get: () => replies.shift() })
  expect(
    await upstream.health.answersOthers({
      sinceMs: clock.monotonicMs(),
      deadlineMs: clock.monotonicMs() + 5000,
    }),
  ).toBe(true)
  expect(endpoints[0]?.sent).toEqual(['good', 'good', 'good'])
  clock.advance(500)
  good.afterMs = 300
  const answers = Promise.resolve(
    upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 5000 }),
  )
  await clock.advanceAsync(300)
  expect(await answers).toBe(false)
  expect(endpoints[0]?.sent.length).toBe(4)
})

test('the questions of the table decide, whatever others are told', async () => {
  const { upstream, clock, good, state } = await known(at(fails(500)))
  state.endpoints[0]?.known.addCanary({ table: 'others', send: async () => says('here') }, 'canary')
  good.reply = fails(500)
  const ask = () =>
    upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 5000 })
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
    expect(upstream.health.answersOthers({ sinceMs: beforeMs, deadlineMs: clock.monotonicMs() + 5000 })).toBe(
      true,
    )
    expect(
      upstream.health.answersOthers({ sinceMs: answeredMs + 1, deadlineMs: clock.monotonicMs() + 5000 }),
    ).toBeUndefined()
  })
})

test('the last good reply to a lookup is known, and that to a canary is none', async () => {
  const { upstream, clock, ask, endpoints } = setUp([at(says('here'))], {
    canary: { key: 'canary', everyMs: 60_000, maxAgeMs: 120_000 },
  })
  upstream.start()
  await clock.advanceAsync(0)
  expect(endpoints[0]?.sent.length).toBe(1)
  expect(upstream.goodAtMs).toBe(Number.NEGATIVE_INFINITY)
  await ask('k')
  expect(upstream.goodAtMs).toBe(clock.monotonicMs())
})

describe('a lookup that has no time left', () => {
  test('is no outage where none is seen, and asks nobody', async () => {
    const { upstream, clock, endpoints } = await known(silent)
    const nowMs = clock.monotonicMs()
    expect(upstream.health.answersOthers({ sinceMs: nowMs, deadlineMs: nowMs })).toBe(true)
    expect(endpoints[0]?.sent.length).toBe(1)
  })

  test('goes by what known questions said since it began', async () => {
    const { upstream, clock, good } = await known(silent)
    const sinceMs = clock.monotonicMs()
    good.reply = fails(500)
    expect(await upstream.health.answersOthers({ sinceMs, deadlineMs: clock.monotonicMs() + 5000 })).toBe(
      false,
    )
    clock.advance(500)
    expect(upstream.health.answersOthers({ sinceMs, deadlineMs: clock.monotonicMs() })).toBe(false)
    expect(upstream.health.answersOthers({ sinceMs: sinceMs + 1, deadlineMs: clock.monotonicMs() })).toBe(
      true,
    )
  })

  test('waits for a known question until its deadline', async () => {
    const { upstream, clock, good } = await known(silent)
    good.reply = timedOut()
    good.afterMs = Number.POSITIVE_INFINITY
    const answers = Promise.resolve(
      upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 200 }),
    )
    let isSettled = false
    void answers.then(() => {
      isSettled = true
    })
    await clock.advanceAsync(199)
    expect(isSettled).toBe(false)
    await clock.advanceAsync(1)
    expect(await answers).toBe(true)
  })
})

test('known questions that find no slot show no outage: the queue is ours', async () => {
  const { upstream, clock, state, endpoints } = await known(silent, { settings: { maxConcurrent: 1 } })
  expect(state.limiter.take(claim('aliases'), clock.monotonicMs() + 60_000)).toBe(true)
  const answers = Promise.resolve(
    upstream.health.answersOthers({ sinceMs: clock.monotonicMs(), deadlineMs: clock.monotonicMs() + 5000 }),
  )
  await clock.advanceAsync(3000)
  expect(await answers).toBe(true)
  expect(endpoints[0]?.sent).toEqual(['good'])
})

describe('fifty keys that fail each second', () => {
  /** Known questions of ten seconds. */
  const askedIn10s = async (reply: Reply) => {
    const { upstream, clock, endpoints, good } = await known(at(fails(500)))
    good.reply = reply
    for (let count = 0; count < 500; count++) {
      void upstream.health.answersOthers({
        sinceMs: clock.monotonicMs(),
        deadlineMs: clock.monotonicMs() + 5000,
      })
      await clock.advanceAsync(20)
    }
    return (endpoints[0]?.sent.length ?? 0) - 1
  }

  test('cost the service two known questions a second', async () => {
    expect(await askedIn10s(says('here'))).toBe(20)
  })

  test('cost it six a second where it answers none of them', async () => {
    expect(await askedIn10s(forbids())).toBe(60)
  })
})

test('the limit: a service that answers its known questions only is no outage, however long', async () => {
  const { upstream, clock, ask, circuit } = await known(at(fails(500)))
  for (let minute = 0; minute < 10; minute++) {
    for (const key of ['a', 'b', 'c']) await ask(`${key}${minute}`)
    expect(
      await upstream.health.answersOthers({
        sinceMs: clock.monotonicMs(),
        deadlineMs: clock.monotonicMs() + 5000,
      }),
    ).toBe(true)
    expect(circuit()).toBe('closed')
    await clock.advanceAsync(60_000)
  }
})
