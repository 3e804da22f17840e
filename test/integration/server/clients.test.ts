/**
 * The wire clients against servers that do as they should not.
 */
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ClientOptions } from '../../../src/client/options.ts'
import { type Address, formatAddress } from '../../../src/core/system/address.ts'
import { SocketmapClient, TcpTableClient } from '../../../src/library/clients.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import {
  socketmapSettings,
  tcpTableSettings,
  testDirectory,
  testListener,
  until,
} from '../../support/wire/sockets.ts'

/** A server that treats its connections one after the other as the list says, the last one from then on. */
async function scripted(
  ...scripts: ((socket: Socket) => void)[]
): Promise<{ address: Address; connections: () => number }> {
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    scripts[Math.min(connections++, scripts.length - 1)]?.(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new TypeError('not bound')
  return { address: { kind: 'inet', host: '127.0.0.1', port: bound.port }, connections: () => connections }
}

/** Answers every request with the same bytes. */
const reply = (bytes: string) => (socket: Socket) => socket.on('data', () => socket.write(bytes))
const hangUp = (socket: Socket) => socket.on('data', () => socket.destroy())
const silence = (socket: Socket) => socket.on('data', () => {})

function socketmapClient(options: ClientOptions): SocketmapClient {
  const client = new SocketmapClient(options)
  onTestFinished(() => client.close())
  return client
}

function tcpTableClient(options: ClientOptions): TcpTableClient {
  const client = new TcpTableClient(options)
  onTestFinished(() => client.close())
  return client
}

describe('SocketmapClient', () => {
  test('asks a mapgate listener by address text, over TCP and a unix socket', async () => {
    const path = `${testDirectory()}/s`
    const overTcp = await testListener()
    await testListener(socketmapSettings({ address: { kind: 'unix', path } }))
    for (const address of [formatAddress(overTcp.listener.bound), `unix:${path}`]) {
      const client = socketmapClient({ address })
      expect(await client.lookup('t', 'ü ü')).toEqual({ kind: 'found', value: 't=ü ü' })
      expect(await client.lookup('t', 'absent')).toEqual({ kind: 'notfound' })
      expect(await client.lookup('t', Buffer.from('long:99997'))).toMatchObject({ kind: 'found' })
      expect(await client.lookup('t', 'refused')).toMatchObject({ kind: 'permanent' })
    }
  })

  test('gives each of many questions at once its own answer, over one connection', async () => {
    const { listener, told } = await testListener()
    const client = socketmapClient({ address: listener.bound })
    const keys = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? `late:${n}` : `${n}`))
    const results = await Promise.all(keys.map((key) => client.lookup('t', key)))
    expect(results).toEqual(keys.map((key) => ({ kind: 'found', value: `t=${key.replace('late:', '')}` })))
    expect(told).toEqual(['opened'])
  })

  test('asks once more when the server closes the connection, and no further', async () => {
    const good = await scripted(hangUp, reply('4:OK x,'))
    expect(await socketmapClient(good).lookup('t', 'a')).toEqual({ kind: 'found', value: 'x' })
    const bad = await scripted(hangUp)
    expect(await socketmapClient(bad).lookup('t', 'a')).toMatchObject({
      kind: 'temporary',
      cause: 'connect',
      reason: 'the server closed the connection without a reply',
    })
    expect(bad.connections()).toBe(2)
  })

  test('does not ask again after a time-out, and uses another connection then', async () => {
    const clock = new ManualClock()
    const server = await scripted(silence, reply('4:OK x,'))
    const client = socketmapClient({ address: server.address, timeoutMs: 500, clock })
    const first = client.lookup('t', 'a')
    await until(() => server.connections() === 1 && clock.timers === 1)
    clock.advance(500)
    expect(await first).toEqual({
      kind: 'temporary',
      cause: 'timeout',
      reason: 'no reply from the server in time',
    })
    expect(await client.lookup('t', 'a')).toEqual({ kind: 'found', value: 'x' })
    expect([server.connections(), clock.timers]).toEqual([2, 0])
  })

  const unreadable: [what: string, bytes: string][] = [
    ['no netstring', 'hello'],
    ['a reply longer than Postfix reads', '100001:'],
    ['a reply of another protocol', '5:HELLO,'],
  ]
  for (const [what, bytes] of unreadable) {
    test(`takes ${what} for a temporary error`, async () => {
      const server = await scripted(reply(bytes))
      expect(await socketmapClient(server).lookup('t', 'a')).toMatchObject({
        kind: 'temporary',
        cause: 'unreadable',
      })
    })
  }

  test('never takes what it did not ask for as the next answer', async () => {
    const server = await scripted(reply('4:OK 1,4:OK 2,'), reply('4:OK 3,4:OK'), reply('4:OK 5,'))
    const client = socketmapClient(server)
    const values = [
      await client.lookup('t', 'a'),
      await client.lookup('t', 'b'),
      await client.lookup('t', 'c'),
    ]
    expect(values).toEqual(['1', '3', '5'].map((value) => ({ kind: 'found', value })))
  })

  test('drops a connection on which the server speaks unasked', async () => {
    let talk: (socket: Socket) => void = () => {}
    const spoken = new Promise<Socket>((resolve) => (talk = resolve))
    const server = await scripted((socket) => {
      reply('4:OK 1,')(socket)
      talk(socket)
    }, reply('4:OK 2,'))
    const client = socketmapClient(server)
    expect(await client.lookup('t', 'a')).toEqual({ kind: 'found', value: '1' })
    const socket = await spoken
    const dropped = new Promise((resolve) => socket.once('close', resolve))
    socket.write('4:OK 9,')
    await dropped
    expect(await client.lookup('t', 'b')).toEqual({ kind: 'found', value: '2' })
  })

  test('tells that nobody listens', async () => {
    const { listener } = await testListener()
    const { bound } = listener
    await listener.close()
    expect(await socketmapClient({ address: bound }).lookup('t', 'a')).toEqual({
      kind: 'temporary',
      cause: 'connect',
      code: 'ECONNREFUSED',
      reason: 'cannot connect to the server: ECONNREFUSED',
    })
  })

  test('answers a question under way, and later ones, as temporary when it is closed', async () => {
    const server = await scripted(silence)
    const client = socketmapClient(server)
    const asked = client.lookup('t', 'a')
    await until(() => server.connections() === 1)
    client.close()
    expect(await asked).toMatchObject({ kind: 'temporary', cause: 'connect' })
    expect(await client.lookup('t', 'a')).toMatchObject({
      kind: 'temporary',
      reason: 'the client was closed',
    })
  })

  test('does not take a text that is no address', () => {
    expect(() => new SocketmapClient({ address: '127.0.0.1:8464' })).toThrow(
      '"127.0.0.1:8464" is not an address: expected',
    )
  })

  test('cannot connect to a name that only systemd knows', async () => {
    expect(await socketmapClient({ address: 'systemd:x' }).lookup('t', 'a')).toMatchObject({
      cause: 'connect',
    })
  })
})

describe('TcpTableClient', () => {
  test('asks a mapgate listener any bytes', async () => {
    const { listener } = await testListener(tcpTableSettings())
    const client = tcpTableClient({ address: listener.bound })
    expect(await client.lookup('ü 1% +')).toEqual({ kind: 'found', value: 'aliases=ü 1% +' })
    expect(await client.lookup('')).toEqual({ kind: 'found', value: 'aliases=' })
    expect(await client.lookup('absent')).toEqual({ kind: 'notfound' })
    expect(await client.lookup('long:4091')).toMatchObject({ kind: 'found' })
    expect(await client.lookup('long:4092')).toEqual({
      kind: 'temporary',
      cause: 'service',
      reason: 'reply too long',
    })
  })

  const lines: [bytes: number, kind: string][] = [
    [4096, 'found'],
    [4097, 'temporary'],
  ]
  for (const [bytes, kind] of lines) {
    test(`a reply line of ${bytes} bytes is ${kind}`, async () => {
      const server = await scripted(reply(`200 ${'v'.repeat(bytes - 5)}\n`))
      expect((await tcpTableClient(server).lookup('a')).kind).toBe(kind)
    })
  }
})
