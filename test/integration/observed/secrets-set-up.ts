/**
 * A gateway in which every secret is set, and everything that it writes.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type HttpService, type RecordedRequest, startHttpService } from '../../support/http/http-service.ts'

export const t = { onTestFinished }

/** Each test starts a dozen commands, ms. */
export const TIMEOUT_MS = 90_000

/** The compiled program, for the commands. */
export const built = `${process.cwd()}/test-output/secrets-${process.pid}`

/** Every secret, by where it stands. Each is a word of its own that occurs nowhere else. */
export const SECRETS = {
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
  otlpCode: 'xqzotlpcode',
  otlpPath: 'xqzotlppath',
  pathWord: 'xqzpathword',
  queryWord: 'xqzqueryword',
  jsonWord: 'xqzjsonword',
  batchWord: 'xqzbatchword',
  formNumber: '90210731',
  environment: 'xqzenvironment',
  password: 'pw-Zs4xEd7cRfTg',
  token: 'tok-Vg5tBh8yNjUm',
  clientSecret: 'client-Vt5nQe8bWd',
  postedSecret: 'clientpost-Hf4mTz9kLs',
  tokenQuery: 'tokenquery-Bn3jRy7xCg',
  accessToken: 'access-Gs6dUo1pMk',
} as const

/** Each secret in the forms in which it may stand in a text. */
export function forms(secret: string): string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
    // Behind other bytes, as in a message of SASL.
    ...[1, 2].map((offset) =>
      Buffer.from('x'.repeat(offset) + secret)
        .toString('base64')
        .replace(/=+$/, '')
        .slice(offset + 1, -1),
    ),
  ]
}

export const PROXY_CREDENTIALS = `${SECRETS.proxyUser}:${SECRETS.proxyPassword}`

export const NEEDLES = [...Object.values(SECRETS), PROXY_CREDENTIALS].flatMap(forms)

/** What of this is in a text. */
export function leaked(text: string): string[] {
  return NEEDLES.filter((needle) => text.includes(needle)).map(
    (needle) =>
      `${needle}: ${text.slice(Math.max(0, text.indexOf(needle) - 200), text.indexOf(needle) + 40)}`,
  )
}

export const TABLES = ['aliases', 'posted', 'proxied', 'secretly', 'words', 'batched', 'tokened', 'tokenless']

export function config(service: HttpService, proxy: HttpService, folder: string, keys: string): string {
  const proxyUrl = proxy.origin.replace(
    '//',
    `//${SECRETS.proxyUser}:${encodeURIComponent(SECRETS.proxyPassword)}@`,
  )
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: logins, mechanisms: [PLAIN, LOGIN, XOAUTH2], failDelay: 0ms }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: proxy-logins, mechanisms: [PLAIN, XOAUTH2], failDelay: 0ms }
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
  authorized:
    endpoints: ["${service.origin}"]
    attempts: 1
    oauth: { tokenUrl: "${service.origin}/issue", clientId: gate, clientSecret: ${SECRETS.clientSecret} }
  unauthorized:
    endpoints: ["${service.origin}"]
    oauth:
      tokenUrl: "${service.origin}/way6?apikey=${SECRETS.tokenQuery}"
      clientId: gate
      clientSecret: ${SECRETS.postedSecret}
      authentication: client_secret_post
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
  words:
    upstream: directory
    request:
      method: POST
      path: "/${SECRETS.pathWord}/{key}"
      query: { k: ${SECRETS.queryWord}, tenant: "\${env:TENANT}" }
      json: { key: "{key}", note: "Bearer ${SECRETS.jsonWord}" }
    cache: { ttl: 1s, negativeTtl: 1s }
  tokened: { upstream: authorized, request: { path: "/{key}" }, cache: { ttl: 1s, negativeTtl: 1s } }
  tokenless: { upstream: unauthorized, request: { path: "/{key}" } }
  batched:
    upstream: directory
    batch: { path: /, form: { keys: "{keys}", apitoken: ${SECRETS.batchWord}, nonce: "${SECRETS.formNumber}" } }
    cache: { ttl: 1s, negativeTtl: 1s }
  logins:
    upstream: directory
    request: { method: POST, path: /login, json: { user: "{attribute.user}", password: "{attribute.password}", token: "{attribute.token}", all: "{attributes}" } }
    response: { user: "$[0]", refused: [401], refusedMark: { jsonPath: $.error } }
    cacheBy: [user, password, token]
    cache: { ttl: 1s }
  proxy-logins: { upstream: behindProxy, request: { path: /login, form: auth_http } }
