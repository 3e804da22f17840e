/**
 * The configurations of the migration pages, each against a service that speaks the dialect of
 * the program that it replaces: what Postfix gets, and that the service sees the request it knows.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { outageAdvice } from '../../src/config/outage-advice.ts'
import { parseConfig, SETTINGS_KINDS } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { SocketmapClient, TcpTableClient } from '../../src/index.ts'
import {
  type HttpService,
  type RecordedRequest,
  type Reply,
  startHttpService,
} from '../support/http/http-service.ts'
import { configurations } from './markdown.ts'

const SECRET = 'the-secret-of-the-tests-0123'
const cleanup = { onTestFinished }

/** What Postfix would be told, in one word and value. */
type Told = [kind: string, value?: string]

interface Replaced {
  readonly service: HttpService
  /** Asks over the wire: a table name for socketmap, none for tcp_table. */
  ask(table: string | undefined, key: string): Promise<Told>
}

/** Runs the page's configuration with its hosts replaced by the stub, and its ports by free ones. */
async function replace(page: string, answer: (request: RecordedRequest) => Reply): Promise<Replaced> {
  const service = await startHttpService(cleanup)
  service.otherwise = answer
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [block] = configurations(`docs/${page}.md`)
  const text = (block?.text ?? '')
    .replace(/(endpoints: \["?)https?:\/\/[^/"]+/g, `$1${service.origin}`)
    .replace(/, "https?:[^"]+"\]/, ']')
    .replace(/listen: inet:127\.0\.0\.1:\d+/g, 'listen: inet:127.0.0.1:0')
    .replace('unix:/tmp/', `unix:${folder}/`)
  const load = () =>
    parseConfig(`${text}log: { level: silent }\n`, block?.file ?? page, { readFile: async () => SECRET })
  const gateway = await Gateway.start({ load, version: 'test' })
  onTestFinished(() => gateway.stop())
  const bound = (protocol: string) =>
    gateway.status().listeners.find((one) => one.protocol === protocol)?.bound ?? ''
  return {
    service,
    async ask(table, key) {
      const client =
        table === undefined
          ? new TcpTableClient({ address: bound('tcp_table') })
          : new SocketmapClient({ address: bound('socketmap') })
      onTestFinished(() => client.close())
      const result =
        client instanceof TcpTableClient ? await client.lookup(key) : await client.lookup(table ?? '', key)
      return result.kind === 'found' ? [result.kind, result.value] : [result.kind]
    },
  }
}

describe('pfxhttp', () => {
  /** Posts the key, and answers a flat object with `result` or `error`. */
  const dialect = ({ method, url, headers, body }: RecordedRequest): Reply => {
    if (method !== 'POST' || url !== '/api/v1/custom/map')
      return { status: 500, json: { error: 'wrong request' } }
    if (headers.authorization !== `Bearer ${SECRET}`) return { status: 500, json: { error: 'wrong token' } }
    const { key } = JSON.parse(body) as { key: string }
    if (key === 'known@example.com' || key === 'postmaster@example.com')
      return { json: { error: 'none', data: { result: 'box' } } }
    if (key === 'broken@example.com') return { json: { error: 'database is away', data: { result: 'box' } } }
    return { json: { error: 'none' } }
  }
  const cases: [key: string, told: Told][] = [
    ['known@example.com', ['found', 'box']],
    ['unknown@example.com', ['notfound']],
    ['"quoted\\ \\"one"@example.com', ['notfound']],
    ['broken@example.com', ['temporary']],
  ]
  for (const [key, told] of cases) {
    test(`${key} is answered ${told.join(' ')}`, async () => {
      const { ask } = await replace('migrate-from-pfxhttp', dialect)
      expect(await ask('demo_map', key)).toEqual(told)
    })
  }
})

describe('postfix-rest-connector', () => {
  /** GET with name and key in the query and a token of its own; a JSON array of strings. */
  const dialect = ({ url, headers }: RecordedRequest): Reply => {
    if (headers['x-auth-token'] !== SECRET || headers['user-agent'] !== 'Postfix REST Connector')
      return { status: 401 }
    const { pathname, searchParams } = new URL(url, 'http://stub.example')
    const key = searchParams.get('key')
    if (pathname === '/socketmap-lookup-route' && searchParams.get('name') === 'domain') {
      return key === 'example.com' ? { json: ['example.com'] } : { status: 404 }
    }
    if (pathname === '/tcp-lookup-route' && searchParams.get('name') === null) {
      if (key === 'team@example.com') return { json: ['a@example.com', 'b@example.com'] }
      if (key === 'broken@example.com') return { status: 500 }
      return key === 'postmaster@example.com' ? { json: ['root'] } : { json: [] }
    }
    return { status: 400 }
  }
  const cases: [table: string | undefined, key: string, told: Told][] = [
    ['domain', 'example.com', ['found', 'example.com']],
    ['domain', 'other.example', ['notfound']],
    [undefined, 'team@example.com', ['found', 'a@example.com, b@example.com']],
    [undefined, 'nobody@example.com', ['notfound']],
    [undefined, 'broken@example.com', ['temporary']],
  ]
  for (const [table, key, told] of cases) {
    test(`${table ?? 'the tcp port'} answers ${key} with ${told.join(' ')}`, async () => {
      const { ask } = await replace('migrate-from-postfix-rest-connector', dialect)
      expect(await ask(table, key)).toEqual(told)
    })
  }
})

describe('podop', () => {
  /** A URL that ends with the key; a bare JSON value. */
  const dialect = ({ url }: RecordedRequest): Reply => {
    const entries: Record<string, unknown> = {
      '/internal/postfix/domain/example.com': 'example.com',
      '/internal/postfix/alias/team@example.com': 'a@example.com,b@example.com',
      '/internal/postfix/sender/rate/someone@example.com': 450,
    }
    const path = decodeURIComponent(url)
    if (path.includes('broken')) return { status: 500 }
    return path in entries ? { json: entries[path] } : { status: 404, json: 'none' }
  }
  const cases: [table: string, key: string, told: Told][] = [
    ['domain', 'example.com', ['found', 'example.com']],
    ['alias', 'team@example.com', ['found', 'a@example.com,b@example.com']],
    ['alias', 'nobody@example.com', ['notfound']],
    ['transport', '*', ['notfound']],
    ['mailbox', 'broken@example.com', ['temporary']],
    ['senderrate', 'someone@example.com', ['found', '450']],
  ]
  for (const [table, key, told] of cases) {
    test(`${table} answers ${key} with ${told.join(' ')}`, async () => {
      const { ask } = await replace('migrate-from-podop', dialect)
      expect(await ask(table, key)).toEqual(told)
    })
  }

  test('the route that counts is asked for each lookup', async () => {
    const { ask, service } = await replace('migrate-from-podop', dialect)
    for (let lookup = 0; lookup < 3; lookup++) await ask('senderrate', 'someone@example.com')
    expect(service.requests).toHaveLength(3)
  })
})

describe('a tcp_table script', () => {
  /** A query parameter and a body of plain text. */
  const dialect = ({ url }: RecordedRequest): Reply => {
    const email = new URL(url, 'http://stub.example').searchParams.get('email')
    if (email === 'broken@example.com')
      return { status: 502, headers: { 'content-type': 'text/html' }, text: '<h1>Bad gateway</h1>' }
    const known = email === 'info@example.com' || email === 'postmaster@example.com'
    return { headers: { 'content-type': 'text/plain' }, text: known ? '50% off@example.com\n' : '' }
  }
  const cases: [key: string, told: Told][] = [
    ['info@example.com', ['found', '50% off@example.com']],
    ['nobody@example.com', ['notfound']],
    ['broken@example.com', ['temporary']],
  ]
  for (const [key, told] of cases) {
    test(`${key} is answered ${told.join(' ')}`, async () => {
      const { ask } = await replace('migrate-from-tcp-table-scripts', dialect)
      expect(await ask(undefined, key)).toEqual(told)
    })
  }

  test('nothing is asked about a domain that is not ours', async () => {
    const { ask, service } = await replace('migrate-from-tcp-table-scripts', dialect)
    expect(await ask(undefined, 'info@elsewhere.example')).toEqual(['notfound'])
    expect(service.requests.filter(({ url }) => url.includes('elsewhere'))).toEqual([])
  })
})

describe('an SQL table behind PostgREST', () => {
  /** Rows that match a filter, as a JSON array; [] when there are none. */
  const dialect = ({ url, headers }: RecordedRequest): Reply => {
    if (headers.authorization !== `Bearer ${SECRET}`) return { status: 401 }
    const { pathname, searchParams } = new URL(url, 'http://stub.example')
    if (pathname === '/domain')
      return { json: searchParams.get('name') === 'eq.example.com' ? [{ name: 'example.com' }] : [] }
    const rows: Record<string, string[]> = {
      'eq.team@example.com': ['a@example.com', 'b@example.com'],
      'eq.postmaster@example.com': ['root@example.com'],
      'eq.@example.com': ['rest@example.com'],
    }
    const address = searchParams.get('address') ?? ''
    if (pathname !== '/alias' || searchParams.get('active') !== 'is.true') return { status: 404, json: {} }
    if (address === 'eq.broken@example.com') return { status: 503, json: { message: 'no connection' } }
    return { json: (rows[address] ?? []).map((goto) => ({ goto })) }
  }
  const cases: [key: string, told: Told][] = [
    ['team@example.com', ['found', 'a@example.com, b@example.com']],
    ['Team+News@Example.com', ['found', 'a+News@example.com, b+News@example.com']],
    ['anybody@example.com', ['found', 'rest@example.com']],
    ['anybody@other.example', ['notfound']],
    ['broken@example.com', ['temporary']],
  ]
  for (const [key, told] of cases) {
    test(`${key} is answered ${told.join(' ')}`, async () => {
      const { ask } = await replace('migrate-from-sql', dialect)
      expect(await ask('aliases', key)).toEqual(told)
    })
  }
})

/** The second block of a page adds to its first one: table by table, setting by setting. */
describe('what a page adds against an outage', () => {
  const PAGES = [
    ['migrate-from-pfxhttp', []],
    [
      'migrate-from-podop',
      [
        'recipientmap: what Postfix asks here',
        'sendermap: what Postfix asks here',
        'senderlogin: what Postfix asks here',
        'senderrate: what Postfix asks here',
      ],
    ],
    ['migrate-from-postfix-rest-connector', []],
    ['migrate-from-sql', ['aliases: mail to mailboxes that have no alias']],
    ['migrate-from-tcp-table-scripts', []],
  ] as const

  test.each(PAGES)('%s is right, and leaves only this waiting', async (page, waiting) => {
    const [whole, added] = Array.from(
      readFileSync(`docs/${page}.md`, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm),
      ([, text]) => parse(text ?? '') as { tables: Record<string, object> },
    )
    const tables = { ...whole?.tables }
    for (const [name, more] of Object.entries(added?.tables ?? {}))
      tables[name] = { ...tables[name], ...more }
    const config = await parseConfig(stringify({ ...whole, tables }), page, { readFile: async () => SECRET })
    const advice = Array.from(config.tables.values()).flatMap((table) =>
      outageAdvice(table, config, SETTINGS_KINDS).map(({ stops }) => `${table.name}: ${stops}`),
    )
    expect(advice).toEqual(waiting)
  })
})
