/**
 * Sentinels, and a primary that they name, which take a connection and then say nothing or end it: by a server of the test.
 */
import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openPrimary } from '../../../src/tier/sentinel.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { until } from './shared-gateways.ts'

/** The first word of a command, as clients write it (RESP). */
const COMMAND = /\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g

/** What is done at the commands of which the answer is not `OK`. */
type Replies = Readonly<Record<string, (socket: Socket, port: number) => void>>

async function startServer(t: Cleanup, replies: Replies) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      for (const [, name = ''] of String(data).matchAll(COMMAND)) {
        if (replies[name] === undefined) socket.write('+OK\r\n')
        else replies[name](socket, port)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, sockets }
}

const silence = () => {}
const named = (socket: Socket, port: number) =>
  socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${String(port).length}\r\n${port}\r\n`)

test.for<[string, Replies, number, string]>([
  ['a sentinel that says nothing', { SENTINEL: silence }, 200, 'no reply within 200 ms'],
  ['a primary that says nothing', { SENTINEL: named, ROLE: silence }, 200, 'no reply within 200 ms'],
  [
    'a primary that ends the connection',
    { SENTINEL: named, ROLE: (socket) => socket.destroy() },
    10_000,
    'Socket closed unexpectedly',
  ],
])('%s is given up, and no connection stays', async ([, replies, timeoutMs, why], t) => {
  const { port, sockets } = await startServer(t, replies)
  const server = { kind: 'inet', host: '127.0.0.1', port, database: 0, tls: false } as const
  const ended: Error[] = []
  const opening = openPrimary(
    { name: 'mymaster', servers: [server] },
    {
      settings: { prefix: 'mapgate:', timeoutMs: 50 },
      tls: undefined,
      timeoutMs,
      channels: [],
      onMessage: () => {},
      onEnd: (error) => ended.push(error),
    },
  )
  await expect(opening).rejects.toThrow(why)
  await until(() => sockets.size === 0)
  expect(ended).toEqual([])
})
