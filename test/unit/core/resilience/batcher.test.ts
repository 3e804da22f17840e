import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { fails, refuses, says, timedOut } from '../../../support/core/scripted-endpoint.ts'
import { each, echo, type Script, setUp, shown } from './batcher-set-up.ts'
import type { BatchScript } from './scripted-batch-endpoint.ts'

const silent: Script = () => ({ all: timedOut(), afterMs: Number.POSITIVE_INFINITY })

describe('a batch', () => {
  test('has the questions of one turn of the event loop, and each gets its own answer', async () => {
    const { ask, sent, events } = setUp([echo])
    const answers = Promise.all([ask('a'), ask('absent'), ask('c')])
    expect(sent()).toEqual([[]])
    expect(shown(await answers)).toEqual(['<a>', 'notfound', '<c>'])
    expect(sent()).toEqual([['a absent c']])
    expect(events).toEqual(['0 found'])
  })

  test('has the questions that other turns of the microtask queue bring', async () => {
    const { ask, sent } = setUp([echo])
    const first = ask('a')
    await Promise.resolve()
    await Promise.all([first, ask('b')])
    expect(sent()).toEqual([['a b']])
  })

  test('does not have the questions of the next turn', async () => {
    const { ask, sent } = setUp([echo])
    await ask('a')
    await ask('b')
    expect(sent()).toEqual([['a', 'b']])
  })

  test('has at most maxKeys keys: what is more goes in another one at once', async () => {
    const { ask, sent } = setUp([echo], { maxKeys: 2 })
    const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => ask(key)))
    expect(sent()).toEqual([['a b', 'c d']])
    expect(shown(await answers)).toEqual(['<a>', '<b>', '<c>', '<d>', '<e>'])
    expect(sent()).toEqual([['a b', 'c d', 'e']])
  })

  test('goes on collecting when the one before it is answered', async () => {
    const { ask, clock, sent } = setUp([each((key) => says(`<${key}>`), 50)], { maxWaitMs: 100 })
    const first = ask('a')
    await clock.advanceAsync(120)
    const second = ask('b')
    await clock.advanceAsync(40)
    expect(shown([await first])).toEqual(['<a>'])
    const third = ask('c')
    await clock.advanceAsync(110)
    expect(shown(await Promise.all([second, third]))).toEqual(['<b>', '<c>'])
    expect(sent()).toEqual([['a', 'b c']])
  })

  test('has keys that were answered before, or keys that never were: a silent one makes only others of its sort wait', async () => {
    const silentFor = (keys: readonly string[]): BatchScript =>
      keys.some((key) => key.startsWith('silent'))
        ? { all: timedOut(), afterMs: Number.POSITIVE_INFINITY }
        : { each: () => says('v') }
    const { ask, clock, sent } = setUp([silentFor])
    await Promise.all([ask('a'), ask('b')])
    const answers = Promise.all([ask('a'), ask('b'), ask('stored', { wasAnswered: true })])
    const others = Promise.all([ask('silent'), ask('new')])
    expect(shown(await answers)).toEqual(['v', 'v', 'v'])
    await settle()
    expect(sent()).toEqual([['a b', 'a b stored', 'silent new']])
    await clock.advanceAsync(6000)
    expect(shown(await others)).toEqual(['temporary timeout', 'v'])
  })

  test('has an equal key once, for both who ask', async () => {
    const { ask, sent } = setUp([echo])
    expect(shown(await Promise.all([ask('a'), ask('a'), ask('b')]))).toEqual(['<a>', '<a>', '<b>'])
    expect(sent()).toEqual([['a b']])
  })

  for (const [waitedMs, requests] of [
    [9, 0],
    [10, 1],
  ] as const) {
    test(`with a maxWait of 10 ms has led to ${requests} requests after ${waitedMs} ms`, async () => {
      const { ask, clock, sent } = setUp([echo], { maxWaitMs: 10 })
      const first = ask('a')
      await clock.advanceAsync(5)
      const second = ask('b')
      await clock.advanceAsync(waitedMs - 5)
      expect(sent()[0]?.length).toBe(requests)
      await clock.advanceAsync(260)
      expect(shown(await Promise.all([first, second]))).toEqual(['<a>', '<b>'])
      expect(sent()).toEqual([['a b']])
      expect(clock.timers).toBe(0)
    })
  }

  test('that is full does not wait, and leaves no timer behind', async () => {
    const { ask, clock, sent } = setUp([echo], { maxWaitMs: 1000, maxKeys: 2 })
    await Promise.all([ask('a'), ask('b')])
    expect(sent()).toEqual([['a b']])
    clock.advance(250)
    expect(clock.timers).toBe(0)
  })

  test('takes more questions while it waits for a place', async () => {
    const busy = each((key) => says(`<${key}>`), 100)
    const { ask, clock, sent } = setUp([busy], { settings: { maxConcurrent: 1 } })
    const answers = [ask('a')]
    await settle()
    answers.push(ask('b'))
    await settle()
    answers.push(ask('c'))
    await clock.advanceAsync(200)
    expect(sent()).toEqual([['a', 'b c']])
    expect(shown(await Promise.all(answers))).toEqual(['<a>', '<b>', '<c>'])
  })

  test('waits for a place as long as the latest of its questions can', async () => {
    const slow = (): BatchScript => ({ each: (key) => says(`<${key}>`), afterMs: 4000 })
    const { ask, clock, sent } = setUp([slow], { settings: { maxConcurrent: 1, timeoutMs: 5000 } })
    const first = ask('a')
    await settle()
    const early = ask('b', { deadlineMs: clock.monotonicMs() + 3000 })
    await clock.advanceAsync(2000)
    const late = ask('c', { deadlineMs: clock.monotonicMs() + 10_000 })
    await clock.advanceAsync(10_000)
    expect(shown(await Promise.all([first, early, late]))).toEqual(['<a>', '<b>', '<c>'])
    expect(sent()).toEqual([['a', 'b c']])
    expect(clock.timers).toBe(0)
  })

  test('that is full while it waits for a place is followed by another one', async () => {
    const busy = each((key) => says(`<${key}>`), 100)
    const { ask, clock, sent } = setUp([busy], { settings: { maxConcurrent: 1 }, maxKeys: 2 })
    const answers = [ask('a')]
    for (const key of ['b', 'c', 'd']) {
      await settle()
      answers.push(ask(key))
    }
    await clock.advanceAsync(300)
    expect(sent()).toEqual([['a', 'b c', 'd']])
    expect(shown(await Promise.all(answers))).toEqual(['<a>', '<b>', '<c>', '<d>'])
  })

  test('is one request for the retry budget and one place for the limiter', async () => {
    const { ask, endpoints, state } = setUp([silent])
    void ask('a')
    void ask('b')
    await settle()
    expect([endpoints[0]?.inFlight, state.limiter.inFlight]).toEqual([1, 1])
    state.abort()
    await settle()
  })
})

