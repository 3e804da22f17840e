/**
 * The library's servers, asked by its clients.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  SocketmapClient,
  SocketmapServer,
  TcpTableClient,
  TcpTableServer,
  temporary,
} from '../../../src/index.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

describe('SocketmapServer', () => {
  test('serves named tables on several addresses', async () => {
    const server = new SocketmapServer({
      sync: (key) => `${key}!`,
      async: async () => temporary('service', 'later'),
    })
    onTestFinished(() => server.close())
    const path = `${testDirectory()}/s`
    for (const address of [await server.listen('inet:127.0.0.1:0'), await server.listen(`unix:${path}`)]) {
      const client = new SocketmapClient({ address })
      onTestFinished(() => client.close())
      expect(await client.lookup('sync', 'KEY')).toEqual({ kind: 'found', value: 'key!' })
      expect(await client.lookup('async', 'key')).toEqual({
        kind: 'temporary',
        cause: 'service',
        reason: 'later',
      })
      expect(await client.lookup('nosuch', 'key')).toMatchObject({
        kind: 'permanent',
        reason: 'no such table; check its name in main.cf',
      })
    }
  })

  test('closes after its answers, and nobody listens then', async () => {
    const server = new SocketmapServer({
      slow: () => new Promise((resolve) => setImmediate(() => resolve('x'))),
    })
    const address = await server.listen('inet:127.0.0.1:0')
    const client = new SocketmapClient({ address })
    onTestFinished(() => client.close())
    expect(await client.lookup('slow', 'a')).toEqual({ kind: 'found', value: 'x' })
    await server.close()
    expect(await client.lookup('slow', 'a')).toMatchObject({ kind: 'temporary', cause: 'connect' })
  })

  test('refuses a name that main.cf could not write, and a text that is no address', async () => {
    expect(() => new SocketmapServer({ 'a:b': () => 'x' })).toThrow('"a:b" is not a table name')
    await expect(new SocketmapServer({}).listen('8464')).rejects.toThrow(
      '"8464" is not an address: expected inet:HOST:PORT',
    )
  })

  test('lets only allowed addresses in', async () => {
    const server = new SocketmapServer({ t: () => 'x' }, { allow: ['192.0.2.1'] })
    onTestFinished(() => server.close())
    const client = new SocketmapClient({ address: await server.listen('inet:127.0.0.1:0') })
    onTestFinished(() => client.close())
    expect(await client.lookup('t', 'a')).toMatchObject({ kind: 'temporary', cause: 'connect' })
  })
})

describe('TcpTableServer', () => {
  test('serves its one table', async () => {
    const server = new TcpTableServer((key) => (key === 'a b' ? 'ü' : null))
    onTestFinished(() => server.close())
    const client = new TcpTableClient({ address: await server.listen('inet:127.0.0.1:0') })
    onTestFinished(() => client.close())
    expect(await client.lookup('a b')).toEqual({ kind: 'found', value: 'ü' })
    expect(await client.lookup('c')).toEqual({ kind: 'notfound' })
  })
})
