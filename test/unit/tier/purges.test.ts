/**
 * Purges that gateways send each other, and what a server loses of them.
 */
import { expect, test } from 'vitest'
import { start } from './purge-gateways.ts'

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
