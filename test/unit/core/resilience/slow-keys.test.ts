/**
 * Keys that take far longer than others: when they give way, and that plain load makes nobody give way.
 */
import { describe, expect, test } from 'vitest'
import { kindOf, type SetUp, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import { refuses, type Script, says } from '../../../support/core/scripted-endpoint.ts'

const FOUND = says('v')

/** Answers each key after the time that it says: `k800-1` after 800 ms; `silent1` never. */
function byKey(key: string, moreMs: number): Script {
  const afterMs = /^k(\d+)/.exec(key)?.[1]
  return afterMs === undefined ? silent() : { reply: FOUND, afterMs: Number(afterMs) + moreMs }
}

async function running(options: SetUp = {}) {
  /** By how much every key takes longer, ms. */
  const load = { moreMs: 0 }
  const all = setUp([(key) => byKey(key, load.moreMs)], {
    ...options,
    settings: { maxConcurrent: 8, attempts: 1, timeoutMs: 4000, ...options.settings },
  })
  // The endpoint usually takes 20 ms.
  for (let count = 0; count < 20; count++) {
    const usual = all.ask(`k20-${count}`)
    await all.clock.advanceAsync(20)
    await usual
  }
  const askAll = (keys: readonly string[]) =>
    keys.map(async (key) => kindOf(await all.upstream.ask(all.question(key))))
  /** Asks so many keys that take 20 ms, one each 10 ms, and answers what became of them. */
  const stream = async (name: string, count: number) => {
    const answers: Promise<string>[] = []
    for (let at = 0; at < count; at++) {
      answers.push(...askAll([`k20-${name}${at}`]))
      await all.clock.advanceAsync(10)
    }
    await all.clock.advanceAsync(4000)
    return Promise.all(answers)
  }
  const times = (key: string) => all.endpoints[0]?.sent.filter((one) => one === key).length
  return { ...all, load, askAll, stream, times }
}

const keys = (count: number, name: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => name(at))

describe('plain load makes nobody give way', () => {
  test('where every key suddenly takes 800 ms instead of 20', async () => {
    const { askAll, clock, load, times } = await running()
    load.moreMs = 780
    const names = keys(40, (at) => `k20-a${at}`)
    const answers = askAll(names)
    await clock.advanceAsync(5000)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['found']))
    // A known question takes the place of one, once: it might be an outage.
    expect(names.filter((name) => times(name) !== 1)).toHaveLength(1)
  })

  test('where replies come in any order, up to 1.5 s late', async () => {
    const { askAll, clock, times } = await running()
    const names = keys(30, (at) => `k${300 + ((at * 7) % 13) * 100}-${at}`)
    const answers = askAll(names)
    await clock.advanceAsync(5000)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['found']))
    expect(new Set(names.map(times))).toEqual(new Set([1]))
  })

  test('where replies are read two seconds late', async () => {
    const { askAll, clock, times } = await running()
    const names = keys(40, (at) => `k${300 + at}`)
    const answers = askAll(names)
    await clock.advanceAsync(10)
    clock.advance(2000)
    await clock.advanceAsync(3000)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['found']))
    expect(names.filter((name) => times(name) !== 1)).toHaveLength(1)
  })
})

test('what is slow is not learned from a machine that stood still', async () => {
  const { askAll, clock, state } = await running()
  const slowAfterMs = () => Math.round(state.endpoints[0]?.responseTime.slowAfterMs ?? 0)
  const answered = async (name: string, afterMs: number) => {
    const [answer] = askAll([name])
    await clock.advanceAsync(10)
    clock.advance(afterMs - 10)
    await clock.advanceAsync(100)
    return answer
  }
  expect(slowAfterMs()).toBe(500)
  expect(await answered('k20-stood', 60_000)).toBe('found')
  expect(await answered('k20-late', 4001)).toBe('found')
  expect(slowAfterMs()).toBe(500)
  expect(await answered('k20-intime', 4000)).toBe('found')
  expect(slowAfterMs()).toBeGreaterThan(4000)
})

