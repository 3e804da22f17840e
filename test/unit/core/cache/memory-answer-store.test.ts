import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heldBytes } from '../../../../src/core/cache/compact.ts'
import { FailureMemory } from '../../../../src/core/cache/failure-memory.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { inScope, PurgeLog } from '../../../../src/core/cache/purge-log.ts'
import { temporary } from '../../../../src/core/result.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { answerStoreTests } from '../../../support/contracts/answer-store.ts'

const freshness = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

answerStoreTests(
  'MemoryAnswerStore',
  (clock) => new MemoryAnswerStore({ clock, maxEntries: 100, maxNegativeEntries: 100, maxBytes: 10_000_000 }),
)

function storeOf(options: Partial<ConstructorParameters<typeof MemoryAnswerStore>[0]> = {}) {
  const clock = new ManualClock()
  const evicted: number[] = []
  const store = new MemoryAnswerStore({
    clock,
    maxEntries: 3,
    maxNegativeEntries: 3,
    maxBytes: 1_000_000,
    onEvicted: (count) => evicted.push(count),
    ...options,
  })
  const put = (key: string, value: string | undefined = 'v') => store.set(key, { value, freshness, ageMs: 0 })
  return { clock, store, put, evicted }
}

describe('the bounds of MemoryAnswerStore', () => {
  test('hold in entries: what was used longest ago is forgotten', () => {
    const { store, put, evicted } = storeOf()
    for (const key of ['a', 'b', 'c']) put(key)
    store.get('a')
    put('d')
    expect(store.get('b')).toBe(undefined)
    expect(['a', 'c', 'd'].map((key) => store.get(key)?.value)).toEqual(['v', 'v', 'v'])
    expect(evicted).toEqual([1])
  })

  test('hold in bytes, 266 for each entry beside its texts', () => {
    const { store, put } = storeOf({ maxBytes: 554 })
    put('a', 'x'.repeat(10))
    put('b', 'x'.repeat(10))
    expect(store.status().bytes).toBe(554)
    put('c', 'x'.repeat(11))
    expect(store.status()).toEqual({ foundEntries: 1, negativeEntries: 0, bytes: 278 })
  })

  test('count found answers and "not found" together', () => {
    const { store, put } = storeOf()
    put('a', 'value')
    store.set('bb', { value: undefined, freshness, ageMs: 0 })
    expect(store.status()).toEqual({ foundEntries: 1, negativeEntries: 1, bytes: 272 + 268 })
  })

  test('count two bytes a character where one of a text is not Latin-1, as V8 holds it', () => {
    const { store, put } = storeOf()
    put('jürgen', 'straße')
    expect(store.status().bytes).toBe(266 + 6 + 6)
    put('jürgen', 'Привет')
    expect(store.status().bytes).toBe(266 + 6 + 12)
    expect([heldBytes('ÿ'), heldBytes('Ā'), heldBytes('aaaĀ')]).toEqual([1, 2, 8])
  })

  test('do not keep an answer larger than all the bytes, and forget the one before it', () => {
    const { store, put, evicted } = storeOf({ maxBytes: 1000 })
    put('a', 'small')
    put('a', 'x'.repeat(750))
    expect([store.get('a'), evicted]).toEqual([undefined, []])
  })

  test('keep an answer that leaves no room for the protected ones', () => {
    const { store, put } = storeOf({ maxBytes: 1000 })
    put('a')
    store.get('a')
    put('b', 'x'.repeat(700))
    expect([store.get('a'), store.get('b')?.value?.length]).toEqual([undefined, 700])
  })

  test('keep found answers whatever number of "not found" comes', () => {
    const { store, put } = storeOf()
    put('good')
    for (let count = 0; count < 100; count++)
      store.set(`bad${count}`, { value: undefined, freshness, ageMs: 0 })
    expect([store.get('good')?.value, store.status().negativeEntries]).toEqual(['v', 3])
  })
})