tracing: { otlp: "${service.origin}/${SECRETS.otlpPath}?code=${SECRETS.otlpCode}" }
cacheFile: ${folder}/state/cache
log: { level: trace, keys: ${keys}${keys === 'hash' ? `, hashKey: ${SECRETS.hashKey}` : ''} }
`
}

/** Sends everything it got back, in every way that a broken or curious service may. */
export function echo(
  request: RecordedRequest,
): ReturnType<Extract<HttpService['otherwise'], (...args: never[]) => unknown>> {
  if (request.url === '/issue')
    return { json: { access_token: SECRETS.accessToken, token_type: 'bearer', expires_in: 60 } }
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

export interface Stage {
  readonly gateway: TestGateway
  readonly folder: string
  /** What the events said so far. */
  readonly events: () => string
  /** What the collector of traces was sent so far. */
  readonly spans: () => string
}

export async function stage(keys: 'plain' | 'hash' | 'none'): Promise<Stage> {
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
    env: {
      OPERATOR: SECRETS.operator,
      TENANT: SECRETS.environment,
      CREDENTIALS_DIRECTORY: join(folder, 'secrets'),
    },
  })
  const spans = () =>
    service.requests.flatMap(({ url, body }) => (url.includes(SECRETS.otlpPath) ? [body] : [])).join('\n')
  return { gateway, folder, events: await watchEvents(gateway), spans }
}

export const VIEWER = { authorization: `Bearer ${SECRETS.viewer}` }

export const OPERATOR = { authorization: `Bearer ${SECRETS.operator}`, 'x-mapgate': '1' }

export async function watchEvents(gateway: TestGateway): Promise<() => string> {
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
export async function traffic({ gateway }: Stage): Promise<string> {
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
  for (const { bound, settings } of gateway.gateway.listeners.values())
    if (settings.protocol.name === 'sasl' && bound.kind === 'inet')
      for (let way = 0; way <= 9; way++)
        told.push(await logins(bound.port, `Some.Body+way${way}@person.example`))
  return JSON.stringify(told)
}

/** Logs in by each mechanism, in wrong ways, too. */
async function logins(port: number, user: string): Promise<unknown> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const plain = base64(`\0${user}\0${SECRETS.password}`)
  const conversations = [
    `AUTH\t1\tPLAIN\tresp=${plain}\n`,
    `AUTH\t1\tLOGIN\tresp=${base64(user)}\nCONT\t1\t${base64(SECRETS.password)}\n`,
    `AUTH\t1\tXOAUTH2\tresp=${base64(`user=${user}\x01auth=Bearer ${SECRETS.token}\x01\x01`)}\nCONT\t1\t\n`,
    `AUTH\t1\tPLAIN\tresp=${base64(SECRETS.password)}\nCONT\t7\t${plain}\n${SECRETS.password}\t${plain}\n`,
    `AUTH\t1\t${SECRETS.password}\tresp=${plain}\n`,
    `AUTH\t${SECRETS.password}\tPLAIN\tresp=${plain}\n`,
  ]
  return Promise.all(conversations.map((lines) => raw(port, lines)))
}

/** Sends bytes, and gives what came back before the end. */
export function raw(port: number, bytes: string): Promise<string> {
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
export async function everyRoute({ gateway }: Stage): Promise<string> {
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

export interface Ran {
  readonly code: number | null
  readonly text: string
}

export function mapgate(stage: Stage, args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env.PATH,
    MAPGATE_ADMIN: stage.gateway.adminUrl,
    MAPGATE_TOKEN: SECRETS.operator,
    OPERATOR: SECRETS.operator,
    TENANT: SECRETS.environment,
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
export async function commandLine(stage: Stage): Promise<string> {
  const file = join(stage.folder, 'mapgate.yaml')
  let text = ''
  const commands: [code: number, ...args: string[]][] = [
    [75, 'query', 'aliases', 'some.body+way1@person.example', '--explain'],
    [75, 'query', 'proxied', 'some.body@person.example', '--explain', '--json'],
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
export function filesBelow(folder: string, without: readonly string[]): [path: string, text: string][] {
  return readdirSync(folder)
    .filter((name) => !without.includes(name))
    .flatMap((name): [string, string][] => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesBelow(path, []) : [[path, readFileSync(path, 'latin1')]]
    })
}

/** Secrets where they are wrong, so that the program has to complain about them. */
export async function badReloads(here: Stage): Promise<void> {
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
