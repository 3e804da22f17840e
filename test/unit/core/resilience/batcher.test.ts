import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/explain.ts'
import { silentObserver } from '../../../../src/core/observer.ts'
import type { CanarySettings } from '../../../../src/core/resilience/canary.ts'
import { ResilientUpstream } from '../../../../src/core/resilience/resilient-upstream.ts'
import { UpstreamState, type UpstreamStateSettings } from '../../../../src/core/resilience/upstream-state.ts'
import { permanent, temporary } from '../../../../src/core/result.ts'
import type { Answer, Question, Reply } from '../../../../src/core/upstream.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'
import { question } from '../../../support/core/question.ts'
import {
  fails,
  forbids,
  refuses,
  says,
  saysNotFound,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'
import { type BatchScript, ScriptedBatchEndpoint } from './scripted-batch-endpoint.ts'

const SETTINGS: UpstreamStateSettings = {
  endpoints: [],
  timeoutMs: 2000,
  attempts: 2,
  maxConcurrent: 64,
  maxQueued: 1000,
  circuitBreaker: { failures: 5, openForMs: 10_000 },
  hedgeAfterMs: undefined,
}

const CANARY: CanarySettings = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }

interface SetUp {
  readonly settings?: Partial<UpstreamStateSettings>
  readonly maxKeys?: number
  readonly maxWaitMs?: number
  readonly canary?: CanarySettings
}

type Script = (keys: readonly string[], count: number) => BatchScript

function setUp(scripts: Script[], { settings, maxKeys = 100, maxWaitMs = 0, canary }: SetUp = {}) {
  const clock = new ManualClock()
  const events: string[] = []
  const endpoints = scripts.map((script, at) => new ScriptedBatchEndpoint(`${at}`, maxKeys, clock, script))
  const state = new UpstreamState({
    name: 'directory',
    settings: { ...SETTINGS, ...settings, endpoints: endpoints.map(({ name }) => name) },
    clock,
    random: () => 0,
    observer: {
      requestEnded: (endpoint, outcome) => events.push(`${endpoint} ${outcome}`),
      retried: () => events.push('retried'),
      hedged: () => events.push('hedged'),
      shed: () => events.push('shed'),
      circuitChanged: (endpoint, circuit) => events.push(`circuit ${endpoint} ${circuit}`),
      endpointChecked: (endpoint, verdict) => events.push(`check ${endpoint} ${verdict}`),
    },
  })
  const defects: unknown[] = []
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints,
    batch: { endpoints, maxWaitMs },
    sideEffects: false,
    canary,
    observer: silentObserver.table('aliases'),
    onDefect: (error) => defects.push(error),
  })
  const ask = (key: string, more: Partial<Question> = {}): Promise<Answer> =>
    Promise.resolve(upstream.ask(question(key, { deadlineMs: clock.monotonicMs() + 5000, ...more })))
  const sent = () => endpoints.map((endpoint) => endpoint.sent.map((keys) => keys.join(' ')))
  return { clock, state, upstream, endpoints, events, defects, ask, sent }
}

const each =
  (reply: (key: string) => Reply, afterMs?: number): Script =>
  () => ({ each: reply, afterMs })
const echo = each((key) => (key.startsWith('absent') ? saysNotFound() : says(`<${key}>`)))
const refused = (): Reply => ({
  result: permanent('refused', 'the service answered 400'),
  status: 400,
  evidence: 'none',
  retry: 'none',
})
/** Fails for every request that has this key in it. */
const poisonedBy =
  (poison: string, reply: Reply): Script =>
  (keys) =>
    keys.includes(poison) ? { all: reply } : { each: (key) => says(`<${key}>`) }
const silent: Script = () => ({ all: timedOut(), afterMs: Number.POSITIVE_INFINITY })

