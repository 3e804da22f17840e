/** What an upstream fetches for itself, on a manual clock: the values are numbers that last for ten seconds. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { Cancellation } from '../../../src/core/cancellation.ts'
import { temporary } from '../../../src/core/result.ts'
import { type FetchFailure, OwnFetch, type OwnFetchOptions } from '../../../src/upstreams/own-fetch.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

interface Fetched {
  readonly number: number
  readonly atMs: number
}

type Answer = { readonly value: Fetched } | FetchFailure

const DOWN: FetchFailure = { failure: temporary('connect', 'it is down') }
const STOPPING = { kind: 'temporary', cause: 'stopping', reason: 'mapgate is stopping; ask again' }

function fetching(options: Partial<OwnFetchOptions<Fetched, FetchFailure>> = {}) {
  const clock = new ManualClock()
  const events: string[] = []
  const waiting: ((answer: Answer) => void)[] = []
  const own = new OwnFetch<Fetched>({
    what: 'thing',
    title: 'thing of the tests',
    texts: { failing: 'there are no things', valid: 'there are things' },
    endpoint: () => 'things.example:1',
    request: () => new Promise((resolve) => waiting.push(resolve)),
    isUsable: ({ atMs }) => clock.monotonicMs() - atMs < 10_000,
    renewInMs: () => 6000,
    shown: ({ number }) => ({ detail: `number ${number}`, fetchedAtMs: 1 }),
    clock,
    observer: {
      fetchChanged: ({ what, state, text, failure }) => events.push([what, state, text, failure].join(' ')),
    },
    onDefect: (error) => events.push(`defect ${error}`),
    ...options,
  })
  onTestFinished(() => {
    own.stop()
    expect(clock.timers).toBe(0)
  })
  let requests = 0
  /** Answers the request under way. */
  const answer = async (given?: FetchFailure): Promise<void> => {
    const resolve = waiting.shift()
    if (resolve === undefined) throw new Error('nothing was asked')
    requests++
    resolve(given ?? { value: { number: requests, atMs: clock.monotonicMs() } })
    await new Promise(setImmediate)
  }
  return { own, clock, events, waiting, answer }
}

describe('the first one', () => {
  test('is fetched once for all who wait', async () => {
    const { own, waiting, answer } = fetching()
    const replies = [own.wait(1000), own.wait(1000), own.fetch()]
    expect(waiting).toHaveLength(1)
    expect(own.isFetching).toBe(true)
    await answer()
    for (const reply of replies) expect(await reply).toMatchObject({ value: { number: 1 } })
    expect([own.isFetching, own.current?.number]).toEqual([false, 1])
  })

  test('is waited for as long as was said, and no longer', async () => {
    const { own, clock, answer } = fetching()
    let ended: unknown = 'waits'
    void own.wait(1000).then((reply) => {
      ended = reply
    })
    clock.advance(999)
    await new Promise(setImmediate)
    expect(ended).toBe('waits')
    clock.advance(1)
    await new Promise(setImmediate)
    expect(ended).toBe(undefined)
    await answer()
    expect(own.current?.number).toBe(1)
  })

  test('is not waited for by who has given up', async () => {
    const { own, answer } = fetching()
    const cancellation = new Cancellation()
    const reply = own.wait(1000, cancellation)
    cancellation.cancel()
    expect(await reply).toBe(undefined)
    await answer()
  })
})

describe('one in use', () => {
  test('is renewed by a timer from the start on, and not before', async () => {
    const { own, clock, waiting, answer } = fetching()
    void own.fetch()
    await answer()
    expect(clock.timers).toBe(0)
    own.start()
    clock.advance(5999)
    expect(waiting).toHaveLength(0)
    clock.advance(1)
    expect(waiting).toHaveLength(1)
    await answer()
    expect(own.current?.number).toBe(2)
    expect(clock.timers).toBe(1)
  })

  test('is fetched at the start where there is none', async () => {
    const { own, waiting, answer } = fetching()
    own.start()
    own.start()
    expect(waiting).toHaveLength(1)
    await answer()
  })

  test('is not given once it is over, but still known', async () => {
    const { own, clock, answer } = fetching()
    void own.fetch()
    await answer()
    clock.advance(9999)
    expect(own.current?.number).toBe(1)
    clock.advance(1)
    expect([own.current, own.newest?.number]).toEqual([undefined, 1])
  })

  test('is gone when it is dropped', async () => {
    const { own, answer } = fetching()
    void own.fetch()
    await answer()
    own.drop()
    expect([own.current, own.newest, own.status().state]).toEqual([undefined, undefined, 'none'])
  })
})

