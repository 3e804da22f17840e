/**
 * Purges for gateways that come later, and by services: the stream, its messages, and ids that nobody should have.
 */
import { expect, test } from 'vitest'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { start } from './purge-gateways.ts'

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

test('a purge that a full store refuses is told later, and that it is full', async () => {
  const { store, join } = start()
  const [one, two] = [join(), join()]
  for (const gateway of [one, two]) await gateway.connect()
  store.minIdError = "OOM command not allowed when used memory > 'maxmemory'."
  const purge = { table: 't', scope: { kind: 'all' } } as const
  expect(await one.purges.announce(purge)).toEqual({ state: 'later', why: 'full' })
  store.minIdError = undefined
  await one.look()
  await two.look()
  expect(two.applied).toEqual([purge])
})

test.for<[number, number]>([
  [0, 0],
  [1, 1],
])(
  'of a full stream whose first entry is %i ms behind the last one seen, something was lost: %i',
  async ([behindMs, times]) => {
    const { clock, store, join } = start()
    const one = join()
    await one.connect()
    store.add('table', 'other')
    await one.look()
    one.cut()
    clock.advance(behindMs)
    store.stream = []
    for (let n = 0; n < 10_000; n++) store.add('table', 'other')
    await one.connect()
    expect(one.applied.length).toBe(times)
  },
)

test('a purge by a server that was emptied and whose clock is behind is heard of', async () => {
  const { clock, store, join } = start()
  const one = join()
  await one.connect()
  store.add('nonsense', 'x')
  await one.look()
  store.stream = []
  await one.look()
  clock.stepWall(-500)
  store.add('table', 't', 'key', 'a')
  await one.look()
  expect(one.applied).toEqual([{ table: 't', scope: { kind: 'key', key: 'a' } }])
})
