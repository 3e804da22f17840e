/**
 * Every query of the dashboard and of the alert rules, against a live gateway that a real
 * Prometheus scrapes: each metric and label exists, each query is understood, and each that can
 * have a value in a healthy gateway has one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { SocketmapClient } from '../../src/index.ts'
import { startHttpService } from '../support/http/http-service.ts'
import { missingPrometheus, type Prometheus, startPrometheus } from '../support/programs/prometheus.ts'
import { missingRedis, startRedis } from '../support/programs/redis.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { ROOT, skipWithout } from './run.ts'

const START_TIMEOUT_MS = 30_000
/** Until two scrapes, half a second apart, have brought a rate. */
const DATA_TIMEOUT_MS = 20_000

/** Panels that are empty while all is well, with the reason. */
const EMPTY_WHEN_WELL: ReadonlyMap<string, string> = new Map([
  ['Cache file age', 'the gateway of the test has no cacheFile'],
  ['Certificates', 'its service speaks plain http'],
  ['New, refused and shed connections', 'nobody was refused'],
  ['Protocol errors, defects, dropped log lines', 'there are none'],
  ['Failures by cause', 'no lookup failed'],
  ['Answered by outage rules', 'the service is well'],
  ['Replies by what they do', 'no listener of the test says more than found and not found'],
])

interface Panel {
  title: string
  type: string
  targets?: { expr: string }[]
}
interface Dashboard {
  panels: Panel[]
  templating: { list: { name: string; query: string }[] }
}

const dashboard = JSON.parse(
  await readFile(join(ROOT, 'monitoring/grafana/mapgate-dashboard.json'), 'utf8'),
) as Dashboard
const rules = parse(await readFile(join(ROOT, 'monitoring/prometheus/mapgate.rules.yaml'), 'utf8')) as {
  groups: { rules: { alert?: string; record?: string; expr: string }[] }[]
}
const allRules = rules.groups.flatMap((group) => group.rules)
const panels = dashboard.panels.filter(({ targets }) => targets !== undefined)

/** What Grafana puts in the place of its variables. */
function filledIn(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$job', 'mapgate')
    .replace(/\$(?:instance|table|upstream)/g, '.*')
}

/** Names of metrics in a query; those of rules of ours hold a colon. */
function metricNames(expr: string): string[] {
  return expr.match(/\b(?:mapgate_|mapgate:|process_|nodejs_)[a-z0-9_:]+/g) ?? []
}

const missing = missingPrometheus() ?? missingRedis()

const cleanup = suiteCleanup()
let prometheus: Prometheus
let exposition = ''

async function startGateway(): Promise<string> {
  const service = await startHttpService(cleanup)
  service.route('/token', { json: { access_token: 'token', token_type: 'bearer', expires_in: 60 } })
  service.route('/certs', { json: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }] } })
  service.otherwise = ({ url }) =>
    url === '/'
      ? { json: { 'known@a.example': 'value' } }
      : url.includes('known')
        ? { json: 'value' }
        : { status: 404 }
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-dashboard-'))
  cleanup.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = {
    listeners: [
      { protocol: 'socketmap', listen: 'inet:127.0.0.1:0' },
      { protocol: 'memcache', listen: 'inet:127.0.0.1:0' },
    ],
    admin: { listen: 'inet:127.0.0.1:0' },
    upstreams: {
      directory: {
        endpoints: [service.origin],
        oauth: { tokenUrl: `${service.origin}/token`, clientId: 'gate', clientSecret: 'a secret' },
      },
      learned: { store: { directory: join(folder, 'store') } },
      issuer: { jwks: { url: `${service.origin}/certs` } },
      next: { entries: { 'known@a.example': 'known' } },
    },
    tables: {
      tokens: { upstream: 'issuer', jwt: { issuer: 'a', audience: ['mail'], user: 'email' } },
      aliases: {
        upstream: 'directory',
        request: { path: '/{key}' },
        canary: { key: 'known@a.example' },
        shadow: { upstream: 'next', share: 1 },
        replica: {
          path: '/',
          changes: '/?since={cursor}',
          cursor: 'x-cursor',
          directory: join(folder, 'replica'),
        },
      },
      verify: { upstream: 'learned' },
    },
    shared: { url: (await startRedis(cleanup)).url },
    log: { level: 'silent' },
  }
  const text = JSON.stringify(config)
  const gateway = await Gateway.start({ load: () => parseConfig(text, 'dashboard.yaml'), version: '0.0.0' })
  const client = new SocketmapClient({ address: gateway.status().listeners[0]?.bound ?? '' })
  const writer = connect(Number(gateway.status().listeners[1]?.bound.split(':').at(-1)), '127.0.0.1')
  writer.resume()
  // Lookups go on, so that there is a rate to show.
  const timer = setInterval(() => {
    for (const key of ['known@a.example', 'unknown@a.example', `known${Math.random()}@a.example`])
      void client.lookup('aliases', key)
    writer.write('set verify/known 0 0 1\r\n1\r\n')
  }, 100)
  cleanup.onTestFinished(() => {
    clearInterval(timer)
    client.close()
    writer.destroy()
    return gateway.stop()
  })
  const bound = gateway.admin?.bound
  return bound?.kind === 'inet' ? `127.0.0.1:${bound.port}` : ''
}