describe('a failure', () => {
  test('is the answer to all for a second, without a request', async () => {
    const { own, clock, waiting, answer } = fetching()
    const first = own.wait(1000)
    await answer(DOWN)
    expect(await first).toEqual(DOWN)
    clock.advance(999)
    expect(await own.wait(1000)).toEqual(DOWN)
    expect(waiting).toHaveLength(0)
    clock.advance(1)
    const second = own.wait(1000)
    expect(waiting).toHaveLength(1)
    await answer()
    expect(await second).toMatchObject({ value: { number: 2 } })
  })

  test('is said once, and its end, too', async () => {
    const { own, clock, events, answer } = fetching()
    own.start()
    for (let n = 0; n < 3; n++) {
      await answer(DOWN)
      clock.advance(1000)
    }
    await answer()
    expect(events).toEqual(['thing failing there are no things it is down', 'thing valid there are things '])
  })

  test('keeps what is in use, which is asked for again after its own time', async () => {
    const { own, clock, waiting, answer } = fetching({ retryInUseMs: 3000 })
    own.start()
    await answer()
    clock.advance(6000)
    await answer(DOWN)
    expect(own.current?.number).toBe(1)
    clock.advance(2999)
    expect(waiting).toHaveLength(0)
    clock.advance(1)
    await answer(DOWN)
    // Nothing is in use any more.
    clock.advance(999)
    clock.advance(1)
    expect(own.current).toBe(undefined)
  })

  test('may hold for longer, by how many there were in a row', async () => {
    const { own, clock, waiting, answer } = fetching({ retryMs: (_failure, before) => 1000 * 2 ** before })
    own.start()
    for (const pauseMs of [1000, 2000, 4000]) {
      await answer(DOWN)
      clock.advance(pauseMs - 1)
      expect(waiting).toHaveLength(0)
      clock.advance(1)
      expect(waiting).toHaveLength(1)
    }
    await answer()
    clock.advance(6000)
    await answer(DOWN)
    clock.advance(999)
    expect(waiting).toHaveLength(0)
    clock.advance(1)
    expect(waiting).toHaveLength(1)
    await answer()
  })

  test('that is a bug here is said to be one', async () => {
    const { own, events, answer } = fetching()
    void own.fetch()
    await answer({ ...DOWN, defect: 'a bug' })
    expect(events).toEqual(['defect a bug', 'thing failing there are no things it is down'])
  })
})

describe('the status', () => {
  const named = { what: 'thing', title: 'thing of the tests', endpoint: 'things.example:1' }

  test('says that there is none, that one is in use, and that an older one is', async () => {
    const { own, answer } = fetching()
    expect(own.status()).toEqual({ ...named, state: 'none' })
    void own.fetch()
    await answer()
    expect(own.status()).toEqual({ ...named, state: 'valid', detail: 'number 1', fetchedAtMs: 1 })
    void own.fetch()
    await answer(DOWN)
    expect(own.status()).toEqual({
      ...named,
      state: 'failing',
      detail: 'number 1',
      fetchedAtMs: 1,
      lastFailure: 'it is down',
    })
  })
})

describe('after a change of how it is fetched', () => {
  test('a reply of before is for those who waited for it, and for nobody else', async () => {
    const { own, events, waiting, answer } = fetching()
    const before = own.wait(1000)
    own.restart()
    const after = own.wait(1000)
    expect(waiting).toHaveLength(2)
    await answer(DOWN)
    expect(await before).toEqual(DOWN)
    expect([own.failure, events]).toEqual([undefined, []])
    await answer()
    expect(await after).toMatchObject({ value: { number: 2 } })
  })

  test('a failure of before does not count, and one is fetched at once', async () => {
    const { own, clock, waiting, answer } = fetching()
    own.start()
    await answer(DOWN)
    own.restart()
    expect([own.failure, own.status().state]).toEqual([undefined, 'none'])
    clock.advance(0)
    expect(waiting).toHaveLength(1)
    await answer()
  })

  test('nothing is fetched where nothing is needed', async () => {
    let isNeeded = false
    const { own, clock, waiting, answer } = fetching({ isNeeded: () => isNeeded })
    own.start()
    expect(await own.wait(1000)).toEqual({ failure: STOPPING })
    expect([waiting.length, clock.timers]).toEqual([0, 0])
    isNeeded = true
    own.start()
    await answer()
    isNeeded = false
    own.restart()
    expect(clock.timers).toBe(0)
  })
})

test('after the end nothing is fetched, and who asks is told so', async () => {
  const { own, clock, events, waiting, answer } = fetching()
  own.start()
  own.stop()
  await answer(DOWN)
  expect(events).toEqual([])
  expect([await own.wait(1000), await own.fetch()]).toEqual([{ failure: STOPPING }, { failure: STOPPING }])
  expect([own.failure, waiting.length, clock.timers]).toEqual([STOPPING, 0, 0])
})
