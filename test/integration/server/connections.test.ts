/**
 * Who may connect, and who gives way when there is no more room.
 */
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import {
  LOOPBACK_ANY,
  quiet,
  socketmapSettings,
  type Talker,
  talkTo,
  testDirectory,
  testListener,
  until,
} from '../../support/wire/sockets.ts'

const waitingForever: Lookup = { lookup: () => new Promise(() => {}) }

/** One round trip, which makes this the connection that was active last. */
async function ask(client: Talker): Promise<void> {
  client.send('3:t a,')
  await client.expect('6:OK t=a,')
}

describe('a full listener', () => {
  test('closes the connection that is idle longest for a new one', async () => {
    const { listener, told } = await testListener(socketmapSettings({ maxConnections: 3 }))
    const first = await talkTo(listener.bound)
    await ask(first)
    const second = await talkTo(listener.bound)
    await ask(second)
    const third = await talkTo(listener.bound)
    await ask(third)
    await ask(first)
    const fourth = await talkTo(listener.bound)
    await ask(fourth)
    expect(await second.closed).toBe('ended')
    for (const client of [first, third, fourth]) await ask(client)
    expect(listener.status().connections).toBe(3)
    expect(told).toEqual(['opened', 'opened', 'opened', 'shed', 'opened'])
  })

  test('never closes one that waits for an answer or is sending a request: it refuses the new one', async () => {
    const { listener, told, clock } = await testListener(
      socketmapSettings({ maxConnections: 2 }),
      waitingForever,
    )
    const asking = await talkTo(listener.bound)
    asking.send('3:t a,')
    const sending = await talkTo(listener.bound)
    sending.send('3:t')
    await until(() => clock.timers === 1)
    await quiet()
    const refused = await talkTo(listener.bound)
    await refused.closed
    expect(told).toEqual(['opened', 'opened', 'refused limit'])
    expect(listener.status().connections).toBe(2)
  })

  test('closes one whose begun request has stalled, to the millisecond, and keeps one that asks', async () => {
    const { listener, told, clock } = await testListener(
      socketmapSettings({ maxConnections: 2 }),
      waitingForever,
    )
    const asking = await talkTo(listener.bound)
    asking.send('3:t a,')
    const stalled = await talkTo(listener.bound)
    stalled.send('3:t')
    await until(() => clock.timers === 1)
    clock.advance(1999)
    await (await talkTo(listener.bound)).closed
    expect(told.at(-1)).toBe('refused limit')
    stalled.send(' ')
    await quiet()
    clock.advance(1)
    await talkTo(listener.bound)
    await stalled.closed
    expect(told.slice(-2)).toEqual(['shed', 'opened'])
    expect(listener.status().connections).toBe(2)
  })

  test('has room again when a connection is closed', async () => {
    const { listener, told } = await testListener(socketmapSettings({ maxConnections: 1 }))
    const first = await talkTo(listener.bound)
    await ask(first)
    first.socket.end()
    await until(() => listener.status().connections === 0)
    await ask(await talkTo(listener.bound))
    expect(told).toEqual(['opened', 'opened'])
  })

  test('takes its new limit at the next connection', async () => {
    const { listener } = await testListener()
    const clients = [await talkTo(listener.bound), await talkTo(listener.bound)]
    for (const client of clients) await ask(client)
    listener.update(socketmapSettings({ maxConnections: 2 }))
    await ask(await talkTo(listener.bound))
    expect(await clients[0]?.closed).toBe('ended')
  })
})

describe('the limit of one client address', () => {
  test('makes that address give up its own idle connection, and no other one', async () => {
    const { listener, told } = await testListener(socketmapSettings({ maxConnectionsPerAddress: 1 }))
    const other = await talkTo(listener.bound, { from: '127.0.0.2' })
    await ask(other)
    const first = await talkTo(listener.bound)
    await ask(first)
    const second = await talkTo(listener.bound)
    await ask(second)
    expect(await first.closed).toBe('ended')
    await ask(other)
    expect(told).toEqual(['opened', 'opened', 'shed', 'opened'])
  })

  test('refuses when none of that address is idle', async () => {
    const { listener, told } = await testListener(
      socketmapSettings({ maxConnectionsPerAddress: 1 }),
      waitingForever,
    )
    const busy = await talkTo(listener.bound)
    busy.send('3:t a,')
    await until(() => told.length === 1)
    await quiet()
    await (await talkTo(listener.bound)).closed
    expect(told).toEqual(['opened', 'refused address-limit'])
    await talkTo(listener.bound, { from: '127.0.0.2' })
    await until(() => told.length === 3)
  })

  test('is not used for unix sockets, whose clients have no address', async () => {
    const address = { kind: 'unix', path: `${testDirectory()}/s` } as const
    const { listener } = await testListener(
      socketmapSettings({ address, maxConnectionsPerAddress: 1, allow: [] }),
    )
    const clients = [await talkTo(listener.bound), await talkTo(listener.bound)]
    for (const client of clients) await ask(client)
  })
})

describe('allowed addresses', () => {
  test('keep everybody else out, unanswered', async () => {
    const { listener, told } = await testListener(socketmapSettings({ allow: ['127.0.0.2', '10.0.0.0/8'] }))
    const refused = await talkTo(listener.bound)
    await refused.closed
    await ask(await talkTo(listener.bound, { from: '127.0.0.2' }))
    expect([told, refused.received]).toEqual([['refused allow', 'opened'], ''])
  })

  test('of IPv4 hold for IPv4 clients of an IPv6 socket', async () => {
    const { listener } = await testListener(
      socketmapSettings({ address: { kind: 'inet', host: '::', port: 0 }, allow: ['127.0.0.1'] }),
    )
    const { bound } = listener
    if (bound.kind !== 'inet') throw new TypeError('not bound')
    await ask(await talkTo({ ...LOOPBACK_ANY, port: bound.port } as typeof bound))
    await (await talkTo({ ...bound, host: '127.0.0.1' }, { from: '127.0.0.2' })).closed
  })

  test('can change; who is connected stays', async () => {
    const { listener, told } = await testListener()
    const client = await talkTo(listener.bound)
    await ask(client)
    listener.update(socketmapSettings({ allow: ['10.0.0.0/8'] }))
    await (await talkTo(listener.bound)).closed
    await ask(client)
    expect(told).toEqual(['opened', 'refused allow'])
  })
})