const shown = (answers: readonly Answer[]) =>
  answers.map(({ result }) => {
    if (result.kind === 'found') return result.value
    return 'cause' in result ? `${result.kind} ${result.cause}` : result.kind
  })

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

  test('are temporary, and a defect is told, when an endpoint breaks its promise', async () => {
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

  test('are told to each explanation, with the size of the batch', async () => {
    const { ask } = setUp([echo])
    const explanation = new Explanation()
    await Promise.all([ask('a', { explanation }), ask('b')])
    expect(explanation.steps).toEqual([
      expect.objectContaining({ step: 'request', key: 'a', batchKeys: 2, attempt: 'first', endpoint: '0' }),
    ])
  })
})

describe('a batch that fails as a whole', () => {
  const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']
  const POISON: [what: string, reply: Reply, alone: string][] = [
    ['500', fails(500), 'temporary status'],
    ['503 with Retry-After', fails(503, { retryAfterMs: 30_000 }), 'temporary status'],
    ['a refusal', refused(), 'permanent refused'],
    ['a credential it does not take', forbids(), 'permanent refused'],
    ['a reset connection', { ...refuses(), retry: 'any' }, 'temporary connect'],
  ]

  for (const [what, reply, alone] of POISON) {
    test(`with ${what} because of one key is asked in halves: all others get their answers`, async () => {
      const { ask, clock } = setUp([poisonedBy('k5', reply)])
      const answers = Promise.all(KEYS.map((key) => ask(key)))
      await clock.advanceAsync(500)
      expect(shown(await answers)).toEqual(['<k0>', '<k1>', '<k2>', '<k3>', '<k4>', alone, '<k6>', '<k7>'])
    })
  }

  test('is asked in halves and not key by key', async () => {
    const { ask, sent } = setUp([poisonedBy('k5', refused())])
    await Promise.all(KEYS.map((key) => ask(key)))
    expect(sent()).toEqual([
      ['k0 k1 k2 k3 k4 k5 k6 k7', 'k0 k1 k2 k3', 'k4 k5 k6 k7', 'k4 k5', 'k6 k7', 'k4', 'k5'],
    ])
  })

  test('by a time-out has its other half answered within the deadline', async () => {
    const slow: Script = (keys) => ({
      each: (key) => says(`<${key}>`),
      afterMs: keys.includes('k5') ? Number.POSITIVE_INFINITY : undefined,
    })
    const { ask, clock } = setUp([slow])
    const answers = Promise.all(KEYS.map((key) => ask(key)))
    await clock.advanceAsync(6000)
    expect(shown(await answers)).toEqual([
      ...['<k0>', '<k1>', '<k2>', '<k3>'],
      ...['temporary timeout', 'temporary timeout', '<k6>', '<k7>'],
    ])
  })

  test('because one key is slow is asked in halves long before its time-out, while others are answered', async () => {
    const slow: Script = (keys) => ({
      each: (key) => says(`<${key}>`),
      afterMs: keys.includes('slow') ? Number.POSITIVE_INFINITY : undefined,
    })
    const { ask, clock } = setUp([slow])
    const both = [ask('good'), ask('slow')]
    await clock.advanceAsync(400)
    await ask('other')
    await clock.advanceAsync(350)
    expect(shown([await (both[0] ?? ask('good'))])).toEqual(['<good>'])
  })

  test('never refuses a key for good that was not asked alone', async () => {
    const { ask, state, clock } = setUp([() => ({ all: refused() })])
    while (state.splits.take(clock.monotonicMs()));
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['temporary status', 'temporary status'])
    expect(shown([await ask('a')])).toEqual(['permanent refused'])
  })

  test('is asked in halves at another endpoint first', async () => {
    const { ask, sent } = setUp([() => ({ all: fails(500) }), echo])
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['<a>', '<b>'])
    expect(sent()).toEqual([['a b'], ['a', 'b']])
  })

  for (const [afterMs, together] of [
    [59_999, ['k5', 'k4']],
    [60_000, ['k4 k5']],
  ] as const) {
    test(`is not tried again: ${afterMs} ms later its key travels ${together.length === 2 ? 'alone' : 'with others'}`, async () => {
      const { ask, clock, sent } = setUp([poisonedBy('k5', refused())])
      await Promise.all([ask('k4'), ask('k5')])
      const before = sent()[0]?.length
      clock.advance(afterMs)
      await Promise.all([ask('k4'), ask('k5')])
      expect(sent()[0]?.slice(before, (before ?? 0) + together.length)).toEqual(together)
    })
  }

  test('opens no circuit when any key of it was answered', async () => {
    const mixed = each((key) => (key.startsWith('bad') ? fails(502) : says('v')))
    const { ask, clock, events } = setUp([mixed], {
      settings: { circuitBreaker: { failures: 1, openForMs: 1000 }, attempts: 1 },
    })
    for (let count = 0; count < 10; count++) {
      const both = Promise.all([ask('good'), ask(`bad${count}`)])
      await clock.advanceAsync(50)
      await both
    }
    expect(events.filter((event) => event.startsWith('c'))).toEqual([])
  })
})