describe('the answers of a batch', () => {
  test('that are final are not asked for again when another one has to be', async () => {
    const script: Script = (_keys, count) => ({
      each: (key) => (key === 'b' && count === 1 ? fails(200) : says(`<${key}>`)),
    })
    const { ask, clock, sent, events } = setUp([script])
    const first = ask('a')
    const second = ask('b')
    await settle()
    expect(shown([await first])).toEqual(['<a>'])
    await clock.advanceAsync(100)
    expect(shown([await second])).toEqual(['<b>'])
    expect(sent()).toEqual([['a b', 'b']])
    expect(events).toEqual(['0 temporary', 'retried', '0 found'])
  })

  test('are a failure for every key when each one failed alone, too, after its retry', async () => {
    const { ask, clock, sent } = setUp([() => ({ all: fails(503) })])
    const answers = Promise.all([ask('a'), ask('b')])
    await clock.advanceAsync(200)
    expect(shown(await answers)).toEqual(['temporary status', 'temporary status'])
    expect(sent()).toEqual([['a b', 'a', 'b', 'a', 'b']])
  })

  test('come from another endpoint when the first cannot be reached', async () => {
    const { ask, sent } = setUp([() => ({ all: refuses() }), echo])
    const answers = await Promise.all([ask('a'), ask('b')])
    expect(answers.map(({ endpoint }) => endpoint)).toEqual([1, 1])
    expect(sent()).toEqual([['a b'], ['a b']])
  })

  test('come from a hedge when the first is slow, whose request is ended', async () => {
    const { ask, clock, endpoints, events } = setUp([silent, echo], { settings: { hedgeAfterMs: 100 } })
    const answers = Promise.all([ask('a'), ask('b')])
    await clock.advanceAsync(100)
    expect(shown(await answers)).toEqual(['<a>', '<b>'])
    await settle()
    expect([endpoints[0]?.aborted, events]).toEqual([1, ['hedged', '1 found', '0 cancelled']])
  })

  test('of a hedge and its first request are put together key by key', async () => {
    const half = (good: string, afterMs: number) =>
      each((key) => (key === good ? says(`<${key}>`) : fails(200)), afterMs)
    const settings = { hedgeAfterMs: 100, attempts: 3 }
    const { ask, clock, sent, events } = setUp([half('a', 150), half('b', 100)], { settings })
    const answers = Promise.all([ask('a'), ask('b')])
    await clock.advanceAsync(1000)
    expect(shown(await answers)).toEqual(['<a>', '<b>'])
    expect(sent()).toEqual([['a b'], ['a b']])
    expect(events).not.toContain('retried')
  })

  test('are temporary at the deadline of the latest question', async () => {
    const { ask, clock } = setUp([silent], { settings: { timeoutMs: 60_000, attempts: 1 } })
    const answers = Promise.all([
      ask('a', { deadlineMs: clock.monotonicMs() + 1000 }),
      ask('b', { deadlineMs: clock.monotonicMs() + 3000 }),
    ])
    let settled = false
    void answers.then(() => {
      settled = true
    })
    await clock.advanceAsync(2999)
    expect(settled).toBe(false)
    await clock.advanceAsync(1)
    expect(shown(await answers)).toEqual(['temporary timeout', 'temporary timeout'])
  })

  test('are temporary when the program ends', async () => {
    const { ask, state } = setUp([silent])
    const answers = Promise.all([ask('a'), ask('b')])
    await settle()
    state.abort()
    expect(shown(await answers)).toEqual(['temporary stopping', 'temporary stopping'])
  })

  test('are temporary, and a defect is reported, when an endpoint breaks its promise', async () => {
    const { ask, defects } = setUp([
      () => {
        throw new Error('a bug')
      },
    ])
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['temporary defect', 'temporary defect'])
    expect(defects.length).toBe(2)
  })

  test('are temporary for a key that is left without a reply, and the others are answered', async () => {
    const { ask, defects } = setUp([() => ({ each: (key) => says(`<${key}>`), leaveOut: 'b' })])
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['<a>', 'temporary defect'])
    expect(defects.length).toBe(1)
  })

  test('are in each explanation, with the size of the batch', async () => {
    const { ask } = setUp([echo])
    const explanation = new Explanation()
    await Promise.all([ask('a', { explanation }), ask('b')])
    expect(explanation.steps).toEqual([
      expect.objectContaining({ step: 'request', key: 'a', batchKeys: 2, attempt: 'first', endpoint: '0' }),
    ])
  })
})
