import { expect, test } from 'vitest'
import { Floors } from '../../../src/tier/floors.ts'

/** A hash of the store. */
function hash(fields: Record<string, string> = {}) {
  const stored = new Map(Object.entries(fields))
  return {
    stored,
    send: async (command: unknown, _name: unknown, ...rest: readonly unknown[]) => {
      const words = rest.map(String)
      if (command === 'HGETALL') return Array.from(stored).flat()
      if (command === 'HDEL') for (const field of words) stored.delete(field)
      if (command === 'HSET')
        for (let at = 0; at < words.length; at += 2) stored.set(words[at] ?? '', words[at + 1] ?? '')
      return 0
    },
    close: () => {},
  }
}

const LATEST = { atMs: 10_000, onLater: () => {} }

test('what was asked for before a purge of its key, domain or table is worthless', () => {
  const floors = new Floors()
  expect(floors.isPurged('a@x.example', 1)).toBe(false)
  floors.raise({ kind: 'key', key: 'a@x.example' }, 1000)
  expect(floors.isPurged('a@x.example', 1000)).toBe(true)
  expect(floors.isPurged('a@x.example', 1001)).toBe(false)
  expect(floors.isPurged('b@x.example', 1000)).toBe(false)
  floors.raise({ kind: 'domain', domain: 'X.example' }, 2000)
  expect(floors.isPurged('b@x.example', 2000)).toBe(true)
  expect(floors.isPurged('x.example', 2000)).toBe(true)
  expect(floors.isPurged('b@y.example', 2000)).toBe(false)
  expect(floors.isPurged('b@x.example', 2001)).toBe(false)
  floors.raise({ kind: 'all' }, 3000)
  expect(floors.isPurged('b@y.example', 3000)).toBe(true)
  expect(floors.isPurged('b@y.example', 3001)).toBe(false)
})

test('a purge of a key is remembered for a week', () => {
  const floors = new Floors()
  floors.raise({ kind: 'key', key: 'a' }, 1000)
  floors.raise({ kind: 'key', key: 'b' }, 604_800_999)
  expect(floors.isPurged('a', 1000)).toBe(true)
  floors.raise({ kind: 'key', key: 'c' }, 604_801_000)
  expect(floors.isPurged('a', 1000)).toBe(false)
})

test('a thousand purged domains have their own, and one more makes it the table', async () => {
  const floors = new Floors()
  const store = hash()
  for (let index = 0; index < 1000; index++) {
    await floors.write(store, 'f', { kind: 'domain', domain: `d${index}.example` }, 1000 + index, LATEST)
  }
  expect(floors.isPurged('a@other.example', 1000)).toBe(false)
  expect(store.stored.size).toBe(1000)
  await floors.write(store, 'f', { kind: 'domain', domain: 'one-more.example' }, 5000, LATEST)
  expect(floors.isPurged('a@other.example', 5000)).toBe(true)
  expect(Array.from(store.stored)).toEqual([['', '5000']])
})

test('the later of what is known here and there counts, and a store that knows less is told', async () => {
  const floors = new Floors()
  floors.raise({ kind: 'domain', domain: 'here.example' }, 2000)
  floors.raise({ kind: 'domain', domain: 'both.example' }, 3000)
  const store = hash({ '@both.example': '1000', '@there.example': '4000', '@odd.example': 'x' })
  await floors.read(store, 'f', LATEST)
  expect(floors.isRead).toBe(true)
  expect(floors.isPurged('a@there.example', 4000)).toBe(true)
  expect(Object.fromEntries(store.stored)).toMatchObject({
    '@here.example': '2000',
    '@both.example': '3000',
    '@there.example': '4000',
  })
})

test.for<[string, object]>([
  ['table', { kind: 'all' }],
  ['domain', { kind: 'domain', domain: 'x.example' }],
])('a purge of a %s by a server whose clock was set back leaves the later floor', async ([, scope]) => {
  const store = hash({ '': '4000', '@x.example': '5000' })
  const floors = new Floors()
  await floors.write(store, 'f', scope as { kind: 'all' }, 1000, LATEST)
  expect(Object.fromEntries(store.stored)).toEqual({ '': '4000', '@x.example': '5000' })
  expect(floors.isPurged('a@x.example', 5000)).toBe(true)
  expect(floors.isPurged('a@y.example', 4000)).toBe(true)
})

test.for<[string, number, boolean]>([
  ['10000', 0, true],
  ['10001', 1, false],
  ['Infinity', 1, false],
])('a floor of %s is told %i times when none can be later than 10000', async ([atMs, times, counts]) => {
  let told = 0
  const floors = new Floors()
  await floors.read(hash({ '': atMs }), 'f', { atMs: 10_000, onLater: () => told++ })
  expect(told).toBe(times)
  expect(floors.isPurged('a', 9999)).toBe(counts)
})
