/**
 * Secrets in every place where a configuration may have one, a service that sends them back in
 * every way it can, and a search of all that leaves the program as text: log, metrics, every route
 * of the admin API, events, the command line, and the files beside the cache file.
 */
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { buildInto } from '../../support/gateway/built.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type HttpService, type RecordedRequest, startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/wire/sockets.ts'

const t = { onTestFinished }

/** Each test starts a dozen commands, ms. */
const TIMEOUT_MS = 90_000

/** The compiled program, for the commands. */
const built = `${process.cwd()}/test-output/secrets-${process.pid}`
beforeAll(() => {
  buildInto(join(built, 'dist'))
  copyFileSync('package.json', join(built, 'package.json'))
  return () => rmSync(built, { recursive: true, force: true })
})

/** Every secret, by where it stands. Each is a word of its own that occurs nowhere else. */
const SECRETS = {
  header: 'hdr-Wq7mZk2pLx',
  bearerFile: 'file-Nb4"t\\Yc8vRs',
  credential: 'cred-Jd9hQw3eTu',
  fileInUrl: 'path-Xe5oPs1aGf',
  fileInQuery: 'query-Kl2/j&Hu6=yB',
  tableHeader: 'tblhdr-Zi8cVb0nMq',
  body: 'body-Rt6yGh4jKo',
  proxyUser: 'puser-Ws3dFr5t',
  proxyPassword: 'ppass-Ol8i@Kj7u',
  viewer: 'viewer-token-Ed4rFv5tGb',
  operator: 'operator-token-Yh6nUj7mIk',
  guessed: 'guessed-token-Pl0oKm9iJn',
  hashKey: 'hash-key-Qa2wSx3eDc4r',
} as const

/** Each secret in the forms in which it may stand in a text. */
function forms(secret: string): string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
  ]
}

const PROXY_CREDENTIALS = `${SECRETS.proxyUser}:${SECRETS.proxyPassword}`
const NEEDLES = [...Object.values(SECRETS), PROXY_CREDENTIALS].flatMap(forms)

/** What of this is in a text. */
function leaked(text: string): string[] {
  return NEEDLES.filter((needle) => text.includes(needle)).map(
    (needle) =>
      `${needle}: ${text.slice(Math.max(0, text.indexOf(needle) - 200), text.indexOf(needle) + 40)}`,
  )
}

const TABLES = ['aliases', 'posted', 'proxied', 'secretly']