describe('an honest key that takes 1.2 s where others take 20 ms', () => {
  test('is answered at the first request while such keys have no more than half of the slots', async () => {
    const { askAll, stream, times } = await running()
    const slow = askAll(keys(4, (at) => `k1200-${at}`))
    expect(new Set(await stream('a', 300))).toEqual(new Set(['found']))
    expect(await Promise.all(slow)).toEqual(['found', 'found', 'found', 'found'])
    expect(times('k1200-0')).toBe(1)
  })

  test('waits behind others when such keys have all slots, and is answered then', async () => {
    const { askAll, clock, stream, times } = await running()
    const slow = askAll(keys(7, (at) => `k1200-${at}`))
    await clock.advanceAsync(10)
    expect(new Set(await stream('a', 150))).toEqual(new Set(['found']))
    expect(new Set(await Promise.all(slow))).toEqual(new Set(['found']))
    expect(times('k1200-6')).toBe(1)
  })
})

describe('keys that get no answer, in all slots', () => {
  test('give way to others as soon as it is seen that others are answered, and are asked again behind them', async () => {
    const { askAll, clock, stream, times } = await running()
    const poison = askAll(keys(7, (at) => `silent${at}`))
    await clock.advanceAsync(10)
    expect(new Set(await stream('a', 300))).toEqual(new Set(['found']))
    await clock.advanceAsync(6000)
    expect(new Set(await Promise.all(poison))).toEqual(new Set(['temporary timeout']))
    expect(times('silent0')).toBe(2)
  })

  test('are never in more than half of the slots once it is known of them', async () => {
    const { askAll, clock, stream, state } = await running()
    const names = keys(7, (at) => `silent${at}`)
    const first = askAll(names)
    await stream('a', 100)
    await Promise.all(first)
    const again = askAll(names)
    expect(state.limiter.inFlight).toBe(4)
    expect(state.limiter.queued).toBe(3)
    const good = askAll(keys(4, (at) => `k20-b${at}`))
    expect(state.limiter.inFlight).toBe(8)
    await clock.advanceAsync(20)
    expect(await Promise.all(good)).toEqual(['found', 'found', 'found', 'found'])
    await clock.advanceAsync(9000)
    await Promise.all(again)
    expect([state.limiter.inFlight, state.limiter.queued]).toEqual([0, 0])
  })

  test('are not sent twice where a lookup counts', async () => {
    const { askAll, clock, stream, endpoints } = await running({ sideEffects: true })
    const poison = askAll(keys(7, (at) => `silent${at}`))
    await clock.advanceAsync(10)
    await stream('a', 300)
    expect(new Set(await Promise.all(poison))).toEqual(new Set(['temporary timeout']))
    const sent = endpoints[0]?.sent.filter((key) => key.startsWith('silent')) ?? []
    expect(sent.length).toBe(7)
    expect(sentTo(endpoints)).toEqual([327])
  })
})

test('a lookup that counts waits for its answer also when the circuit of its endpoint opens meanwhile', async () => {
  for (const sideEffects of [false, true]) {
    const failing: Script = { reply: refuses(), afterMs: 0 }
    const first = (key: string): Script => (key === 'slow' ? { reply: FOUND, afterMs: 900 } : failing)
    const all = setUp([first, () => ({ reply: FOUND, afterMs: 0 })], {
      sideEffects,
      settings: { attempts: 1, timeoutMs: 2000 },
    })
    const slow = all.ask('slow')
    for (let count = 0; count < 20; count++) await all.ask(`failing${count}`)
    expect(all.events).toContain('circuit 0 open')
    expect(kindOf(await slow)).toBe('found')
    const times = all.endpoints.map(({ sent }) => sent.filter((key) => key === 'slow').length)
    // The other one is asked instead where that does no harm.
    expect(times).toEqual(sideEffects ? [1, 0] : [1, 1])
  }
})
