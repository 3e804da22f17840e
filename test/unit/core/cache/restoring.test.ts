/**
 * Answers of an earlier run that are read while lookups are answered already: what was learnt meanwhile is newer.
 */
import { expect, test } from 'vitest'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { instant } from '../../../../src/core/clock.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

const freshness = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 3_600_000 }

function setUp() {
  const clock = new ManualClock()
  const store = new MemoryAnswerStore({ clock, maxEntries: 2, maxNegativeEntries: 10, maxBytes: 1e6 })
  const restoring = store.beginRestoring()
  const add = (key: string, value: string | undefined) =>
    restoring.add(key, { value, freshness, ageMs: 10_000 }, instant(clock))
  const value = (key: string) => store.peek(key)?.result
  return { clock, store, restoring, add, value }
}

test('a key that nothing is known of gets its answer, as old as it is', () => {
  const { store, add, value } = setUp()
  add('a', 'old')
  expect(value('a')).toEqual({ kind: 'found', value: 'old' })
  const stored = store.peek('a')
  expect(stored && store.ageMs(stored)).toBe(10_000)
})

test('an answer of the service stays, found or not', () => {
  const { store, add, value } = setUp()
  store.set('a', { value: 'new', freshness, ageMs: 0 })
  store.set('b', { value: undefined, freshness, ageMs: 0 })
  add('a', 'old')
  add('b', 'old')
  expect([value('a'), value('b')]).toEqual([{ kind: 'found', value: 'new' }, { kind: 'notfound' }])
})

test('a key whose answer may not be stored stays without one', () => {
  const { store, add, value } = setUp()
  store.delete('a')
  add('a', 'old')
  expect(value('a')).toBeUndefined()
})

test('an answer that was pushed out does not come back older', () => {
  const { store, add, value } = setUp()
  for (const key of ['a', 'b', 'c']) store.set(key, { value: 'new', freshness, ageMs: 0 })
  expect(value('a')).toBeUndefined()
  add('a', 'old')
  expect(value('a')).toBeUndefined()
})

for (const scope of [
  { kind: 'all' },
  { kind: 'key', key: 'a@d.example' },
  { kind: 'domain', domain: 'D.example' },
] as const) {
  test(`what is purged meanwhile does not come back: ${scope.kind}`, () => {
    const { store, add, value } = setUp()
    store.purge(scope)
    add('a@d.example', 'old')
    expect(value('a@d.example')).toBeUndefined()
  })
}

test('afterwards the store knows nothing of it any more', async () => {
  const { clock, store, restoring } = setUp()
  expect(store.restoring).toBe(restoring)
  const ended = restoring.endedBy(clock.monotonicMs() + 1000, clock)
  restoring.end()
  await ended
  expect(store.restoring).toBeUndefined()
  expect(clock.timers).toBe(0)
})

test('whoever waits for the end does so until a deadline', async () => {
  const { clock, store, restoring } = setUp()
  let isOver = false
  const waiting = restoring.endedBy(clock.monotonicMs() + 1000, clock).then(() => {
    isOver = true
  })
  clock.advance(999)
  await Promise.resolve()
  expect(isOver).toBe(false)
  clock.advance(1)
  await waiting
  expect([isOver, store.restoring]).toEqual([true, restoring])
})
