import { describe, expect, test } from 'vitest'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { found, notFound, type Sourced, temporary } from '../../../../src/core/result.ts'
import { type Answer, type Question, UNWATCHED } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { lookupFrom } from '../../../support/core/sources.ts'
import { seededRandom } from '../../../support/traffic/seeded.ts'

const SECOND = 1000
const MINUTE = 60_000
const HOUR = 3_600_000

/** A service that knows `entries` keys, each of which was asked for. A reply takes 10 ms. */
async function setUp(entries: number, { staleIfErrorMs = HOUR, seed = 1, upstreamIndex = 0 } = {}) {
  const clock = new ManualClock()
  const store = new MemoryAnswerStore({
    clock,
    maxEntries: 5000,
    maxNegativeEntries: 5000,
    maxBytes: 10_000_000,
  })
  const changes: boolean[] = []
  const guard = new LossGuard(clock, (isHolding) => changes.push(isHolding))
  const service = { known: new Set<string>(), failing: false, replyMs: 10, asked: [] as Question[], most: 0 }
  let underWay = 0
  const cached = new CachedUpstream({
    table: 'mailboxes',
    upstream: {
      name: 'directory',
      health: UNWATCHED,
      needsNoRequest: () => false,
      trustsNegative: () => true,
      async ask(question): Promise<Answer> {
        service.asked.push(question)
        service.most = Math.max(service.most, ++underWay)
        await new Promise<void>((resolve) => clock.after(service.replyMs, resolve))
        underWay--
        if (service.failing && !question.hasWaiters)
          return { result: temporary('service', 'failed'), storable: false, source: 'upstream' }
        const result = service.known.has(question.key) ? found('v') : notFound()
        return { result, storable: true, source: 'upstream' }
      },
    },
    clock,
    random: seededRandom(seed),
    deadlineMs: 5000,
    sideEffects: false,
    cache: {
      store,
      policy: {
        ttlMs: MINUTE,
        negativeTtlMs: MINUTE,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs,
        staleAfterMs: SECOND,
        jitter: 0,
        honorCacheControl: false,
        minTtlMs: 0,
        maxTtlMs: HOUR,
      },
      hasCanary: false,
      lossGuard: guard,
      upstreamIndex,
    },
    observer: silentObserver.table('mailboxes'),
    onDefect: (error) => {
      throw error
    },
  })
  const keys = Array.from({ length: entries }, (_, index) => `user${index}@a.example`)
  service.known = new Set(keys)
  /** Asks for keys, one after the other, 10 ms apart, and says what each was answered at last. */
  const ask = async (asked: readonly string[], bypass = false) => {
    const answers: (Sourced | undefined)[] = []
    for (const [index, key] of asked.entries()) {
      void Promise.resolve(cached.ask(key, lookupFrom(clock, { bypass }))).then((answer) => {
        answers[index] = answer
      })
      await clock.advanceAsync(10)
    }
    await clock.advanceAsync(5000)
    return answers.map((answer) => `${answer?.source} ${answer?.result.kind}`)
  }
  const lose = (lost: readonly string[]) => {
    for (const key of lost) service.known.delete(key)
  }
  await ask(keys)
  await clock.advanceAsync(2 * MINUTE)
  service.asked = []
  return { clock, store, guard, changes, service, cached, keys, ask, lose }
}

const tally = (answers: readonly string[]) => {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}

