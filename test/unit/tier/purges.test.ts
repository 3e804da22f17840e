/**
 * Purges by a store of the test: a stream and hashes in memory, as Redis answers about them.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import type { Purge } from '../../../src/tier/purge-entry.ts'
import { Purges } from '../../../src/tier/purges.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

/** Ids compare as their numbers here: all have as many digits. */
class Store {
  readonly clock: ManualClock
  stream: { readonly id: string; readonly fields: readonly string[] }[] = []
  readonly hashes = new Map<string, Map<string, string>>()
  #last = 0

  constructor(clock: ManualClock) {
    this.clock = clock
  }

  add(...fields: readonly string[]): string {
    this.#last++
    const id = `${this.clock.wallMs()}-${this.#last}`
    this.stream.push({ id, fields })
    return id
  }

  readonly send = async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
    const [command, name = '', ...rest] = words.map(String)
    const rows = (some: typeof this.stream) => some.map(({ id, fields }) => [id, [...fields]])
    if (command === 'XADD') return this.add(...rest.slice(4))
    if (command === 'XRANGE') {
      const [from = ''] = rest
      const since = from.startsWith('(') ? from.slice(1) : ''
      return rows(this.stream.filter(({ id }) => id > since))
    }
    if (command === 'XREVRANGE') return rows(this.stream.slice(-1))
    if (command === 'XLEN') return this.stream.length
    const hash = this.hashes.get(name) ?? new Map<string, string>()
    this.hashes.set(name, hash)
    if (command === 'HGETALL') return Array.from(hash).flat()
    if (command === 'HSET')
      for (let at = 0; at < rest.length; at += 2) hash.set(rest[at] ?? '', rest[at + 1] ?? '')
    return command === 'PUBLISH' ? 1 : 0
  }
}

function start(clock = new ManualClock()) {
  const store = new Store(clock)
  const connection = { send: store.send, close: () => {} }
  const join = () => {
    const applied: Purge[] = []
    const world: { connection: typeof connection | undefined } = { connection: undefined }
    const purges = new Purges({
      prefix: 'p:',
      clock,
      observer: silentObserver.tier,
      connection: () => world.connection,
      onPurge: (purge) => applied.push(purge),
    })
    purges.follow('t')
    const connect = async () => {
      await purges.catchUp(connection, true)
      world.connection = connection
    }
    const cut = () => {
      world.connection = undefined
    }
    return { purges, applied, connect, cut, look: () => purges.catchUp(connection, false) }
  }
  return { clock, store, join }
}

test('nothing of before counts when the clock of the server was set back, for gateways that come later, too', async () => {
  const { store, join } = start()
  const one = join()
  await one.connect()
  expect(one.purges.isClosed('t')).toBe(false)
  one.purges.forgetAll(5000)
  // Until the others can know.
  expect(one.purges.isClosed('t')).toBe(true)
  await one.look()
  expect(one.purges.isClosed('t')).toBe(false)
  expect(one.purges.isPurged('t', 'a', 5000)).toBe(true)
  expect(one.purges.isPurged('t', 'a', 5001)).toBe(false)
  expect(Object.fromEntries(store.hashes.get('p:floors:t') ?? [])).toEqual({ '': '5000' })
  const late = join()
  await late.connect()
  expect(late.purges.isPurged('t', 'a', 5000)).toBe(true)
})

test('a gateway that has never been connected hears of purges since it started, and of a minute before', async () => {
  const { clock, store, join } = start()
  store.add('table', 't', 'key', 'long-ago')
  clock.advance(60_000)
  store.add('table', 't', 'key', 'a-minute-ago')
  clock.advance(1)
  const one = join()
  clock.advance(3_600_000)
  store.add('table', 't', 'key', 'meanwhile')
  clock.advance(3_600_000)
  await one.connect()
  expect(one.applied.map(({ scope }) => scope)).toEqual([
    { kind: 'key', key: 'a-minute-ago' },
    { kind: 'key', key: 'meanwhile' },
  ])
})

test('one that comes in the place of another sees what that has not seen, and sends what it has not sent', async () => {
  const { clock, store, join } = start()
  const [before, other] = [join(), join()]
  await Promise.all([before.connect(), other.connect()])
  before.cut()
  clock.advance(3_600_000)
  store.add('table', 't', 'key', 'unseen')
  expect(await before.purges.announce({ table: 't', scope: { kind: 'key', key: 'unsent' } })).toEqual({
    state: 'later',
  })
  clock.advance(3_600_000)
  const after = join()
  before.purges.handOver(after.purges)
  // One that was on its way while the other came.
  await before.purges.announce({ table: 't', scope: { kind: 'key', key: 'late' } })
  await after.connect()
  await other.look()
  expect(after.applied.map(({ scope }) => scope)).toEqual([{ kind: 'key', key: 'unseen' }])
  expect(other.applied.map(({ scope }) => scope)).toEqual([
    { kind: 'key', key: 'unseen' },
    { kind: 'key', key: 'unsent' },
    { kind: 'key', key: 'late' },
  ])
})

test.for<[string, number]>([
  ['emptied', 0],
  ['replaced by a replica that was behind', 1],
])('what a server has lost that was %s is said again, to those who were away', async ([, kept]) => {
  const { clock, store, join } = start()
  const [one, away] = [join(), join()]
  await Promise.all([one.connect(), away.connect()])
  store.add('table', 't', 'domain', 'x.example')
  await Promise.all([one.look(), away.look()])
  away.cut()
  clock.advance(1000)
  await one.purges.announce({ table: 't', scope: { kind: 'key', key: 'a' }, entry: '1' })
  await one.look()
  away.applied.length = 0
  store.stream = store.stream.slice(0, kept)
  clock.advance(1000)
  await one.connect()
  await away.connect()
  const domain = { table: 't', scope: { kind: 'domain', domain: 'x.example' } }
  // Without the entry: the list may have another one by now.
  const key = { table: 't', scope: { kind: 'key', key: 'a' } }
  expect(away.applied).toEqual(kept === 0 ? [domain, key] : [key])
  // Not over and over again.
  const length = store.stream.length
  await Promise.all([one.look(), away.look()])
  expect(store.stream.length).toBe(length)
})

test.for<[number, number]>([
  [3_600_000, 1],
  [3_600_001, 0],
])('a purge of %i ms ago is said again, if it is not longer ago than an hour', async ([ageMs, times]) => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  await one.purges.announce({ table: 't', scope: { kind: 'all' } })
  store.stream = []
  clock.advance(ageMs)
  await one.look()
  expect(store.stream.length).toBe(times)
})
