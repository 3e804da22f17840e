/**
 * Random and mutated streams against a whole gateway over many connections, and a correct client on each
 * protocol beside them that verifies every one of its answers. Longer: MAPGATE_TEST_SECONDS=600.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway/gateway.ts'
import { KeyedService } from '../support/http/keyed-service.ts'
import { heapBytes } from '../support/programs/heap-bytes.ts'
import {
  between,
  liveSeconds,
  liveSeed,
  oneOf,
  type Random,
  seededRandom,
} from '../support/traffic/seeded.ts'
import { SteadyClient } from '../support/traffic/steady-client.ts'

const seconds = liveSeconds()
const ATTACKERS = 16

/** Heap that may be added, bytes: the stores and pools of the gateway, which have their own bounds. */
const HEAP_BOUND = 64 * 1024 * 1024

/** Pieces that come close to the protocols. */
const PIECES = [
  '16:aliases user@x.y,',
  '9:nosuch a,',
  '0:,',
  '1: ,',
  '-1:',
  '00003:a b,',
  '99999999999999999999:',
  '131073:',
  '131072:',
  ':::',
  ',',
  'get user%40x.y\n',
  'get %\n',
  'get\n',
  'put a b\n',
  'GET a\n',
  '\r\n',
  '\0\0',
  '\xff\xfe',
  'get absent1\n',
  '15:aliases absent1,',
  'get aliases/user@x.y\r\n',
  'get aliases/absent1\r\n',
  'set aliases/a 0 3600 5\r\nhello\r\n',
  'set aliases/a 0 0 2000000\r\n',
  'set aliases/a 0 0 9999999999\r\n',
  'delete aliases/a noreply\r\n',
  'version\r\n',
  'request\0open\0table\0mapgate:aliases\0flags\x000\0\0',
  'request\0open\0table\0proxy:unix:passwd\0instance_flags\x000\0\0',
  'request\0lookup\0table\0mapgate:aliases\0flags\x000\0key\0user@x.y\0\0',
  'request\0lookup\0table\0mapgate:aliases\0instance_flags\x000\0flags\x0016384\0key\0absent1\0\0',
  'request\0update\0table\0mapgate:aliases\0flags\x000\0key\0a\0value\0b\0\0',
  'request\0sequence\0table\0mapgate:aliases\0flags\x000\0function\x001\0\0',
  'request\0delete\0table\0',
]

/** One hostile stream: pieces, random bytes, and pieces with bytes changed, doubled or lost. */
function stream(random: Random): Buffer {
  const parts = Array.from({ length: between(random, 1, 30) }, () => {
    const kind = random()
    const piece = Buffer.from(oneOf(random, PIECES), 'latin1')
    if (kind < 0.4) return piece
    if (kind < 0.6)
      return Buffer.from(Array.from({ length: between(random, 0, 60) }, () => between(random, 0, 255)))
    if (kind < 0.65) return Buffer.alloc(between(random, 1, 200_000), piece)
    const at = between(random, 0, piece.length - 1)
    if (kind < 0.8) piece[at] = between(random, 0, 255)
    else if (kind < 0.9) return Buffer.concat([piece.subarray(0, at), piece.subarray(at + 1)])
    return Buffer.concat([piece, piece.subarray(at)])
  })
  return Buffer.concat(parts)
}

/** One connection: sends a stream in pieces, reads or not, and ends in one of the ways there are. */
function attackOnce(target: number | string, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const allowHalfOpen = random() < 0.5
    const socket =
      typeof target === 'string'
        ? connect({ path: target, allowHalfOpen })
        : connect({ port: target, host: '127.0.0.1', allowHalfOpen })
    const bytes = stream(random)
    const [cut, end] = [between(random, 0, bytes.length), random()]
    const timer = setTimeout(() => socket.destroy(), between(random, 1, 100))
    socket.on('error', () => {}) // a reset is what such a stream may get
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    if (random() < 0.8) socket.resume()
    socket.once('connect', () => {
      socket.write(bytes.subarray(0, cut))
      if (end < 0.3) socket.end(bytes.subarray(cut))
      // A unix socket has no reset (unix(7)).
      else if (end < 0.5) typeof target === 'string' ? socket.destroy() : socket.resetAndDestroy()
      else setImmediate(() => socket.destroyed || socket.write(bytes.subarray(cut)))
    })
  })
}

test('no stream of bytes keeps a correct client from its answers', {
  timeout: (seconds + 60) * 1000,
}, async (t) => {
  const random = seededRandom(liveSeed())
  const service = await new KeyedService({ random, mischief: 0 }).start()
  t.onTestFinished(() => service.stop())
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-streams-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const gateway = await startGateway(
    t,
    `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
  - { protocol: memcache, listen: "inet:127.0.0.1:0" }
  - { protocol: proxymap, listen: "unix:${folder}/proxymap" }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables:
  aliases: { upstream: directory, request: { path: "/g1/aliases/{key}" }, cache: { ttl: 200ms, maxEntries: 1000, maxNegativeEntries: 1000 } }
`,
  )
  const protocols = ['socketmap', 'tcp_table', 'memcache', 'proxymap'] as const
  const ports = protocols.map((protocol) =>
    protocol === 'proxymap' ? join(folder, 'proxymap') : gateway.address(protocol).port,
  )
  const before = heapBytes()
  const clients = protocols.map(
    (protocol, index) =>
      new SteadyClient({
        protocol,
        port: ports[index] ?? 0,
        table: 'aliases',
        question: (n) => ({ key: `user${n % 300}`, value: `t-aliases=user${n % 300}=g1` }),
      }),
  )
  const endMs = performance.now() + seconds * 1000
  let streams = 0
  const attacker = async (): Promise<void> => {
    for (; performance.now() < endMs; streams++) await attackOnce(oneOf(random, ports), random)
  }
  await Promise.all(Array.from({ length: ATTACKERS }, attacker))

  for (const report of await Promise.all(clients.map((client) => client.stop()))) {
    expect(report.wrong).toEqual([])
    expect(report.answers).toBeGreaterThan(20)
    expect(report.longestMs).toBeLessThan(5000)
  }
  expect(streams).toBeGreaterThan(100)
  expect(heapBytes() - before).toBeLessThan(HEAP_BOUND)
  const connections = () =>
    gateway.gateway.status().listeners.reduce((sum, listener) => sum + listener.connections, 0)
  await expect.poll(connections, { timeout: 10_000 }).toBe(0)
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/^mapgate_defects_total 0$/m)
  expect(metrics).toMatch(/^mapgate_protocol_errors_total\{[^}]*kind="length-syntax"\} [1-9]/m)
})