describe('who waits for a batch', () => {
  test('nobody, when every question is a background one: it gives way to a waiting lookup', async () => {
    const slow = each((key) => says(`<${key}>`), 1000)
    const { ask, clock, sent } = setUp([slow], { settings: { maxConcurrent: 1 } })
    const refreshes = Promise.all([ask('a', { hasWaiters: false }), ask('b', { hasWaiters: false })])
    await settle()
    const waiting = ask('c')
    await clock.advanceAsync(1000)
    expect(shown([await waiting])).toEqual(['<c>'])
    expect(shown(await refreshes)).toEqual(['temporary overload', 'temporary overload'])
    expect(sent()).toEqual([['a b', 'c']])
  })

  test('somebody, when one question is: it keeps its place', async () => {
    const slow = each((key) => says(`<${key}>`), 1000)
    const { ask, clock, endpoints } = setUp([slow], { settings: { maxConcurrent: 1 } })
    const both = Promise.all([ask('a', { hasWaiters: false }), ask('b')])
    await settle()
    const waiting = ask('c')
    await clock.advanceAsync(2000)
    expect(shown([...(await both), await waiting])).toEqual(['<a>', '<b>', '<c>'])
    expect(endpoints[0]?.aborted).toBe(0)
  })
})

describe('the canary of a table with a batch route', () => {
  /** An endpoint with a wrong path: it knows nothing, the canary neither. */
  const broken = each(() => saysNotFound())
  const sane = each((key) => (key === 'canary' ? says('ok') : saysNotFound()))

  test('is asked by that route, once for all "not found" of a batch', async () => {
    const { ask, sent } = setUp([sane], { canary: CANARY })
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['notfound', 'notfound'])
    expect(sent()).toEqual([['a b', 'canary', 'a b']])
  })

  test('lets no "not found" pass while it is not found', async () => {
    const { ask } = setUp([broken], { canary: CANARY })
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['temporary canary', 'temporary canary'])
  })

  test('sends what its endpoint says it does not know to another one, in one batch', async () => {
    const { ask, sent } = setUp([broken, sane], { canary: CANARY })
    const answers = await Promise.all([ask('a'), ask('b')])
    expect(answers.map(({ result, endpoint }) => [result.kind, endpoint])).toEqual([
      ['notfound', 1],
      ['notfound', 1],
    ])
    expect(sent()[1]).toEqual(['a b', 'canary', 'a b'])
  })

  test('holds back no key that was found', async () => {
    const half = each((key) => (key === 'a' ? says('<a>') : saysNotFound()))
    const { ask } = setUp([half], { canary: CANARY })
    expect(shown(await Promise.all([ask('a'), ask('b')]))).toEqual(['<a>', 'temporary canary'])
  })

  test('is unreachable, not missing, when its batch fails', async () => {
    const script: Script = (keys) => ({
      each: () =>
        keys.includes('canary') ? { ...fails(503), result: temporary('status', 'x') } : saysNotFound(),
    })
    const { ask, upstream } = setUp([script], { canary: CANARY })
    expect(shown([await ask('a')])).toEqual(['temporary canary'])
    expect(upstream.canaryStatus().map(({ state }) => state)).toEqual(['unreachable'])
  })
})
