/**
 * What a real Prometheus sees of a whole gateway: its scrape, the hit ratio, metrics without
 * complaint of promtool, and labels that no client can write.
 */
import { connect } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { skipWithout } from '../../packaging/run.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { checkMetrics, missingPrometheus, startPrometheus } from '../../support/programs/prometheus.ts'

const t = { onTestFinished }

function config(service: HttpService): string {
  return `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${service.origin}"], attempts: 1 }
  down: { endpoints: ["http://127.0.0.1:1"], attempts: 1 }
  overrides: { entries: { postmaster@a.example: [ops@a.example] } }
tables:
  aliases:
    upstream: [overrides, directory]
    request: { path: "/aliases/{key}" }
    canary: { key: canary@a.example, every: 30s, maxAge: 5s }
    domains: [a.example]
  broken: { upstream: down, request: { path: "/{key}" } }
log: { level: silent }
`
}

async function start(): Promise<{ gateway: TestGateway; service: HttpService }> {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) => (url.includes('absent') ? { status: 404 } : { json: ['x@b.example'] })
  return { service, gateway: await startGateway(t, config(service)) }
}

async function exposition(gateway: TestGateway): Promise<string> {
  const response = await fetch(`${gateway.adminUrl}/metrics`)
  expect(response.status).toBe(200)
  return response.text()
}

/** Asks by every door, so that every kind of result, source and outcome is counted. */
async function traffic(gateway: TestGateway): Promise<void> {
  const socketmap = gateway.socketmap()
  const tcpTable = gateway.tcpTable()
  for (const key of ['known@a.example', 'absent@a.example', 'postmaster@a.example', 'x@elsewhere.example']) {
    for (let time = 0; time < 2; time++) {
      await socketmap.lookup('aliases', key)
      await tcpTable.lookup(key)
      await fetch(`${gateway.adminUrl}/api/v1/tables/aliases/lookup?key=${encodeURIComponent(key)}`)
    }
  }
  await socketmap.lookup('broken', 'a@a.example')
  await socketmap.lookup('nosuch', 'a@a.example')
}

describe('a real Prometheus', () => {
  beforeEach((context) => skipWithout(context, missingPrometheus()))

  test('scrapes a running gateway and answers a query for the hit ratio', async () => {
    const { gateway } = await start()
    const client = gateway.socketmap()
    // One miss, then three hits.
    for (let time = 0; time < 4; time++) await client.lookup('aliases', 'known@a.example')
    const prometheus = await startPrometheus(t, { target: gateway.adminUrl.slice('http://'.length) })
    expect(await prometheus.valueOf('up{job="mapgate"}', (value) => value === 1)).toBe(1)
    const hitRatio =
      'sum(mapgate_cache_requests_total{outcome=~"hit|negative_hit|stale"}) / sum(mapgate_cache_requests_total)'
    expect(await prometheus.valueOf(hitRatio, () => true)).toBe(0.75)
    // As a dashboard asks it, while lookups go on: after a scrape without them the rate grows from hits alone.
    for (let time = 0; time < 20; time++) await client.lookup('aliases', 'known@a.example')
    const hits = 'rate(mapgate_cache_requests_total{table="aliases",outcome="hit"}[30s])'
    expect(await prometheus.valueOf(hits, (value) => value > 0)).toBeGreaterThan(0)
    const cached = 'mapgate_lookup_duration_seconds_count{table="aliases",source="cache"}'
    expect(await prometheus.valueOf(cached, (value) => value === 23)).toBe(23)
    const fast = 'mapgate_lookup_duration_seconds_bucket{table="aliases",source="cache",le="0.005"}'
    expect(await prometheus.valueOf(fast, (value) => value > 0)).toBeGreaterThan(0)
  })

  test('has nothing against any metric after traffic of every kind', async () => {
    const { gateway } = await start()
    await traffic(gateway)
    const text = await exposition(gateway)
    for (const result of ['found', 'notfound', 'temporary', 'permanent'])
      expect(text).toMatch(new RegExp(`^mapgate_lookups_total\\{.*result="${result}"\\} [1-9]`, 'm'))
    expect(checkMetrics(text)).toBe('')
  })
})

/** Something that must never be in a label, in forms a client may try. Each holds the word `canarybird`. */
const HOSTILE = [
  'canarybird@a.example',
  'canarybird"} 1\nmapgate_ready 7\n',
  'canarybird\\',
  'canarybird\u0000\u007f',
  `${'canarybird'.repeat(900)}@a.example`,
  'CANARYBIRD@A.EXAMPLE',
  'canarybird %40 %0a &key=canarybird#canarybird',
  'canarybird@canarybird.example',
]