function config(service: HttpService, proxy: HttpService, folder: string, keys: string): string {
  const proxyUrl = proxy.origin.replace(
    '//',
    `//${SECRETS.proxyUser}:${encodeURIComponent(SECRETS.proxyPassword)}@`,
  )
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin:
  listen: inet:127.0.0.1:0
  anonymous: none
  tokens:
    - { token: "${SECRETS.viewer}", role: viewer }
    - { token: "\${env:OPERATOR}", role: operator }
upstreams:
  directory:
    endpoints: ["${service.origin}"]
    attempts: 1
    circuitBreaker: { failures: 1000, openFor: 1s }
    headers:
      x-plain: ${SECRETS.header}
      authorization: "Bearer \${file:${folder}/secrets/bearer}"
      x-credential: "\${credential:directory}"
  behindProxy:
    endpoints: ["${service.origin}"]
    attempts: 1
    proxy: "${proxyUrl}"
tables:
  aliases:
    upstream: directory
    request:
      path: "/\${file:${folder}/secrets/path}/{key}"
      query: { token: "\${file:${folder}/secrets/query}" }
      headers: { x-table: "${SECRETS.tableHeader}" }
    canary: { key: canary@person.example, every: 1s, maxAge: 1s }
    search: address
    recipientDelimiter: "+"
    domains: [person.example]
    cache: { ttl: 1s, negativeTtl: 1s }
  posted:
    upstream: directory
    request: { method: POST, path: "/", json: { key: "{key}", secret: "\${file:${folder}/secrets/body}" } }
    response: { value: $.value, error: $.error }
  proxied:
    upstream: behindProxy
    request: { path: "/{key}" }
    canary: { key: canary@person.example, every: 1s, maxAge: 1s }
  secretly: { upstream: directory, request: { path: "/{key}" }, sideEffects: true }
cacheFile: ${folder}/state/cache
log: { level: trace, keys: ${keys}${keys === 'hash' ? `, hashKey: ${SECRETS.hashKey}` : ''} }
`
}

/** Sends everything it got back, in every way that a broken or curious service may. */
function echo(
  request: RecordedRequest,
): ReturnType<Extract<HttpService['otherwise'], (...args: never[]) => unknown>> {
  const all = JSON.stringify([request.url, request.rawHeaders, request.body])
  const shown = all.replace(/[^ -~]/g, '')
  const way = /way(\d)/.exec(request.url + request.body)?.[1]
  switch (way) {
    case '1':
      return { status: 500, text: all, headers: { 'x-echo': shown } }
    case '2':
      return { status: 401, json: { error: all }, headers: { 'www-authenticate': shown } }
    case '3':
      return { text: `{"broken json": ${all}`, headers: { 'content-type': 'application/json' } }
    case '4':
      return { status: 302, headers: { location: `http://${shown.replace(/[^a-zA-Z0-9-]/g, '')}.example/` } }
    case '5':
      return { act: 'raw', bytes: `HTTP/1.1 ${all}\r\n${all}\r\n\r\n` }
    case '6':
      return { json: { error: all } }
    case '7':
      return { text: all, headers: { 'content-encoding': shown.replace(/[",]/g, '').slice(0, 2000) } }
    case '8':
      return { text: `${all}\u0007\n${all}` }
    case '9':
      return { status: 429, headers: { 'retry-after': shown }, text: all }
    default:
      return request.url.includes('absent') ? { status: 404 } : { json: ['x@person.example'] }
  }
}

interface Stage {
  readonly gateway: TestGateway
  readonly folder: string
  /** What the events said so far. */
  readonly events: () => string
}

async function stage(keys: 'plain' | 'hash' | 'none'): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['secrets', 'state']) mkdirSync(join(folder, name))
  const secretFile = (name: string, text: string) => writeFileSync(join(folder, 'secrets', name), `${text}\n`)
  secretFile('bearer', SECRETS.bearerFile)
  secretFile('path', SECRETS.fileInUrl)
  secretFile('query', SECRETS.fileInQuery)
  secretFile('body', SECRETS.body)
  secretFile('directory', SECRETS.credential)
  const service = await startHttpService(t)
  service.otherwise = echo
  const proxy = await startHttpService(t)
  proxy.otherwise = (request) => ({ status: 407, text: JSON.stringify(request.rawHeaders) })
  const gateway = await startGateway(t, config(service, proxy, folder, keys), {
    folder,
    env: { OPERATOR: SECRETS.operator, CREDENTIALS_DIRECTORY: join(folder, 'secrets') },
  })
  return { gateway, folder, events: await watchEvents(gateway) }
}

const VIEWER = { authorization: `Bearer ${SECRETS.viewer}` }
const OPERATOR = { authorization: `Bearer ${SECRETS.operator}`, 'x-mapgate': '1' }

async function watchEvents(gateway: TestGateway): Promise<() => string> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const response = await fetch(`${gateway.adminUrl}/api/v1/events`, { headers: VIEWER, signal: stop.signal })
  expect(response.status).toBe(200)
  let text = ''
  const decoder = new TextDecoder()
  const read = async () => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true })
  }
  read().catch(() => {}) // ends with the test
  return () => text
}

