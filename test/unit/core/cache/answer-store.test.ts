import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { AnswerStore, ENTRY_OVERHEAD_BYTES } from '../../../../src/core/cache/answer-store.ts'
import { FailureMemory, MAX_FAILURES } from '../../../../src/core/cache/failure-memory.ts'
import { inScope, PurgeLog, REMEMBERED_PURGES } from '../../../../src/core/cache/purge-log.ts'
import { temporary } from '../../../../src/core/result.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const freshness = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

function storeOf(options: Partial<ConstructorParameters<typeof AnswerStore>[0]> = {}) {
  const clock = new ManualClock()
  const evicted: number[] = []
  const store = new AnswerStore({
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

describe('AnswerStore', () => {
  test('keeps its bound of entries by forgetting what was used longest ago', () => {
    const { store, put, evicted } = storeOf()
    for (const key of ['a', 'b', 'c']) put(key)
    store.get('a')
    put('d')
    assert.equal(store.get('b'), undefined)
    assert.ok(store.get('a') && store.get('c') && store.get('d'))
    assert.deepEqual(evicted, [1])
  })

  test('keeps its bound of bytes', () => {
    const room = (ENTRY_OVERHEAD_BYTES + 1 + 10) * 2
    const { store, put } = storeOf({ maxBytes: room })
    put('a', 'x'.repeat(10))
    put('b', 'x'.repeat(10))
    assert.equal(store.status().bytes, room)
    put('c', 'x'.repeat(11))
    assert.deepEqual(store.status(), {
      foundEntries: 1,
      negativeEntries: 0,
      bytes: ENTRY_OVERHEAD_BYTES + 1 + 11,
    })
  })

  test('does not keep an answer larger than all its room', () => {
    const { store, put } = storeOf({ maxBytes: 1000 })
    put('a', 'small')
    put('a', 'x'.repeat(1000))
    assert.equal(store.get('a'), undefined)
  })

  test('keeps found answers whatever number of "not found" comes', () => {
    const { store, put } = storeOf()
    put('good')
    for (let count = 0; count < 100; count++)
      store.set(`bad${count}`, { value: undefined, freshness, ageMs: 0 })
    assert.deepEqual([store.get('good')?.value, store.status().negativeEntries], ['v', 3])
  })

  test('holds one answer of a key, the last', () => {
    const { store, put } = storeOf()
    put('a')
    store.set('a', { value: undefined, freshness, ageMs: 0 })
    assert.equal(store.get('a')?.value, undefined)
    assert.deepEqual(store.status().foundEntries, 0)
    put('a', 'again')
    assert.equal(store.size, 1)
  })

  test('counts the age an answer had on arrival', () => {
    const { clock, store } = storeOf()
    store.set('a', { value: 'v', freshness, ageMs: 5000 })
    clock.advance(10)
    const stored = store.get('a')
    assert.equal(stored && store.ageMs(stored), 5010)
  })

  test('keeps texts that are not Latin-1', () => {
    const { store, put } = storeOf()
    put('jürgen@a.example', 'Привет')
    assert.equal(store.get('jürgen@a.example')?.value, 'Привет')
  })

  for (const length of [1, 1024, 1025, 5000]) {
    test(`keeps every unit of texts of ${length} units`, () => {
      const { store, put } = storeOf()
      for (const unit of ['a', '\x7f', '\x80', '\xff', 'ŀ', '\ud800', '\uffff']) {
        const [key, value] = [unit.repeat(length), `${'v'.repeat(length - 1)}${unit}`]
        put(key, value)
        assert.equal(store.get(key)?.value, value)
      }
    })
  }

  test('finds a "not found" beside found answers, and none where none is', () => {
    const { store, put } = storeOf()
    put('good')
    assert.equal(store.get('bad'), undefined)
    store.set('bad', { value: undefined, freshness, ageMs: 0 })
    assert.deepEqual([store.get('bad')?.result.kind, store.get('other')], ['notfound', undefined])
  })

  test('walks over every answer once, even when answers are used during a pause', () => {
    const { store, put } = storeOf({ maxEntries: 100 })
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
    for (const key of keys) put(key)
    const seen: string[] = []
    for (const [key] of store.entries()) {
      seen.push(key)
      for (const other of keys) store.get(other)
    }
    assert.deepEqual(seen.sort(), keys.sort())
  })

  test('copies the answers of another store with their ages', () => {
    const { clock, store, put } = storeOf()
    put('a')
    clock.advance(700)
    const other = new AnswerStore({ clock, maxEntries: 9, maxNegativeEntries: 9, maxBytes: 1e6 })
    other.copyFrom(store)
    const copy = other.get('a')
    assert.equal(copy && other.ageMs(copy), 700)
  })

  test('purges a domain in all its forms and in any case, and nothing else', () => {
    const { store, put } = storeOf({ maxEntries: 100 })
    for (const key of ['u@A.example', '@a.example', 'a.example', 'u@b.example', 'x.a.example']) put(key)
    assert.equal(store.purge({ kind: 'domain', domain: 'a.EXAMPLE' }), 3)
    assert.equal(store.purge({ kind: 'key', key: 'none' }), 0)
    assert.equal(store.purge({ kind: 'all' }), 2)
  })
})

describe('PurgeLog', () => {
  test('knows what was purged since a question was asked', () => {
    const log = new PurgeLog()
    const before = log.generation
    log.add({ kind: 'key', key: 'a' })
    assert.deepEqual([log.purgedSince(before, 'a'), log.purgedSince(before, 'b')], [true, false])
    assert.equal(log.purgedSince(log.generation, 'a'), false)
  })

  test('takes a question older than its memory for purged', () => {
    const log = new PurgeLog()
    for (let count = 0; count < REMEMBERED_PURGES; count++) log.add({ kind: 'key', key: 'a' })
    assert.equal(log.purgedSince(0, 'b'), false)
    log.add({ kind: 'key', key: 'a' })
    assert.equal(log.purgedSince(0, 'b'), true)
  })

  test('a key is in the scope of the domain after its last @, whatever stands before', () => {
    fc.assert(
      fc.property(fc.string(), (local) =>
        assert.ok(inScope({ kind: 'domain', domain: 'a.example' }, `${local}@a.example`)),
      ),
    )
  })
})

describe('FailureMemory', () => {
  test('is bounded, and does not remember keys no address can be', () => {
    const memory = new FailureMemory()
    const failure = temporary('connect', 'refused')
    for (let count = 0; count <= MAX_FAILURES; count++) memory.add(`k${count}`, failure, 0)
    assert.deepEqual([memory.get('k0', 0), memory.get('k1', 0)], [undefined, failure])
    memory.add('x'.repeat(321), failure, 0)
    assert.equal(memory.get('x'.repeat(321), 0), undefined)
    memory.delete('k1')
    assert.equal(memory.get('k1', 0), undefined)
  })
})