beforeAll(async () => {
  if (missing !== undefined) return
  const target = await startGateway()
  const ruleFiles = [join(ROOT, 'monitoring/prometheus/mapgate.rules.yaml')]
  prometheus = await startPrometheus(cleanup, { target, ruleFiles })
  exposition = await (await fetch(`http://${target}/metrics`)).text()
}, 2 * START_TIMEOUT_MS)

beforeEach((context) => skipWithout(context, missing))

describe('the dashboard', () => {
  for (const { title, targets = [] } of panels) {
    test(`the queries of "${title}" have a value`, async () => {
      const queries = targets.map(({ expr }) => filledIn(expr))
      const until = Date.now() + DATA_TIMEOUT_MS
      for (;;) {
        const answers = await Promise.all(queries.map((expr) => prometheus.query(expr)))
        if (EMPTY_WHEN_WELL.has(title) || answers.every((samples) => samples.length > 0)) return
        if (Date.now() > until) expect.fail(`no value for ${queries.join(' and ')}`)
        await delay(100)
      }
    })
  }

  test('its variables are filled from metrics that exist', () => {
    const queries = dashboard.templating.list.filter(({ query: text }) => text.startsWith('label_values'))
    expect(queries.map(({ name }) => name)).toEqual(['job', 'instance', 'table', 'upstream'])
    for (const { query: text } of queries) {
      for (const name of metricNames(text)) expect(exposition).toContain(`# TYPE ${name} `)
    }
  })

  test('every metric of the program is on it', () => {
    const shown = panels
      .flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricNames(expr)))
      .map(bare)
    const all = Array.from(exposition.matchAll(/^# TYPE (mapgate_\S+) /gm), ([, name]) => name)
    expect(all.length).toBeGreaterThan(20)
    expect(all.filter((name) => !shown.includes(name ?? ''))).toEqual([])
  })
})

/** A histogram's series without their suffix. */
function bare(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, '')
}

describe('the metrics of every query', () => {
  const recorded = allRules.map(({ record }) => record).filter((name) => name !== undefined)
  const queries = [...panels.flatMap(({ targets = [] }) => targets), ...allRules].map(({ expr }) => expr)

  test('are there on a live /metrics, or recorded by a rule', () => {
    const names = new Set(queries.flatMap(metricNames))
    const unknown = [...names].filter(
      (name) => !recorded.includes(name) && !exposition.includes(`# TYPE ${bare(name)} `),
    )
    expect(names.size).toBeGreaterThan(30)
    expect(unknown).toEqual([])
  })

  test('every rule is understood, and no alert fires about a healthy gateway', async () => {
    for (const { expr } of allRules) expect(await prometheus.query(expr)).toBeInstanceOf(Array)
    const response = await fetch(`${prometheus.origin}/api/v1/rules`)
    const loaded = (await response.json()) as {
      data: { groups: { rules: { name: string; health: string; state?: string }[] }[] }
    }
    const states = loaded.data.groups.flatMap((group) => group.rules)
    expect(states).toHaveLength(allRules.length)
    expect(states.filter(({ health }) => health === 'err')).toEqual([])
    expect(states.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([])
  })
})
