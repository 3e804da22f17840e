/**
 * Random and mutated HTTP against the admin port over many connections: whole requests, pieces, pipelines, slow ones,
 * and connections that say nothing. Longer: MAPGATE_TEST_SECONDS=600.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway/gateway.ts'
import {
  between,
  liveSeconds,
  liveSeed,
  oneOf,
  type Random,
  seededRandom,
} from '../support/traffic/seeded.ts'

const seconds = liveSeconds(5)
const ATTACKERS = 12
/** Time that an attacker listens for replies to one stream, ms. */
const LISTEN_MS = 1000

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'get',
  'G T',
  '',
  '\xff',
]
const PATHS = [
  '/livez',
  '/metrics',
  '/',
  '/docs',
  '/docs/static/..',
  '/docs/../docs',
  '/api/v1/config',
  '/api/v1/status',
  '/api/v1/openapi.json',
  '/api/v1/tables/t/lookup?key=a',
  '/api/v1/tables/t/lookup?key=%ff',
  '/api/v1/tables/%2e%2e/lookup?key=%00',
  '/api/v1/tables/t/cache?key=a&domain=b',
  '/api/v1/tables/__proto__/lookup?key=a&key=b',
  '/api/v1/log-level',
  '/api/v1/reload',
  '/%',
  '/%2e%2e/%2e%2e/etc/passwd',
  '//a.example/x',
  'http://a.example/x',
  '*',
  `/${'a'.repeat(9000)}`,
  '/a b',
  '/\xff',
]
const GOOD_METHODS = METHODS.slice(0, 6)
/** Those that are targets of RFC 9112 section 3.2. */
const GOOD_PATHS = PATHS.filter((path) => path.startsWith('/') && /^[\x21-\x7e]{1,1000}$/.test(path))

const HEADERS = [
  'Host: 127.0.0.1',
  'Host: a.example',
  'Host:',
  'X-Mapgate: 1',
  'Authorization: Bearer x',
  'Authorization: Bearer',
  'Content-Length: 4',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, x',
  'Content-Type: application/json',
  'Content-Type: text/\xff',
  'Expect: 100-continue',
  'Expect: x',
  'Upgrade: websocket',
  'Connection: upgrade',
  'Connection: close',
  'Accept: text/html',
  'Origin: null',
  'If-None-Match: "x',
  `X-Long: ${'x'.repeat(20_000)}`,
  'no colon',
  ' folded',
  ': empty',
  'X-Nul: \0',
]
const BODIES = [
  '',
  '{}',
  '{"level":',
  'null',
  '4\r\nnull\r\n0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '\xff\xfe',
  '[[[[',
]

/** Half of them are good HTTP, so that they get behind the parser. */
function request(random: Random): string {
  if (random() < 0.5) {
    const change = random() < 0.5 ? '' : 'X-Mapgate: 1\r\n'
    return `${oneOf(random, GOOD_METHODS)} ${oneOf(random, GOOD_PATHS)} HTTP/1.1\r\nHost: 127.0.0.1\r\n${change}\r\n`
  }
  const count = between(random, 0, 5)
  const headers = ['Host: 127.0.0.1', ...Array.from({ length: count }, () => oneOf(random, HEADERS))]
  const version = oneOf(random, ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''])
  const start = `${oneOf(random, METHODS)} ${oneOf(random, PATHS)} ${version}`
  const lines = [start, ...headers.slice(between(random, 0, 1))]
  return `${lines.join('\r\n')}\r\n\r\n${oneOf(random, BODIES)}`
}

/** One hostile stream: a request or several, some with bytes changed or cut off. */
function stream(random: Random): Buffer {
  const bytes = Buffer.from(
    Array.from({ length: between(random, 1, 6) }, () => request(random)).join(''),
    'latin1',
  )
  const kind = random()
  if (kind < 0.2) bytes[between(random, 0, bytes.length - 1)] = between(random, 0, 255)
  return kind > 0.9 ? bytes.subarray(0, between(random, 0, bytes.length)) : bytes
}

/** Sends one stream, in one piece or byte by byte at its end, and returns what came back. */
async function converse(port: number, random: Random): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}) // closed by the gateway, which is one of its answers
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = once(socket, 'close').catch(() => {})
  const bytes = stream(random)
  if (random() < 0.8) socket.write(bytes)
  else for (const byte of bytes.subarray(0, 300)) socket.write(Buffer.of(byte))
  const timer = setTimeout(() => socket.destroy(), between(random, LISTEN_MS / 10, LISTEN_MS))
  await closed
  clearTimeout(timer)
  return Buffer.concat(chunks).toString('latin1')
}

/** The head of each reply; bodies of this API do not hold a status line. */
function heads(received: string): string[] {
  return received.split(/(?=HTTP\/1\.1 \d{3} )/).filter((part) => part.includes('\r\n\r\n'))
}

test(`the admin port answers everything with a problem or closes, for ${seconds} s, and probes meanwhile`, {
  timeout: (seconds + 60) * 1000,
}, async (t) => {
  const gateway = await startGateway(
    t,
    `listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:0" } ]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { s: { entries: { a: b } } }
tables: { t: { upstream: s } }`,
  )
  const port = Number(new URL(gateway.adminUrl).port)
  const endMs = Date.now() + seconds * 1000
  const wrong: string[] = []
  const statuses = new Set<string>()
  const attackers = Array.from({ length: ATTACKERS }, async (_, index) => {
    const random = seededRandom(liveSeed() + index)
    while (Date.now() < endMs) {
      for (const head of heads(await converse(port, random))) {
        const status = head.slice(9, 12)
        statuses.add(status)
        const isProblem = /content-type: application\/problem\+json/i.test(head)
        if (status >= '500' || (status >= '400' && !isProblem)) wrong.push(head.slice(0, 400))
      }
    }
  })
  const silent = (async () => {
    while (Date.now() < endMs) {
      const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => {}))
      await new Promise((resolve) => setTimeout(resolve, 100))
      for (const socket of sockets) socket.destroy()
    }
  })()
  const probes: number[] = []
  while (Date.now() < endMs) {
    const startMs = Date.now()
    // 429 is the limit of what one client may ask, and the attackers are the same client.
    const { status } = await fetch(`${gateway.adminUrl}/livez`)
    expect([200, 429]).toContain(status)
    probes.push(Date.now() - startMs)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await Promise.all([...attackers, silent])
  expect(wrong).toEqual([])
  expect([...statuses]).toEqual(expect.arrayContaining(['200', '400', '404']))
  expect(Math.max(...probes)).toBeLessThan(5000)
  expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBeLessThan(500)
  expect(gateway.log().filter(({ event }) => event === 'defect')).toEqual([])
})
