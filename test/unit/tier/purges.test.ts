/**
 * Purges by a store of the test: a stream and hashes in memory, as Redis answers about them.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import { type Purge, Purges } from '../../../src/tier/purges.ts'
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
