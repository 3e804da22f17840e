/**
 * A large cache file is read in pieces, between which lookups are answered and learn newer answers.
 */
import { expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { freshness, setUp } from './cache-file-set-up.ts'

const ANSWERS = 5000

/** A clock that goes on by itself, so that no piece of the file holds more than some blocks. */
class BusyClock extends ManualClock {
  override monotonicMs(): number {
    this.advance(10)
    return super.monotonicMs()
  }
}

/** A file of several blocks, and a process that has begun to read it. */
async function beganToRead() {
  const place = setUp()
  const first = place.start()
  for (let index = 0; index < ANSWERS; index++)
    first.store.set(`k${index}`, { value: 'old'.repeat(50), freshness, ageMs: 0 })
  await first.file.save(first.tables)
  const second = place.start(new BusyClock(7, first.clock.wallMs()))
  return { ...place, ...second, loading: second.file.load(second.tables) }
}

test('lookups are answered before all of it is read', async () => {
  const { store, loading } = await beganToRead()
  expect(store.size).toBeLessThan(ANSWERS)
  expect(store.restoring).toBeDefined()
  expect(await loading).toStrictEqual({ loaded: ANSWERS, dropped: new Map(), expired: 0 })
  expect([store.size, store.restoring]).toEqual([ANSWERS, undefined])
})

test('what the service answers meanwhile is not replaced by what the file has', async () => {
  const { store, loading } = await beganToRead()
  const last = `k${ANSWERS - 1}`
  expect(store.peek(last)).toBeUndefined()
  store.set(last, { value: 'new', freshness, ageMs: 0 })
  await loading
  expect(store.peek(last)?.value).toBe('new')
})

test('what is purged meanwhile is not in the store afterwards, nor in the next file', async () => {
  const { store, file, tables, start, loading } = await beganToRead()
  const last = `k${ANSWERS - 1}`
  store.purge({ kind: 'key', key: last })
  // A save does not take the half of the file for all of it.
  expect(await file.save(tables)).toBe(ANSWERS - 1)
  await loading
  const third = start()
  expect((await third.file.load(third.tables)).loaded).toBe(ANSWERS - 1)
  expect(third.store.peek(last)).toBeUndefined()
})

test('a small file is there before the first lookup', async () => {
  const { start } = setUp()
  const first = start()
  first.store.set('a', { value: 'b', freshness, ageMs: 0 })
  await first.file.save(first.tables)
  const second = start()
  void second.file.load(second.tables)
  expect(second.store.peek('a')?.value).toBe('b')
})
