/**
 * Replies that HTTP allows or forbids and that are seldom seen, from a raw TCP server, whole and byte by byte.
 */
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Reply } from '../../../src/core/upstream.ts'
import { HttpUpstreamPools } from '../../../src/upstreams/http/pools.ts'
import { tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'

/** Sends the same bytes to every request, and closes the connection behind them. */
async function startRawServer(bytes: string, piece: number): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // the client closed first
    socket.once('data', async () => {
      const all = Buffer.from(bytes, 'latin1')
      for (let at = 0; at < all.length; at += piece) {
        await new Promise((resolve) => socket.write(all.subarray(at, at + piece), resolve))
      }
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

async function ask(bytes: string, piece: number): Promise<{ reply: Reply; defects: Error[] }> {
  const defects: Error[] = []
  const origin = await startRawServer(bytes, piece)
  const pools = new HttpUpstreamPools(upstreamSettings([{ origin }]), {
    clock: systemClock,
    onDefect: (error) => defects.push(error),
  })
  onTestFinished(() => pools.destroy())
  return { reply: await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 }), defects }
}

function summary({ result, retry }: Reply): string {
  if (result.kind === 'found') return `found ${result.value}`
  return result.kind === 'temporary' ? `temporary ${result.cause} ${retry}` : result.kind
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const OK_LENGTH = 'content-length: 2\r\n\r\nok'

const CASES: [sentence: string, bytes: string, expected: string][] = [
  ['100 Continue is followed by the reply', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, 'found ok'],
  ['so is 103', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}`, 'found ok'],
  ['so are many', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)}${OK}`, 'found ok'],
  ['so is one that nobody knows', `HTTP/1.1 199 What\r\n\r\n${OK}`, 'found ok'],
  ['100 alone is no reply', 'HTTP/1.1 100 Continue\r\n\r\n', 'temporary connect any'],
  ['101 without fields is no reply', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'temporary unreadable any'],
  [
    '101 with fields is no reply',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nabc',
    'temporary connect any',
  ],
  [
    'an offer of another protocol is ignored',
    `HTTP/1.1 200 OK\r\nupgrade: h2c\r\nconnection: upgrade\r\n${OK_LENGTH}`,
    'found ok',
  ],
  ['304 without a condition is no answer', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'temporary unreadable any'],
  ['204 is "not found"', 'HTTP/1.1 204 No Content\r\n\r\n', 'notfound'],
  ['204 with a body is none', `HTTP/1.1 204 No Content\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  [
    '204 in chunks is none',
    'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'temporary unreadable any',
  ],
  [
    '404 with a part of a body is none',
    `HTTP/1.1 404 X\r\ncontent-range: bytes 0-1/9\r\n${OK_LENGTH}`,
    'temporary unreadable any',
  ],
  [
    '200 with a part of a body is none',
    `HTTP/1.1 200 X\r\ncontent-range: bytes 0-1/9\r\n${OK_LENGTH}`,
    'temporary unreadable any',
  ],
  ['421 is asked elsewhere', `HTTP/1.1 421 X\r\n${OK_LENGTH}`, 'temporary status any'],
  ['407 without a proxy is not for ever', `HTTP/1.1 407 X\r\n${OK_LENGTH}`, 'temporary status any'],
  ['600 is the trouble of the service', `HTTP/1.1 600 X\r\n${OK_LENGTH}`, 'temporary status any'],
  ['000 is no status', `HTTP/1.1 000 X\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  ['1000 is no status', `HTTP/1.1 1000 X\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  ['20 is no status', `HTTP/1.1 20 X\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  ['-200 is no status', `HTTP/1.1 -200 X\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  [
    'trailers have an end, too',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${'x: y\r\n'.repeat(9000)}\r\n`,
    'temporary unreadable any',
  ],
  [
    'extensions of chunks are passed over',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;${'x'.repeat(100_000)}\r\nok\r\n0\r\n\r\n`,
    'found ok',
  ],
  ['205 is no answer', 'HTTP/1.1 205 Reset\r\ncontent-length: 0\r\n\r\n', 'temporary status any'],
  ['206 is no answer', `HTTP/1.1 206 Partial Content\r\n${OK_LENGTH}`, 'temporary status any'],
  ['226 is no answer', `HTTP/1.1 226 IM Used\r\n${OK_LENGTH}`, 'temporary status any'],
  ['999 is the trouble of the service', `HTTP/1.1 999 X\r\n${OK_LENGTH}`, 'temporary status any'],
  ['099 is no status', `HTTP/1.1 099 X\r\n${OK_LENGTH}`, 'temporary unreadable any'],
  [
    'two lengths are none',
    `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n${OK_LENGTH}`,
    'temporary unreadable any',
  ],
  [
    'a length and chunks are none',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'temporary unreadable any',
  ],
  [
    'a length below zero is none',
    'HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok',
    'temporary unreadable any',
  ],
  [
    'a transfer coding other than chunks is not read',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'temporary unreadable any',
  ],
  [
    'trailers are ignored',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n',
    'found ok',
  ],
  ['an empty reason is one', `HTTP/1.1 200 \r\n${OK_LENGTH}`, 'found ok'],
  ['HTTP/1.0 is read', 'HTTP/1.0 200 OK\r\n\r\nok', 'found ok'],
  ['HTTP/0.9 is no HTTP', 'ok', 'temporary unreadable any'],
  ['a TLS alert is no HTTP', '\x15\x03\x01\x00\x02\x02\x46', 'temporary unreadable any'],
  [
    'thousands of fields are not read',
    `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(3000)}\r\n`,
    'temporary unreadable any',
  ],
]

describe.each([
  ['whole', 1_000_000],
  ['byte by byte', 1],
])('%s', (_how, piece) => {
  test.each(CASES)('%s', async (_sentence, bytes, expected) => {
    const { reply, defects } = await ask(bytes, piece)
    expect(summary(reply)).toBe(expected)
    expect(defects).toEqual([])
  })
})

test('a body of a mebibyte in one-byte chunks costs its bytes, not an object for each', async () => {
  const bytes = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_048_576)}0\r\n\r\n`
  const heapBefore = process.memoryUsage().heapUsed
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed)
  }, 5)
  onTestFinished(() => clearInterval(watch))
  const { reply } = await ask(bytes, 65_536)
  expect(reply.result.kind === 'found' && reply.result.value.length).toBe(1_048_576)
  expect(peak - heapBefore).toBeLessThan(64 * 1_048_576)
})