describe('a service that says "not found" of keys that it found before', () => {
  test('is believed at once after a sample when it is one key', async () => {
    const { ask, lose, keys, service, changes } = await setUp(1000)
    lose(keys.slice(0, 1))
    expect(await ask(keys.slice(0, 1))).toEqual(['upstream notfound'])
    expect([service.asked.length, service.most, changes]).toEqual([41, 4, []])
    expect(new Set(service.asked.map(({ key }) => key)).size).toBe(41)
  })

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`is not when 30 % of the entries are gone: each is served stale (seed ${seed})`, async () => {
      const { ask, lose, keys, changes } = await setUp(1000, { seed })
      const gone = keys.filter((_, index) => index % 10 < 3)
      lose(gone)
      expect(tally(await ask(gone))).toEqual({ 'stale found': 300 })
      expect(changes).toEqual([true])
      expect(await ask(keys.slice(3, 5))).toEqual(['upstream found', 'upstream found'])
    })
  }

  test('is not when all are gone, after forty questions', async () => {
    const { ask, lose, keys, service, changes } = await setUp(1000)
    lose(keys)
    expect(tally(await ask(keys.slice(0, 1)))).toEqual({ 'stale found': 1 })
    expect([service.asked.length, changes]).toEqual([41, [true]])
  })

  for (const [share, from] of [
    ['5 %', 20],
    ['a domain of 10 %', 10],
  ] as const) {
    test(`is believed when ${share} of the entries are gone: each a sample later`, async () => {
      const { clock, ask, lose, keys, changes } = await setUp(1000)
      const gone = keys.filter((_, index) => index % from === 0)
      lose(gone)
      const first = tally(await ask(gone))
      expect(first['stale found']).toBeGreaterThan(0)
      await clock.advanceAsync(30 * SECOND)
      const second = await ask(gone)
      expect(second.every((answer) => answer.endsWith('notfound'))).toBe(true)
      expect(changes).toEqual([])
    })
  }

  test('is not believed without a sample that began after the key was missed', async () => {
    const { clock, ask, lose, keys, changes } = await setUp(1000)
    lose(keys.slice(0, 1))
    await ask(keys.slice(0, 1))
    const gone = keys.filter((_, index) => index % 10 < 3)
    lose(gone)
    expect(tally(await ask(gone.slice(1, 200)))).toEqual({ 'stale found': 199 })
    expect(changes).toEqual([])
    await clock.advanceAsync(20 * SECOND)
    expect(changes).toEqual([true])
  })

  test('is asked for at most 120 keys in twenty seconds besides the lookups', async () => {
    const { clock, ask, lose, keys, service } = await setUp(1000)
    lose(keys.filter((_, index) => index % 8 === 0))
    const lookups = keys.filter((_, index) => index % 8 === 0)
    for (let round = 0; round < 3; round++) {
      service.asked = []
      const startMs = clock.monotonicMs()
      await ask(lookups.slice(round * 40, round * 40 + 40))
      await clock.advanceAsync(20 * SECOND - (clock.monotonicMs() - startMs))
      expect(service.asked.filter(({ hasWaiters }) => !hasWaiters).length).toBeLessThanOrEqual(120 + 40)
    }
  })

  test('keeps the deadline of the lookup: a stale answer after staleAfter, and else "try later"', async () => {
    const { clock, cached, lose, keys, service, ask } = await setUp(1000, { staleIfErrorMs: 3 * MINUTE })
    const [one = '', two = ''] = keys
    lose([one, two])
    service.replyMs = 800
    let answer: Sourced | undefined
    void Promise.resolve(cached.ask(one, lookupFrom(clock))).then((later) => {
      answer = later
    })
    await clock.advanceAsync(999)
    expect(answer).toBe(undefined)
    await clock.advanceAsync(1)
    expect(answer).toEqual({ result: found('v'), source: 'stale' })
    await clock.advanceAsync(5 * MINUTE)
    // Both have expired by now. The sample is of ten questions of 800 ms, four at a time.
    expect(await ask([two])).toEqual(['upstream temporary'])
    await clock.advanceAsync(10 * SECOND)
    expect(await ask([two])).toEqual(['cache notfound'])
  })

  test('is not believed when the found answers have expired, nor when the lookup passes the store by', async () => {
    const { ask, lose, keys, changes } = await setUp(100, { staleIfErrorMs: 0 })
    lose(keys)
    expect(tally(await ask(keys.slice(0, 10)))).toEqual({ 'upstream temporary': 10 })
    expect(tally(await ask(keys.slice(10, 20), true))).toEqual({ 'upstream temporary': 10 })
    expect(changes).toEqual([true])
  })

  test('is not believed, and not held, while the questions of the sample fail', async () => {
    const { clock, ask, lose, keys, service, changes } = await setUp(100)
    lose(keys.slice(0, 1))
    service.failing = true
    expect(await ask(keys.slice(0, 1))).toEqual(['stale found'])
    expect(changes).toEqual([])
    service.failing = false
    await clock.advanceAsync(20 * SECOND)
    expect(await ask(keys.slice(0, 1))).toEqual(['upstream notfound'])
  })

  test("is believed of what was found before the operator's word, and judged again by what was found since", async () => {
    const { clock, ask, lose, keys, guard, changes } = await setUp(200)
    const gone = keys.slice(0, 60)
    lose(gone)
    expect(tally(await ask(gone.slice(0, 10)))).toEqual({ 'stale found': 10 })
    guard.confirm(clock.monotonicMs())
    expect(tally(await ask(gone))).toEqual({ 'upstream notfound': 60 })
    expect(changes).toEqual([true, false])
    await ask(keys.slice(60))
    await clock.advanceAsync(2 * MINUTE)
    lose(keys)
    expect(tally(await ask(keys.slice(60, 70)))).toEqual({ 'stale found': 10 })
    expect(changes).toEqual([true, false, true])
  })

  test('is judged by a sample again when a quarter of an hour has gone by', async () => {
    const { clock, ask, lose, keys, changes } = await setUp(100)
    lose(keys)
    await ask(keys.slice(0, 10))
    await clock.advanceAsync(15 * MINUTE)
    expect(changes).toEqual([true, false])
    expect(tally(await ask(keys.slice(0, 10)))).toEqual({ 'stale found': 10 })
    expect(changes).toEqual([true, false, true])
  })

  test('is judged by counting where four other keys are known, and by a sample where five are', async () => {
    for (const [entries, expected] of [
      [5, 'upstream notfound'],
      [6, 'stale found'],
    ] as const) {
      const { ask, lose, keys } = await setUp(entries)
      lose(keys)
      expect(await ask(keys.slice(0, 1))).toEqual([expected])
    }
  })

  test('is asked for nothing besides the lookups while a loss holds', async () => {
    const { clock, ask, lose, keys, service, changes } = await setUp(1000)
    lose(keys)
    await ask(keys.slice(0, 1))
    expect(changes).toEqual([true])
    await clock.advanceAsync(MINUTE)
    service.asked = []
    expect(await ask(keys.slice(1, 3))).toEqual(['stale found', 'stale found'])
    expect(service.asked.map(({ key }) => key)).toEqual(keys.slice(1, 3))
  })

  for (const [age, ageMs, expected, asked] of [
    ['younger', 7 * 24 * HOUR - 2 * MINUTE, 'upstream temporary', 41],
    ['older', 7 * 24 * HOUR, 'upstream notfound', 1],
  ] as const) {
    test(`is asked for ${asked - 1} other keys where their answers expired and are ${age} than a week`, async () => {
      const { clock, ask, lose, keys, service } = await setUp(100)
      await clock.advanceAsync(ageMs - 2 * MINUTE)
      lose(keys)
      service.asked = []
      expect(await ask(keys.slice(0, 1))).toEqual([expected])
      expect(service.asked).toHaveLength(asked)
    })
  }

  test('is held by counting where what is known is too old for a sample: twenty lost keys', async () => {
    const { clock, ask, lose, keys, changes } = await setUp(30)
    await clock.advanceAsync(8 * 24 * HOUR)
    lose(keys)
    expect(tally(await ask(keys.slice(0, 19)))).toEqual({ 'upstream notfound': 19 })
    expect(changes).toEqual([])
    expect(tally(await ask(keys.slice(19)))).toEqual({ 'upstream temporary': 11 })
    expect(changes).toEqual([true])
  })

  test('is judged by the keys of the upstream that says so', async () => {
    const { store, ask, lose, keys, service } = await setUp(100, { upstreamIndex: 1 })
    for (let index = 0; index < 900; index++)
      store.set(`other${index}@a.example`, {
        value: 'v',
        freshness: { freshnessLifetimeMs: HOUR, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
        ageMs: 0,
      })
    lose(keys.slice(0, 1))
    expect(await ask(keys.slice(0, 1))).toEqual(['upstream notfound'])
    expect(service.asked.filter(({ key }) => key.startsWith('user'))).toHaveLength(41)
  })
})