test('no label ever holds what a client sent, by any of the doors', async () => {
  const { gateway, service } = await start()
  service.otherwise = ({ url }) => {
    if (url.includes('canary%40a')) return { json: 'x' }
    const bird = { status: 500, headers: { 'x-canarybird': 'canarybird' }, text: 'canarybird' }
    return url.length % 2 === 0 ? bird : { json: ['canarybird@b.example'] }
  }
  await hostileTraffic(gateway)
  await traffic(gateway)
  const text = await exposition(gateway)
  expect(text.toLowerCase()).not.toContain('canarybird')
  expect(text).not.toContain('@')
  expect(text).not.toContain('elsewhere.example')
  expect(text).toMatch(/^mapgate_ready 1$/m)
  for (const [label, values] of labelValues(text))
    expect([label, values]).toEqual([label, closed(label, values)])
  // The same again is only larger numbers: what clients send never makes a series of its own.
  await hostileTraffic(gateway)
  await hostileTraffic(gateway)
  const before = series(text)
  const after = series(await exposition(gateway))
  // Garbage collection has series of its own, which begin when it does.
  expect([...after].filter((name) => !before.has(name) && !name.startsWith('nodejs_gc_'))).toEqual([])
})

async function hostileTraffic(gateway: TestGateway): Promise<void> {
  const socketmap = gateway.socketmap()
  const tcpTable = gateway.tcpTable()
  for (const text of HOSTILE) {
    await socketmap.lookup('aliases', text)
    await tcpTable.lookup(text)
    const word = encodeURIComponent(text)
    const api = `${gateway.adminUrl}/api/v1`
    const headers = { 'user-agent': 'canarybird', 'x-mapgate': '1', authorization: 'Bearer canarybird' }
    await fetch(`${api}/tables/aliases/lookup?key=${word}&explain=true&cache=bypass`)
    await fetch(`${api}/tables/aliases/lookup?key=${word}`, { headers })
    await fetch(`${api}/tables/${word}/lookup?key=${word}`)
    await fetch(`${api}/tables/aliases/cache?key=${word}`, {
      method: 'DELETE',
      headers: { 'x-mapgate': '1' },
    })
    await fetch(`${gateway.adminUrl}/${word}?canarybird=canarybird`, { method: 'PUT', headers })
    // As a table's name: the first space ends it.
    await raw(gateway.address('socketmap').port, netstring(`${text} ${text}`))
    await raw(gateway.address('socketmap').port, netstring(text))
    await raw(gateway.address('socketmap').port, `${text}:${text},`)
    await raw(gateway.address('tcp_table').port, `${text}\nget ${text}\nput ${text} ${text}\n`)
  }
}

function netstring(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`
}

/** Sends bytes and waits until the gateway has answered all of them and closed. */
function raw(port: number, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end(bytes))
    socket.resume()
    socket.once('error', reject)
    socket.once('close', () => resolve())
  })
}

/** Every time series of an exposition, without its value. */
function series(text: string): Set<string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' '))))
}

/** Every value of every label of a metric of ours. */
function labelValues(text: string): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>()
  for (const name of series(text)) {
    if (!name.startsWith('mapgate_')) continue
    for (const [, label = '', value = ''] of name.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
      const known = values.get(label) ?? new Set()
      values.set(label, known.add(value))
    }
  }
  return values
}

/** What each label may hold in this configuration: names of the configuration and closed sets. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  protocol: new RegExp(`^(${[...PROTOCOLS.keys(), 'admin'].join('|')})$`),
  table: /^(|aliases|broken)$/,
  result: /^(found|notfound|temporary|permanent|ok|failed)$/,
  source: /^(cache|stale|upstream|static|filtered|shed|refused)$/,
  outcome: /^[a-z_]+$/,
  kind: /^[a-z-]+$/,
  cause: /^[a-z-]+$/,
  upstream: /^(directory|down|overrides)$/,
  endpoint: /^0:127\.0\.0\.1:\d+$/,
  listener: /^inet:127\.0\.0\.1:\d+(#\d+)?$/,
  reason: /^[a-z-]+$/,
  rule: /^[a-z-]+$/,
  verdict: /^(passed|failed)$/,
  le: /^(\+Inf|[0-9.e-]+)$/,
  version: /^test$/,
  node_version: /^v\d+\.\d+\.\d+$/,
}

/** The values that are allowed; equal to all of them when the set is closed. */
function closed(label: string, values: ReadonlySet<string>): Set<string> {
  return new Set([...values].filter((value) => ALLOWED[label]?.test(value) === true))
}
