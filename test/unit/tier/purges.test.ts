/**
 * Purges by a store of the test: a stream and hashes in memory, as Redis answers about them.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import type { Purge } from '../../../src/tier/purge-entry.ts'
import { Purges } from '../../../src/tier/purges.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

/** Ids compare as their numbers here: all have as many digits. */
class Store {
  readonly clock: ManualClock
  readonly #aheadMs: number
  stream: { readonly id: string; readonly fields: readonly string[] }[] = []
  readonly hashes = new Map<string, Map<string, string>>()
  #last = 0
  /** All numbers have as many digits. */
  readonly #first = 100_000

  constructor(clock: ManualClock, aheadMs: number) {
    this.clock = clock
    this.#aheadMs = aheadMs
  }

  /** All that were sent, without the name. */
  readonly commands: string[] = []
  /** Arguments of XADD before the id, of each that was sent. */
  readonly trims: string[] = []
  /** An error that the server has for XADD with MINID. */
  minIdError: string | undefined

  add(...fields: readonly string[]): string {
    this.#last++
    const id = `${this.clock.wallMs() + this.#aheadMs}-${this.#first + this.#last}`
    this.stream.push({ id, fields })
    return id
  }

  readonly send = async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
    const [command = '', name = '', ...rest] = words.map(String)
    this.commands.push([command, ...rest].join(' '))
    const rows = (some: typeof this.stream) => some.map(({ id, fields }) => [id, [...fields]])
    if (command === 'XADD') {
      const id = rest.indexOf('*')
      if (rest[0] === 'MINID' && this.minIdError !== undefined) throw new Error(this.minIdError)
      this.trims.push(rest.slice(0, id).join(' '))
      return this.add(...rest.slice(id + 1))
    }
    if (command === 'XRANGE') {
      const [from = ''] = rest
      const since = from.startsWith('(') ? from.slice(1) : ''
      const count = Number(rest[rest.indexOf('COUNT') + 1])
      return rows(this.stream.filter(({ id }) => id > since).slice(0, count))
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

/** @param serverAheadMs The server's clock less that of the gateways. */
function start(clock = new ManualClock(), serverAheadMs = 0) {
  const store = new Store(clock, serverAheadMs)
  const connection = { send: store.send, close: () => {} }
  const join = (fingerprint = 'own') => {
    const applied: Purge[] = []
    let foreign = 0
    let future = 0
    const world: { connection: typeof connection | undefined } = { connection: undefined }
    const purges = new Purges({
      prefix: 'p:',
      clock,
      observer: { ...silentObserver.tier, foreignEntry: () => foreign++, fromFuture: () => future++ },
      serverMs: () => clock.wallMs() + serverAheadMs,
      fingerprintOf: (table) => (table === 't' ? fingerprint : undefined),
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
    return {
      purges,
      applied,
      connect,
      cut,
      foreign: () => foreign,
      future: () => future,
      look: () => purges.catchUp(connection, false),
    }
  }
  return { clock, store, join }
}

test('nothing of before counts when the clock of the server was set back, for gateways that come later, too', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  expect(one.purges.isClosed('t')).toBe(false)
  const untilMs = clock.wallMs() + 5000
  one.purges.forgetAll(untilMs)
  // Until the others can know.
  expect(one.purges.isClosed('t')).toBe(true)
  await one.look()
  expect(one.purges.isClosed('t')).toBe(false)
  expect(one.purges.isPurged('t', 'a', untilMs)).toBe(true)
  expect(one.purges.isPurged('t', 'a', untilMs + 1)).toBe(false)
  expect(Object.fromEntries(store.hashes.get('p:floors:t') ?? [])).toEqual({ '': String(untilMs) })
  const late = join()
  await late.connect()
  expect(late.purges.isPurged('t', 'a', untilMs)).toBe(true)
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

test('what is for gateways of one fingerprint is left alone by the others, also when it is said again', async () => {
  const { clock, store, join } = start()
  const [sender, same, other] = [join('first'), join('first'), join('second')]
  for (const gateway of [sender, same, other]) await gateway.connect()
  const scope = { kind: 'key', key: 'a' } as const
  await sender.purges.announce({ table: 't', scope, fingerprint: 'first', entry: '{"value":1}' })
  expect(store.stream.map(({ fields }) => fields)).toEqual([
    ['table', 't', 'key', 'a', 'fingerprint', 'first', 'entry', '{"value":1}'],
  ])
  for (const gateway of [same, other]) await gateway.look()
  expect(same.applied).toEqual([{ table: 't', scope, fingerprint: 'first', entry: '{"value":1}' }])
  expect([same.foreign(), other.foreign()]).toEqual([0, 1])
  store.stream = []
  clock.advance(1000)
  await sender.look()
  expect(store.stream.map(({ fields }) => fields)).toEqual([
    ['table', 't', 'key', 'a', 'fingerprint', 'first'],
  ])
  await other.look()
  expect(other.applied).toEqual([])
  expect(other.purges.isPurged('t', 'a', clock.wallMs() - 1000)).toBe(false)
  expect(other.foreign()).toBe(2)
})

test('what is for nobody in particular is for all, and then brings no entry', async () => {
  const { store, join } = start()
  const [one, two] = [join('first'), join('second')]
  for (const gateway of [one, two]) await gateway.connect()
  store.add('table', 't', 'key', 'a', 'entry', '{"value":1}')
  for (const gateway of [one, two]) {
    await gateway.look()
    expect(gateway.applied).toEqual([{ table: 't', scope: { kind: 'key', key: 'a' } }])
    expect(gateway.foreign()).toBe(0)
  }
})

test('what is older than a week goes with a purge, once an hour; else it is the length that counts', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  const purge = () => one.purges.announce({ table: 't', scope: { kind: 'all' } })
  const weekAgo = clock.wallMs() - 604_800_000
  await purge()
  clock.advance(3_599_999)
  await purge()
  clock.advance(1)
  await purge()
  expect(store.trims).toEqual([`MINID = ${weekAgo}`, 'MAXLEN ~ 10000', `MINID = ${weekAgo + 3_600_000}`])
})

test.for<[string, string, readonly string[]]>([
  ['ERR syntax error', 'sent', ['MAXLEN ~ 10000']],
  ['ERR something else', 'later', []],
])('a server that answers MINID by %s: the purge is %s', async ([minIdError, state, trims]) => {
  const { store, join } = start()
  store.minIdError = minIdError
  const one = join()
  await one.connect()
  expect(await one.purges.announce({ table: 't', scope: { kind: 'all' } })).toMatchObject({ state })
  expect(store.trims).toEqual(trims)
})

test.for<[number, number]>([
  [604_799_999, 0],
  [604_800_000, 1],
])('a gateway that has not looked for %i ms forgets %i tables', async ([awayMs, times]) => {
  const { clock, join } = start()
  const one = join()
  await one.connect()
  one.cut()
  clock.advance(awayMs)
  await one.connect()
  expect(one.applied).toEqual(times === 0 ? [] : [{ table: 't', scope: { kind: 'all' } }])
})

test.for<[string, readonly string[], string]>([
  ['key', ['key', 'a@x.example'], 'b@y.example'],
  ['domain', ['domain', 'x.example'], 'b@y.example'],
])(
  'a %s that a service purged while no gateway ran is purged for one that starts six days later',
  async ([, fields, other]) => {
    const { clock, store, join } = start()
    store.add('table', 't', ...fields)
    const atMs = clock.wallMs()
    clock.advance(518_400_000)
    const one = join()
    await one.connect()
    expect(one.purges.isPurged('t', 'a@x.example', atMs)).toBe(true)
    expect(one.purges.isPurged('t', 'a@x.example', atMs + 1)).toBe(false)
    expect(one.purges.isPurged('t', other, atMs)).toBe(false)
    // What is stored here since the start is newer.
    expect(one.applied).toEqual([])
  },
)

test('a table that a reload adds is not used before it is known what was purged of it', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  store.add('table', 'new', 'key', 'a')
  await one.look()
  one.purges.follow('new')
  expect(one.purges.isClosed('new')).toBe(true)
  await settle()
  await one.look()
  expect(one.purges.isClosed('new')).toBe(false)
  expect(one.purges.isPurged('new', 'a', clock.wallMs())).toBe(true)
})

test('nothing counts for a gateway that starts that is older than the stream', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  const weekAgo = clock.wallMs() - 604_800_000
  expect(one.purges.isPurged('t', 'a', weekAgo)).toBe(true)
  expect(one.purges.isPurged('t', 'a', weekAgo + 1)).toBe(false)
  for (let n = 0; n < 9999; n++) store.add('table', 'other')
  const two = join()
  await two.connect()
  expect(two.purges.isPurged('t', 'a', clock.wallMs())).toBe(false)
  store.add('table', 'other')
  const three = join()
  await three.connect()
  expect(three.purges.isPurged('t', 'a', clock.wallMs())).toBe(true)
  // That is not said to the others.
  expect(store.hashes.get('p:floors:t')?.size).toBe(0)
})

test('a domain that a service purges by the stream alone has a floor in the store', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  store.add('table', 't', 'domain', 'x.example')
  await one.look()
  expect(Object.fromEntries(store.hashes.get('p:floors:t') ?? [])).toEqual({
    '@x.example': String(clock.wallMs()),
  })
})

test('a gateway whose clock is an hour ahead hears of what was purged before its first connection', async () => {
  const clock = new ManualClock()
  const { store, join } = start(clock, -3_600_000)
  const one = join()
  clock.advance(1000)
  store.add('table', 't', 'key', 'a')
  clock.advance(120_000)
  await one.connect()
  expect(one.applied).toEqual([{ table: 't', scope: { kind: 'key', key: 'a' } }])
})

test('many messages are one look at the stream, and each purge is confirmed', async () => {
  const { store, join } = start()
  const one = join()
  await one.connect()
  const ids = Array.from({ length: 400 }, (_, n) => store.add('table', 't', 'key', `k${n}`))
  store.commands.length = 0
  for (const id of ids) one.purges.onMessage('p:purged', id)
  await settle()
  await one.look()
  expect(store.commands.filter((command) => command.startsWith('XREVRANGE')).length).toBe(2)
  const confirmed = store.commands.filter((command) => command.startsWith('PUBLISH'))
  expect(confirmed).toEqual(ids.map((id) => `PUBLISH ${id}`))
})

test('a purge that is applied before the message comes is confirmed then, once, after thousands of odd ones, too', async () => {
  const { store, join } = start()
  const one = join()
  await one.connect()
  for (let n = 0; n < 2000; n++) {
    one.purges.onMessage('p:purged', `key${n}`)
    one.purges.onMessage('p:purged', `1-${n}`)
    one.purges.onMessage('p:purged', `99999999999999-${n}`)
  }
  const id = store.add('table', 't', 'key', 'a')
  await one.look()
  store.commands.length = 0
  for (const message of [id, id, '']) one.purges.onMessage('p:purged', message)
  expect(store.commands).toEqual([`PUBLISH ${id}`])
  const next = store.add('table', 't', 'key', 'b')
  one.purges.onMessage('p:purged', next)
  await one.look()
  expect(store.commands.filter((command) => command.startsWith('PUBLISH'))).toEqual([
    `PUBLISH ${id}`,
    `PUBLISH ${next}`,
  ])
})

test('a purge from here is not confirmed from here, nor one that no message told of', async () => {
  const { store, join } = start()
  const one = join()
  await one.connect()
  await one.purges.announce({ table: 't', scope: { kind: 'key', key: 'a' } })
  store.add('table', 't', 'key', 'b')
  store.commands.length = 0
  await one.look()
  one.purges.onMessage('p:purged', store.stream[0]?.id ?? '')
  expect(store.commands.filter((command) => command.startsWith('PUBLISH'))).toEqual([])
})

test('pages of long entries stay short', async () => {
  const { store, join } = start()
  const one = join()
  await one.connect()
  for (let n = 0; n < 40; n++) store.add('table', 't', 'key', 'k'.repeat(10_000))
  for (let n = 0; n < 400; n++) store.add('table', 't', 'key', 'k')
  store.commands.length = 0
  await one.look()
  const counts = store.commands.flatMap((command) => /^XRANGE .* COUNT (\d+)$/.exec(command)?.[1] ?? [])
  expect(counts).toEqual(['16', '16', '16', '16', '64', '256', '256'])
  expect(one.applied.length).toBe(440)
})

test.for<[number, boolean]>([
  [86_400_000, true],
  [86_400_001, false],
])(
  'an id %i ms ahead is when the purge was: %s; else it is one of now, and told',
  async ([aheadMs, isWhen]) => {
    const { clock, store, join } = start()
    const one = join()
    await one.connect()
    store.stream.push({ id: `${clock.wallMs() + aheadMs}-100000`, fields: ['table', 't', 'key', 'a'] })
    await one.look()
    expect(one.applied.length).toBe(1)
    expect(one.purges.isPurged('t', 'a', clock.wallMs())).toBe(true)
    expect(one.purges.isPurged('t', 'a', clock.wallMs() + 1001)).toBe(isWhen)
    expect(one.future()).toBe(isWhen ? 0 : 1)
  },
)