describe('answers that were used again', () => {
  test('are not pushed out by 20,500 that come once', () => {
    const { store, put } = storeOf({ maxEntries: 1000, maxNegativeEntries: 1000 })
    const used = Array.from({ length: 800 }, (_, index) => `user${index}`)
    for (const key of used) put(key)
    for (const key of used) store.get(key)
    for (let count = 0; count < 20_500; count++) put(`stranger${count}`)
    expect(used.filter((key) => store.get(key) === undefined)).toEqual([])
    expect(store.status().foundEntries).toBe(1000)
  })

  test('stay protected when they are renewed', () => {
    const { store, put } = storeOf({ maxEntries: 10 })
    put('a')
    store.get('a')
    put('a', 'renewed')
    for (let count = 0; count < 100; count++) put(`stranger${count}`)
    expect(store.get('a')?.value).toBe('renewed')
  })

  test('fill at most four fifths: the one used longest ago is on probation again', () => {
    for (const [used, kept] of [
      [8, true],
      [9, false],
    ] as const) {
      const { store, put } = storeOf({ maxEntries: 10 })
      const keys = Array.from({ length: used }, (_, index) => `user${index}`)
      for (const key of keys) {
        put(key)
        store.get(key)
      }
      for (let count = 0; count < 100; count++) put(`stranger${count}`)
      expect(store.get('user0') !== undefined).toBe(kept)
      expect(store.get('user1')?.value).toBe('v')
    }
  })

  test('of "not found" are kept in the same way', () => {
    const { store } = storeOf({ maxNegativeEntries: 10 })
    const no = { value: undefined, freshness, ageMs: 0 }
    store.set('a', no)
    store.get('a')
    for (let count = 0; count < 100; count++) store.set(`stranger${count}`, no)
    expect(store.get('a')?.result.kind).toBe('notfound')
  })

  test('keep the bounds for any history', () => {
    const step = fc.record({ use: fc.boolean(), key: fc.nat(30), units: fc.nat(200) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { store, put } = storeOf({ maxEntries: 7, maxBytes: 2000 })
        for (const { use, key, units } of steps) {
          if (use) store.get(`k${key}`)
          else put(`k${key}`, 'v'.repeat(units + 1))
          const { foundEntries, bytes } = store.status()
          expect(foundEntries <= 7 && bytes <= 2000).toBe(true)
          expect([...store.entries()]).toHaveLength(foundEntries)
        }
      }),
    )
  })
})

describe('PurgeLog', () => {
  test('takes a question older than its memory of 1,000 purges for purged', () => {
    const log = new PurgeLog()
    for (let count = 0; count < 1000; count++) log.add({ kind: 'key', key: 'a' })
    expect(log.purgedSince(0, 'b')).toBe(false)
    log.add({ kind: 'key', key: 'a' })
    expect(log.purgedSince(0, 'b')).toBe(true)
  })

  test('a key is in the scope of the domain after its last @, whatever stands before', () => {
    fc.assert(
      fc.property(fc.string(), (local) => {
        expect(inScope({ kind: 'domain', domain: 'a.example' }, `${local}@a.example`)).toBe(true)
      }),
    )
  })
})

describe('FailureMemory', () => {
  test('holds 10,000 keys, and none that no address can be', () => {
    const memory = new FailureMemory()
    const failure = temporary('connect', 'refused')
    for (let count = 0; count <= 10_000; count++) memory.add(`k${count}`, failure, 0)
    expect([memory.get('k0', 0), memory.get('k1', 0)]).toEqual([undefined, failure])
    memory.add('x'.repeat(320), failure, 0)
    expect(memory.get('x'.repeat(320), 0)).toBe(failure)
    memory.add('x'.repeat(321), failure, 0)
    expect(memory.get('x'.repeat(321), 0)).toBe(undefined)
    memory.delete('k1')
    expect(memory.get('k1', 0)).toBe(undefined)
  })

  for (const [recoveredAtMs, isHeld] of [
    [1000, true],
    [1001, false],
  ] as const) {
    test(`${isHeld ? 'keeps' : 'forgets'} a failure of 1000 when the service is well again at ${recoveredAtMs}`, () => {
      const memory = new FailureMemory()
      memory.add('k', temporary('status', '503'), 1000, 30_000)
      expect(memory.get('k', 2000, recoveredAtMs) !== undefined).toBe(isHeld)
    })
  }

  for (const [retryAfterMs, ageMs, isHeld] of [
    [undefined, 999, true],
    [undefined, 1000, false],
    [500, 999, true],
    [7000, 6999, true],
    [7000, 7000, false],
  ] as const) {
    test(`${isHeld ? 'repeats' : 'forgets'} a failure with a Retry-After of ${retryAfterMs} ms after ${ageMs} ms`, () => {
      const memory = new FailureMemory()
      memory.add('k', temporary('status', 'busy'), 0, retryAfterMs)
      expect(memory.get('k', ageMs) !== undefined).toBe(isHeld)
    })
  }
})
