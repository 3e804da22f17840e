/**
 * A gateway in which every secret is set, and what of them is in a text.
 */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
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
  keysQuery: 'keysquery-Tn8wXb3rLa',
  introspector: 'introspector-Yk5vJc2qZd',
  sharedPassword: 'shared-Mh7pGs4nWf',
  /** A signed token whose claims are right: its key is not known. */
  signed:
    'eyJhbGciOiJFUzI1NiIsImtpZCI6InhxejEifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoibWFpbCIsImV4cCI6NDEwMjQ0NDgwMCwiZW1haWwiOiJ4cXpjbGFpbUBwZXJzb24uZXhhbXBsZSJ9.cXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcQ',
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

export const NEEDLES = [...Object.values(SECRETS), ...SECRETS.signed.split('.'), PROXY_CREDENTIALS].flatMap(
  forms,
)

/** What of this is in a text. */
export function leaked(text: string): string[] {
  return NEEDLES.filter((needle) => text.includes(needle)).map(
    (needle) =>
      `${needle}: ${text.slice(Math.max(0, text.indexOf(needle) - 200), text.indexOf(needle) + 40)}`,
  )
}

export const TABLES = ['aliases', 'posted', 'proxied', 'secretly', 'words', 'batched', 'tokened', 'tokenless']

export function config(
  service: HttpService,
  proxy: HttpService,
  sharedPort: number,
  folder: string,
  keys: string,
): string {
  const proxyUrl = proxy.origin.replace(
    '//',
    `//${SECRETS.proxyUser}:${encodeURIComponent(SECRETS.proxyPassword)}@`,
  )
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: logins, mechanisms: [PLAIN, LOGIN, XOAUTH2, OAUTHBEARER], failDelay: 0ms }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: proxy-logins, mechanisms: [PLAIN, XOAUTH2], failDelay: 0ms }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: introspected, mechanisms: [XOAUTH2, OAUTHBEARER], failDelay: 0ms }
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: signed, mechanisms: [XOAUTH2, OAUTHBEARER], failDelay: 0ms }
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
  introspection:
    endpoints: ["${service.origin}"]
    headers: { authorization: "Basic ${SECRETS.introspector}" }
  issuer: { jwks: { url: "${service.origin}/way1?key=${SECRETS.keysQuery}" } }
shared: { url: "redis://127.0.0.1:${sharedPort}", username: gate, password: ${SECRETS.sharedPassword} }
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
  introspected:
    upstream: introspection
    request: { method: POST, path: /introspect, form: { token: "{attribute.token}", user: "{attribute.user}" } }
    response:
      user: "$[0]"
      foundMark: { jsonPath: "$[?$.active==true && $.aud=='mail']" }
      refused: [200, 401]
      refusedMark: { jsonPath: $.error }
  signed: { upstream: issuer, jwt: { issuer: https://id.example.com, audience: [mail], user: email } }
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

/** In the place of a Valkey: it quotes what it was sent, as Redis 5 does. @returns Its port. */
async function startCuriousStore(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {}) // the client went away
    socket.on('data', (chunk) => {
      const words = chunk.toString('latin1').replaceAll(/[\r\n]+/g, ' ')
      socket.write(`-ERR unknown command, with args beginning with: ${words}\r\n`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
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
  const gateway = await startGateway(t, config(service, proxy, await startCuriousStore(), folder, keys), {
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
