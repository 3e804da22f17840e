/**
 * What every answer store does: run this suite with a function that makes one.
 */
import { describe, expect, test } from 'vitest'
import { type AnswerStore, copyAnswers } from '../../../src/core/cache/answer-store.ts'
import type { Clock } from '../../../src/core/clock.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { seededRandom } from '../traffic/seeded.ts'

const FRESHNESS = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

/** @param make Makes a store with room for a hundred answers of each kind. */
export function answerStoreTests(name: string, make: (clock: Clock) => AnswerStore): void {
  const setUp = () => {
    const clock = new ManualClock()
    const store = make(clock)
    const put = (key: string, value: string | undefined = 'v') =>
      store.set(key, { value, freshness: FRESHNESS, ageMs: 0 })
    return { clock, store, put }
  }

  describe(`${name} as an answer store`, () => {
    test('gives back what was stored, found or "not found", and nothing else', () => {
      const { store, put } = setUp()
      put('a', 'one')
      store.set('b', {
        value: undefined,
        freshness: { freshnessLifetimeMs: 1, staleWhileRevalidateMs: 2, staleIfErrorMs: 3 },
        ageMs: 0,
        endpoint: 4,
      })
      expect(store.get('a')?.result).toEqual({ kind: 'found', value: 'one' })
      expect(store.get('b')?.result).toEqual({ kind: 'notfound' })
      expect(store.get('b')).toMatchObject({
        freshnessLifetimeMs: 1,
        staleWhileRevalidateMs: 2,
        staleIfErrorMs: 3,
        endpoint: 4,
      })
      expect(store.get('c')).toBe(undefined)
      expect(store.size).toBe(2)
      expect(store.status()).toMatchObject({ foundEntries: 1, negativeEntries: 1 })
    })

    test('shows what is stored without using it, found or "not found"', () => {
      const { store, put } = setUp()
      put('a', 'one')
      store.set('b', { value: undefined, freshness: FRESHNESS, ageMs: 0 })
      expect(store.peek('a')?.result).toEqual({ kind: 'found', value: 'one' })
      expect(store.peek('b')?.result).toEqual({ kind: 'notfound' })
      expect(store.peek('c')).toBe(undefined)
    })

    test('knows which "not found" a canary confirmed', () => {
      const { store } = setUp()
      const answer = { value: undefined, freshness: FRESHNESS, ageMs: 0 }
      store.set('a', { ...answer, confirmedByCanary: true })
      store.set('b', { ...answer, confirmedByCanary: false })
      store.set('c', answer)
      expect(['a', 'b', 'c'].map((key) => store.peek(key)?.confirmedByCanary)).toEqual([true, false, false])
    })

    test('keeps validators, and none where none came', () => {
      const { store, put } = setUp()
      store.set('a', { value: 'v', freshness: FRESHNESS, ageMs: 0, validators: { etag: '"1"' } })
      put('b')
      expect(store.get('a')?.validators).toEqual({ etag: '"1"', lastModified: undefined })
      expect(store.get('b')?.validators).toBe(undefined)
    })

    test('holds one answer of a key, the last', () => {
      const { store, put } = setUp()
      put('a')
      store.set('a', { value: undefined, freshness: FRESHNESS, ageMs: 0 })
      expect(store.get('a')?.value).toBe(undefined)
      expect(store.status().foundEntries).toBe(0)
      put('a', 'again')
      expect(store.get('a')?.value).toBe('again')
      expect(store.size).toBe(1)
    })

    test('forgets what is deleted', () => {
      const { store, put } = setUp()
      put('a')
      put('b')
      store.delete('a')
      expect([store.get('a'), store.size]).toEqual([undefined, 1])
    })

    test('counts the age an answer had on arrival, by the clock that makes it older', () => {
      const { clock, store } = setUp()
      store.set('a', { value: 'v', freshness: FRESHNESS, ageMs: 5000 })
      clock.advance(10)
      const age = () => {
        const stored = store.get('a')
        return stored && store.ageMs(stored)
      }
      expect(age()).toBe(5010)
      clock.stepWall(-60_000)
      expect(age()).toBe(5010)
      clock.stepWall(61_000)
      expect(age()).toBe(6010)
    })

    for (const length of [1, 1024, 1025, 5000]) {
      test(`keeps every unit of texts of ${length} units`, () => {
        const { store, put } = setUp()
        for (const unit of ['a', '\x7f', '\x80', '\xff', 'ŀ', '\ud800', '\uffff']) {
          const [key, value] = [unit.repeat(length), `${'v'.repeat(length - 1)}${unit}`]
          put(key, value)
          expect(store.get(key)?.value === value).toBe(true)
        }
      })
    }

    test('walks over every answer once, even when answers are used during a pause', () => {
      const { store, put } = setUp()
      const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
      for (const key of keys) put(key)
      const seen: string[] = []
      for (const [key] of store.entries()) {
        seen.push(key)
        for (const other of keys) store.get(other)
      }
      expect(seen.sort()).toEqual(keys.sort())
    })

    test('goes on with a walk when answers are removed during it', () => {
      const { store, put } = setUp()
      for (const key of ['a', 'b', 'c']) put(key)
      const seen: string[] = []
      for (const [key] of store.entries()) {
        seen.push(key)
        for (const other of ['a', 'b', 'c']) if (other !== key) store.delete(other)
      }
      expect(seen).toHaveLength(1)
    })

    test('purges a domain in all its forms and in any case, and nothing else', () => {
      const { store, put } = setUp()
      for (const key of ['u@A.example', '@a.example', 'a.example', 'u@b.example', 'x.a.example']) put(key)
      expect(store.purge({ kind: 'domain', domain: 'a.EXAMPLE' })).toBe(3)
      expect(store.purge({ kind: 'key', key: 'none' })).toBe(0)
      expect(store.purge({ kind: 'all' })).toBe(2)
      expect(store.size).toBe(0)
    })

    test('knows what was purged since a question was asked', () => {
      const { store } = setUp()
      const before = store.generation
      store.purge({ kind: 'key', key: 'a' })
      expect([store.purgedSince(before, 'a'), store.purgedSince(before, 'b')]).toEqual([true, false])
      expect(store.purgedSince(store.generation, 'a')).toBe(false)
    })

    test('keeps the answers of several upstreams apart, and purges a key for all of them', () => {
      const { store, put } = setUp()
      const [first, second] = [store.prefixFor(0), store.prefixFor(1)]
      put(`${first}a`, 'one')
      put(`${second}a`, 'two')
      expect([store.get(`${first}a`)?.value, store.get(`${second}a`)?.value]).toEqual(['one', 'two'])
      const before = store.generation
      expect(store.purge({ kind: 'key', key: 'a' })).toBe(2)
      expect(store.purgedSince(before, `${second}a`)).toBe(true)
    })

    test('gives different found answers of one upstream at random, as many as are wanted or there are', () => {
      const { clock, store, put } = setUp()
      const [first, second] = [store.prefixFor(0), store.prefixFor(1)]
      for (let at = 0; at < 30; at++) put(`${first}k${at}`, `v${at}`)
      put(`${second}other`)
      store.set(`${first}absent`, { value: undefined, freshness: FRESHNESS, ageMs: 0 })
      clock.advance(3_600_000) // of whatever age
      const some = (count: number, random: () => number) =>
        Array.from(store.someFound(first, count, random), ([key, { value }]) => [key, value])
      const ten = some(10, seededRandom(1))
      expect(new Set(ten.map(([key]) => key)).size).toBe(10)
      for (const [key, value] of ten) expect(value).toBe(key?.slice(first.length).replace('k', 'v'))
      expect(some(10, seededRandom(2))).not.toEqual(ten)
      expect(some(100, seededRandom(1))).toHaveLength(30)
      expect(some(0, seededRandom(1))).toEqual([])
    })

    test('takes over the answers of another store with their ages', () => {
      const { clock, store, put } = setUp()
      put('a')
      store.set('b', { value: undefined, freshness: FRESHNESS, ageMs: 0 })
      clock.advance(700)
      const other = make(clock)
      copyAnswers(store, other)
      const copy = other.get('a')
      expect(copy && other.ageMs(copy)).toBe(700)
      expect([copy?.value, other.get('b')?.result.kind]).toEqual(['v', 'notfound'])
    })
  })
}
