import { describe, expect, test } from 'vitest'
import type { CanarySettings } from '../../../../src/core/resilience/canary.ts'
import { permanent, temporary } from '../../../../src/core/result.ts'
import type { Reply } from '../../../../src/core/upstream.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { fails, forbids, refuses, says, saysNotFound } from '../../../support/core/scripted-endpoint.ts'
import { each, echo, type Script, setUp, shown } from './batcher-set-up.ts'

const CANARY: CanarySettings = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }

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
      ...['<k4>', 'temporary timeout', '<k6>', '<k7>'],
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

  for (const [waitedMs, answered] of [
    [99, 0],
    [100, 8],
  ] as const) {
    test(`${answered === 0 ? 'waits' : 'is asked in eight parts'} after ${waitedMs} ms, while others are answered`, async () => {
      const slow: Script = (keys) => ({
        each: (key) => says(`<${key}>`),
        afterMs: keys.includes('k3') ? Number.POSITIVE_INFINITY : undefined,
      })
      const { ask, clock, sent } = setUp([slow])
      await ask('usual')
      const replies: string[] = []
      const answers = [...KEYS, 'k8'].map(async (key) => replies.push(...shown([await ask(key)])))
      await clock.advanceAsync(10)
      await ask('other')
      await clock.advanceAsync(waitedMs - 10)
      // Of nine keys two go together in each part; the one beside the silent one waits on.
      expect(replies.filter((reply) => reply.startsWith('<'))).toHaveLength(answered === 0 ? 0 : 7)
      expect(sent()[0]).toHaveLength(answered === 0 ? 3 : 8)
      await clock.advanceAsync(6000)
      await Promise.all(answers)
      expect(replies.filter((reply) => reply.startsWith('<'))).toHaveLength(8)
    })
  }

  test('because one key is slow is asked in parts at the same endpoint, which answers others', async () => {
    const slow: Script = (keys) => ({
      each: (key) => says(`<${key}>`),
      afterMs: keys.includes('k3') ? Number.POSITIVE_INFINITY : undefined,
    })
    const { ask, clock, sent } = setUp([slow, echo])
    const both = [ask('k2'), ask('k3')]
    await clock.advanceAsync(10)
    await ask('other')
    await clock.advanceAsync(190)
    expect(sent()).toEqual([['k2 k3', 'other', 'k2', 'k3'], []])
    await clock.advanceAsync(6000)
    expect(shown(await Promise.all(both))[0]).toBe('<k2>')
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
    [59_999, ['k5', 'k6']],
    [60_000, ['k6 k5']],
  ] as const) {
    test(`is not tried again: ${afterMs} ms later its key travels ${together.length === 2 ? 'alone' : 'with others'}`, async () => {
      const { ask, clock, sent } = setUp([poisonedBy('k5', refused())])
      await Promise.all([ask('k4'), ask('k5')])
      const before = sent()[0]?.length
      clock.advance(afterMs)
      await Promise.all([ask('k6'), ask('k5')]) // neither was ever answered
      expect(sent()[0]?.slice(before, (before ?? 0) + together.length)).toEqual(together)
    })
  }

  test('is over for a key as soon as it is answered: it travels with others again', async () => {
    let isPoisonous = true
    const { ask, sent } = setUp([
      (keys) =>
        isPoisonous && keys.includes('k5') ? { all: refused() } : { each: (key) => says(`<${key}>`) },
    ])
    await Promise.all([ask('k4'), ask('k5')])
    isPoisonous = false
    await ask('k5')
    await Promise.all([ask('k4'), ask('k5')])
    expect(sent()[0]?.slice(-2)).toEqual(['k5', 'k4 k5'])
  })

  test('opens no circuit when any key of it was answered', async () => {
    const mixed = each((key) => (key.startsWith('bad') ? fails(502) : says('v')))
    const { ask, clock, events } = setUp([mixed], {
      settings: { circuitBreaker: { failures: 1, openForMs: 1000 }, attempts: 1 },
    })
    for (let count = 0; count < 10; count++) {
      const both = Promise.all([ask(`good${count}`), ask(`bad${count}`)])
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

describe('a batch with any answered key', () => {
  const mixed: Script = each((key) => (key.startsWith('fine') ? says('here') : fails(503)))

  test('is good for its endpoint, however many of its keys fail', async () => {
    const { ask, state, clock, events } = setUp([mixed], {
      settings: { attempts: 1, circuitBreaker: { failures: 2, openForMs: 1000 } },
    })
    for (let batch = 0; batch < 10; batch++) {
      clock.advance(10)
      const keys = [`fine${batch}`, ...Array.from({ length: 9 }, (_, at) => `k${batch}.${at}`)]
      expect(shown(await Promise.all(keys.map((key) => ask(key))))[0]).toBe('here')
    }
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    expect(state.endpoints[0]?.suspicion.keys).toBe(0)
    expect(events.filter((event) => event.startsWith('check'))).toEqual([])
  })

  test('is not, where none of its keys is answered', async () => {
    const { ask, state, clock } = setUp([mixed], {
      settings: { attempts: 1, circuitBreaker: { failures: 2, openForMs: 1000 } },
    })
    clock.advance(10)
    const answers = Promise.all(['k1', 'k2'].map((key) => ask(key)))
    await clock.advanceAsync(1000)
    await answers
    expect(state.endpoints[0]?.suspicion.keys).toBeGreaterThan(0)
  })
})