/** Asks for keys that make the service echo, by every door; gives all that the clients were told. */
async function traffic({ gateway }: Stage): Promise<string> {
  const socketmap = gateway.socketmap()
  const tcpTable = gateway.tcpTable()
  const told: unknown[] = []
  // An address where the name of a table should be; first, because the log of failures is sampled.
  told.push(
    await raw(gateway.address('socketmap').port, '49:Some.Body@person.example Some.Body@person.example,'),
  )
  told.push(await raw(gateway.address('tcp_table').port, 'put Some.Body@person.example x\n'))
  for (let way = 0; way <= 9; way++) {
    const key = `Some.Body+way${way}@person.example`
    for (const table of TABLES) {
      told.push(await socketmap.lookup(table, key))
      const api = `${gateway.adminUrl}/api/v1/tables/${table}/lookup?key=${encodeURIComponent(key)}`
      for (const more of ['', '&explain=true', '&explain=true&cache=bypass'])
        told.push(await (await fetch(api + more, { headers: VIEWER })).text())
    }
    told.push(await tcpTable.lookup(key))
  }
  told.push(await socketmap.lookup('aliases', 'absent@person.example'))
  return JSON.stringify(told)
}

/** Sends bytes, and gives what came back before the end. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
}

/** Everything of the admin API, by each role and by a stranger with a token that is none. */
async function everyRoute({ gateway }: Stage): Promise<string> {
  const { adminUrl } = gateway
  const paths = (
    (await (await fetch(`${adminUrl}/openapi.json`, { headers: VIEWER })).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
  ).paths
  expect(Object.keys(paths).length).toBeGreaterThan(12)
  const strange = { authorization: `Bearer ${SECRETS.guessed}`, 'x-mapgate': '1' }
  let answers = ''
  for (const [path, methods] of Object.entries(paths)) {
    if (path === '/api/v1/events') continue
    for (const method of Object.keys(methods)) {
      for (const headers of [VIEWER, OPERATOR, strange, { 'x-mapgate': '1' }]) {
        const url = `${adminUrl}${path.replace('{table}', 'aliases').replace('{file}', 'index.html')}`
        const response = await fetch(`${url}?key=some.body%40person.example`, {
          method: method.toUpperCase(),
          headers,
        })
        answers += `${method} ${path} ${response.status}\n${[...response.headers].join('\n')}\n${await response.text()}\n`
      }
    }
  }
  const wrong = `${adminUrl}/api/v1/tables/aliases/cache?domain=person.example`
  answers += await (await fetch(wrong, { method: 'DELETE', headers: OPERATOR })).text()
  return answers
}

interface Ran {
  readonly code: number | null
  readonly text: string
}

function mapgate(stage: Stage, args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env.PATH,
    MAPGATE_ADMIN: stage.gateway.adminUrl,
    MAPGATE_TOKEN: SECRETS.operator,
    OPERATOR: SECRETS.operator,
    CREDENTIALS_DIRECTORY: join(stage.folder, 'secrets'),
  }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(built, 'dist/cli.js'), ...args],
      { env },
      (_error, out, err) => resolve({ code: child.exitCode, text: out + err }),
    )
    child.stdin?.end('some.body+way1@person.example\n')
  })
}

/** Every command that has something to tell of this gateway or its file. */
async function commandLine(stage: Stage): Promise<string> {
  const file = join(stage.folder, 'mapgate.yaml')
  let text = ''
  const commands: [code: number, ...args: string[]][] = [
    [75, 'query', 'aliases', 'some.body+way1@person.example', '--explain'],
    [77, 'query', 'proxied', 'some.body@person.example', '--explain', '--json'],
    [75, 'query', 'posted', 'some.body+way6@person.example', '--explain'],
    [0, 'status'],
    [0, 'status', '--json'],
    [0, 'check', '-c', file],
    [1, 'check', '-c', file, '--ask'],
    [0, 'main-cf', '-c', file],
    [0, 'purge', 'aliases', '@person.example'],
    [0, 'reload'],
  ]
  for (const [code, ...args] of commands) {
    const ran = await mapgate(stage, args)
    expect([args, ran.code, ran.text]).toEqual([args, code, expect.stringMatching(/./)])
    text += ran.text
  }
  return text
}

/** All files below a folder but the given ones, by their path. */
function filesBelow(folder: string, without: readonly string[]): [path: string, text: string][] {
  return readdirSync(folder)
    .filter((name) => !without.includes(name))
    .flatMap((name): [string, string][] => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesBelow(path, []) : [[path, readFileSync(path, 'latin1')]]
    })
}

describe('secrets of every kind', { timeout: TIMEOUT_MS }, () => {
  test('are in no log, metric, answer, event, command output or file', async () => {
    const here = await stage('plain')
    expect(leaked(await traffic(here))).toEqual([])
    expect(leaked(await everyRoute(here))).toEqual([])
    expect(leaked(await commandLine(here))).toEqual([])
    await badReloads(here)
    await until(() => here.events().includes('event: reload'))
    expect(leaked(here.events())).toEqual([])
    await here.gateway.gateway.stop()
    const files = filesBelow(here.folder, ['secrets', 'mapgate.yaml'])
    expect(files.map(([path]) => path)).toEqual(
      expect.arrayContaining([join(here.folder, 'log'), join(here.folder, 'state/cache')]),
    )
    for (const [path, text] of files) expect([path, leaked(text)]).toEqual([path, []])
    // The search would have found them: the log was full and the addresses are in it.
    const log = JSON.stringify(here.gateway.log())
    expect(log).toContain('some.body+way1@person.example')
    expect(log).toContain('lookup failed')
    expect(log).toContain('reload refused')
  })
})

/** Secrets where they are wrong, so that the program has to complain about them. */
async function badReloads(here: Stage): Promise<void> {
  const { gateway, folder } = here
  const file = join(folder, 'mapgate.yaml')
  const good = readFileSync(file, 'utf8')
  const reference = `\${file:${folder}/secrets/bearer}`
  const bad = [
    good.replace('attempts: 1', `timeout: '${reference}'`),
    good.replace('attempts: 1', `attempts: '${reference}'`),
    good.replace('search: address', `search: '${reference}'`),
    good.replace('upstream: behindProxy', `upstream: '${reference}'`),
    good.replace('role: viewer', `role: '${reference}'`),
    good.replace('response: { value: $.value', `response: { value: '${reference}'`),
    good.replace('"inet:127.0.0.1:0", table', `'${reference}', table`),
    good.replace('proxy: "http://', 'proxy: "gopher://'),
    good.replace('@127.0.0.1', '@[::bad'),
    good.replace(SECRETS.header, `"${SECRETS.header}\\n\\u0100"`),
    good.replace(SECRETS.viewer, SECRETS.viewer.slice(0, 12)),
    good.replace('level: trace', `level: '${reference}'`),
    good.replace('cacheFile:', `cacheFiles: '${reference}'\ncacheFile:`),
  ]
  for (const text of bad) {
    expect(text).not.toBe(good)
    gateway.write(text)
    const answer = await fetch(`${gateway.adminUrl}/api/v1/reload`, { method: 'POST', headers: OPERATOR })
    const problem = await answer.text()
    expect([problem, answer.status]).toEqual([problem, 422])
    expect(leaked(problem)).toEqual([])
  }
  // `check` prints the same texts; once is enough.
  const checked = await mapgate(here, ['check', '-c', file])
  expect([checked.code, leaked(checked.text)]).toEqual([1, []])
  gateway.write(good)
}

describe('addresses of people', { timeout: TIMEOUT_MS }, () => {
  for (const keys of ['hash', 'none'] as const) {
    test(`are in no log line and no event with log.keys ${keys}`, async () => {
      const here = await stage(keys)
      await traffic(here)
      await everyRoute(here)
      await commandLine(here)
      await until(() => here.events().includes('event: lookup'))
      await here.gateway.gateway.stop()
      const log = readFileSync(join(here.folder, 'log'), 'utf8')
      expect(log).toContain('lookup failed')
      for (const text of [log, here.events()]) {
        expect(text.match(/.{0,80}(some\.body|way\d|%40|@person|@).{0,40}/i)?.[0]).toBeUndefined()
        expect(leaked(text)).toEqual([])
      }
    })
  }
})
