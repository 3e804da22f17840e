/**
 * Logins through the whole program: what `mapgate query` asks and shows, what is kept of a right one, and that a question
 * is asked once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askCanaries } from '../../../src/commands/check/ask.ts'
import { query } from '../../../src/commands/query/query.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import {
  type Behaviour,
  type RecordedRequest,
  type Reply,
  startHttpService,
} from '../../support/http/http-service.ts'
import { startTokenIssuer, type TokenIssuer } from '../../support/http/token-issuer.ts'

const judge: Behaviour = ({ body }) => {
  const { user, password, token } = JSON.parse(body)
  return password === 'gEheim' || token === 'gEheim'
    ? { json: { result: 'ok', user: `${user}@a.example` } }
    : { status: 401, json: { result: 'wrong' } }
}

const ANSWERS = `
    request: { method: POST, path: /auth, json: { user: "{attribute.user}", password: "{attribute.password}", token: "{attribute.token}", mechanism: "{attribute.mechanism}" } }
    response: { user: $.user, foundMark: { jsonPath: "$[?$.result=='ok']" }, refused: [401], refusedMark: { jsonPath: "$[?$.result=='wrong']" } }
`

async function start(table = '', asked = ANSWERS, listener = '') {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = judge
  const gateway = await startGateway(
    { onTestFinished },
    `
listeners:
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: accounts, mechanisms: [PLAIN, XOAUTH2, OAUTHBEARER], failDelay: 0ms${listener} }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
cacheFile: answers.cache
upstreams: { d: { endpoints: ["${service.origin}"] } }
tables:
  accounts:
    upstream: d
${asked}
${table}`,
  )
  const server = `sasl:inet:127.0.0.1:${gateway.address('sasl').port}`
  const ask = async (words: readonly string[], stdin: readonly string[] = [], json = false) => {
    const io = recordIo({ stdin })
    const code = await query(server, words, json ? { json } : {}, io)
    return { code, out: io.out(), err: io.err() }
  }
  return { service, gateway, server, ask }
}

describe('mapgate query', () => {
  test('reads the password from standard input, and prints the name that the service gives', async () => {
    const { ask } = await start()
    expect(await ask(['user=bob'], ['gEheim\n'])).toEqual({ code: 0, out: 'bob@a.example\n', err: '' })
    expect(await ask(['user=bob', 'password=-'], ['gEheim'])).toMatchObject({ code: 0 })
    expect(await ask(['user=bob'], ['other\n'])).toMatchObject({ code: 1, out: '' })
  })

  test('logs in by token, in both ways', async () => {
    const { service, ask } = await start()
    expect(await ask(['user=bob', 'token=-'], ['gEheim\n'])).toMatchObject({ code: 0 })
    expect(await ask(['user=bob', 'token=-', 'mechanism=oauthbearer'], ['gEheim\n'])).toMatchObject({
      code: 0,
    })
    expect(await ask(['user=b=o,b', 'token=-', 'mechanism=oauthbearer'], ['x\n'])).toMatchObject({ code: 1 })
    expect(service.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { user: 'bob', token: 'gEheim', password: '', mechanism: 'XOAUTH2' },
      { user: 'bob', token: 'gEheim', password: '', mechanism: 'OAUTHBEARER' },
      { user: 'b=o,b', token: 'x', password: '', mechanism: 'OAUTHBEARER' },
    ])
  })

  test('warns of a password on the command line, and shows it nowhere', async () => {
    const { ask } = await start()
    const { code, out, err } = await ask(['user=bob', 'password=gEheim'], [], true)
    expect([code, JSON.parse(out)]).toEqual([0, { key: 'user=bob', kind: 'found', value: 'bob@a.example' }])
    expect(err).toBe(
      'mapgate query: password=... can be seen in the list of processes; write password=- and give it on standard input\n',
    )
  })

  test('asks once, and tells an outage from a wrong password', async () => {
    const { service, ask } = await start()
    service.otherwise = { status: 503 }
    expect(await ask(['user=bob'], ['gEheim\n'])).toEqual({
      code: 75,
      out: '',
      err: 'mapgate query: temporary (service): the server closed the connection: it does not know, or its service fails; see its log\n',
    })
    expect(service.requests).toHaveLength(1)
  })

  test('needs a password', async () => {
    const { ask } = await start()
    await expect(ask(['user=bob'])).rejects.toThrow('no password on standard input; give it as one line')
    await expect(ask(['user=bob', 'password=-', 'token=-'], ['x'])).rejects.toThrow('one secret can be read')
    await expect(ask(['bob'], ['x'])).rejects.toThrow('is asked by attributes; write user=NAME')
  })

  test('asks for it at a terminal, without showing it', async ({ skip }) => {
    const { server } = await start()
    const terminal = spawn('script', ['-qec', `node dist/cli.js query ${server} user=bob`, '/dev/null'])
    onTestFinished(() => void terminal.kill())
    let shown = ''
    let isTyped = false
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (isTyped || !shown.includes('password: ')) return
      isTyped = true
      terminal.stdin.write('gEheim\r')
    })
    const [code] = await Promise.race([once(terminal, 'close'), once(terminal, 'error').then(() => ['none'])])
    if (code === 'none') skip('needs script(1)')
    expect([code, shown.replaceAll('\r', '')]).toEqual([0, 'password: \nbob@a.example\n'])
  })
})

describe('a service that speaks the auth_http of nginx', () => {
  const AUTH_HTTP = '    request: { path: /auth, form: auth_http }'

  test('is asked in header fields, and answers in them', async () => {
    const { service, gateway, ask } = await start('', AUTH_HTTP)
    service.otherwise = ({ headers }) => ({
      headers: { 'auth-status': headers['auth-pass'] === 'gEheim' ? 'OK' : 'Invalid login or password' },
    })
    expect(await ask(['user=bob'], ['gEheim'])).toEqual({ code: 0, out: 'bob\n', err: '' })
    expect((await ask(['user=bob'], ['other'])).code).toBe(1)
    expect((await ask(['user=bob', 'token=-'], ['gEheim'])).code).toBe(0)
    expect(service.requests.map(({ method, url, headers }) => [method, url, headers['auth-method']])).toEqual(
      [
        ['GET', '/auth', 'plain'],
        ['GET', '/auth', 'plain'],
        ['GET', '/auth', 'xoauth2'],
      ],
    )
    service.otherwise = { headers: { 'auth-status': 'OK', 'auth-user': 'robert' } }
    expect((await ask(['user=bob'], ['x'])).out).toBe('robert\n')
    const unknown: Behaviour[] = [
      { text: 'OK' },
      { status: 204, headers: { 'auth-status': 'no' } },
      { status: 401, headers: { 'auth-status': 'no' } },
      { headers: { 'auth-status': 'busy', 'auth-error-code': '451 4.3.0' } },
    ]
    for (const reply of unknown) {
      service.otherwise = reply
      expect((await ask(['user=bob'], ['gEheim'])).code).toBe(75)
    }
    expect(JSON.stringify(gateway.log())).not.toContain('gEheim')
  })
})

test('a token is introspected by its own table (RFC 7662), and a password asked of the other', async () => {
  const { service, ask } = await start(
    `  tokens:
    upstream: d
    request: { method: POST, path: /introspect, form: { token: "{attribute.token}", token_type_hint: access_token } }
    response:
      user: $.username
      foundMark: { jsonPath: "$[?$.active==true && ($.aud=='mail' || $.aud[?@=='mail'])]" }
      refused: [200]
      refusedMark: { jsonPath: "$[?$.active==false]" }
`,
    ANSWERS,
    ', tokenTable: tokens',
  )
  service.otherwise = (request) => {
    if (request.url !== '/introspect') return (judge as (request: RecordedRequest) => Reply)(request)
    const isRight = request.body === 'token=gEheim&token_type_hint=access_token'
    return { json: isRight ? { active: true, aud: 'mail', username: 'bob@b.example' } : { active: false } }
  }
  expect(await ask(['user=eve', 'token=-'], ['gEheim'])).toEqual({ code: 0, out: 'bob@b.example\n', err: '' })
  expect((await ask(['user=bob', 'token=-'], ['other'])).code).toBe(1)
  expect((await ask(['user=bob'], ['gEheim'])).out).toBe('bob@a.example\n')
  service.otherwise = { json: { active: true, aud: ['wiki', 'mail'], username: 'robert' } }
  expect(await ask(['user=bob', 'token=-'], ['gEheim'])).toMatchObject({ code: 0, out: 'robert\n' })
  for (const json of [
    { active: 'true', aud: 'mail', username: 'bob' },
    { aud: 'mail', username: 'bob' },
    { active: true, aud: 'mail' },
    // Of another program, and of one that is not named.
    { active: true, aud: 'wiki', username: 'bob' },
    { active: true, aud: ['wiki'], username: 'bob' },
    { active: true, username: 'bob' },
  ]) {
    service.otherwise = { json }
    expect((await ask(['user=bob', 'token=-'], ['gEheim'])).code).toBe(75)
  }
})

describe('tokens that are checked by the keys of their issuer', () => {
  /** @param issuer Whose keys they are; the tables name what it calls itself. */
  const checked = async (issuer: TokenIssuer) => {
    const gateway = await startGateway(
      { onTestFinished },
      `
listeners:
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: tokens, mechanisms: [XOAUTH2, OAUTHBEARER], failDelay: 0ms }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: debug }
upstreams: { identity: { jwks: { url: "${issuer.url}" } } }
tables:
  tokens:
    upstream: identity
    jwt: { issuer: "${issuer.name}", audience: [mail], user: preferred_username }
`,
    )
    const server = `sasl:inet:127.0.0.1:${gateway.address('sasl').port}`
    const ask = async (token: string, ...more: string[]) => {
      const io = recordIo({ stdin: [token] })
      return { code: await query(server, ['user=eve', 'token=-', ...more], {}, io), out: io.out() }
    }
    const seen = async (path: string) => (await fetch(`${gateway.adminUrl}${path}`)).text()
    return { gateway, ask, seen }
  }

  test('let in who the token is of, and tell a wrong one from an issuer that is away', async () => {
    const issuer = await startTokenIssuer({ onTestFinished })
    const { ask, seen, gateway } = await checked(issuer)
    const good = await issuer.token({ preferred_username: 'bob' })
    expect(await ask(good)).toEqual({ code: 0, out: 'bob\n' })
    expect(await ask(good, 'mechanism=oauthbearer')).toEqual({ code: 0, out: 'bob\n' })
    expect((await ask(await issuer.token({ aud: 'wiki' }))).code).toBe(1)
    expect((await ask(await issuer.token())).code).toBe(75)
    const { upstreams } = JSON.parse(await seen('/api/v1/status'))
    expect(upstreams).toMatchObject([
      { kind: 'jwks', keys: { state: 'valid', keys: 1, tokens: { good: 2, audience: 1, unknown: 1 } } },
    ])
    const metrics = await seen('/metrics')
    for (const line of [
      'mapgate_upstream_keys{upstream="identity"} 1',
      'mapgate_upstream_keys_failing{upstream="identity"} 0',
      'mapgate_login_tokens_total{upstream="identity",outcome="good"} 2',
      'mapgate_login_tokens_total{upstream="identity",outcome="expired"} 0',
    ])
      expect(metrics).toContain(`${line}\n`)
    const everything = [metrics, await seen('/api/v1/status'), await seen('/api/v1/config'), gateway.log()]
    for (const part of good.split('.')) expect(JSON.stringify(everything)).not.toContain(part)
  })

  test('tell nobody that a token is wrong while the issuer gives no keys, and say so', async () => {
    const issuer = await startTokenIssuer({ onTestFinished })
    issuer.service.otherwise = { status: 503 }
    const { ask, seen, gateway } = await checked(issuer)
    expect((await ask(await issuer.token({ preferred_username: 'bob' }))).code).toBe(75)
    const io = recordIo()
    const config = await loadConfig(join(gateway.folder, 'mapgate.yaml'), { env: {} })
    expect(await askCanaries(config, io)).toBe(false)
    const where = `127.0.0.1:${new URL(issuer.url).port}`
    const why = `no keys to check the token by: ${where} answered 503; look at its log, and at jwks.url`
    expect(JSON.parse(await seen('/api/v1/status')).degraded).toEqual([`upstream identity: ${why}`])
    expect(JSON.stringify(gateway.log())).toContain('the issuer gives no keys for checking tokens')
    expect(io.out()).toBe(`identity  keys of ${where}  ${why}\n`)
    issuer.publish()
    expect(await askCanaries(config, io)).toBe(true)
    expect(io.out()).toContain(`identity  keys of ${where}  1 to check tokens by\n`)
    await expect
      .poll(async () => (await ask(await issuer.token({ preferred_username: 'bob' }))).code, {
        timeout: 10_000,
      })
      .toBe(0)
    expect(JSON.stringify(gateway.log())).toContain('the keys of the issuer were fetched')
  })
})

describe('a canary that logs in', () => {
  const CANARY =
    '    canary: { attributes: { user: canary, password: gEheim, token: "", mechanism: PLAIN }, maxAge: 0s }'

  test('tells a service that refuses everybody from a wrong password, and check --ask asks it', async () => {
    const { service, gateway, ask } = await start(CANARY)
    expect((await ask(['user=bob'], ['other'])).code).toBe(1)
    const config = await loadConfig(join(gateway.folder, 'mapgate.yaml'), { env: {} })
    const io = recordIo()
    expect(await askCanaries(config, io)).toBe(true)
    expect(io.out()).toMatch(/^accounts {2}d \S+ {2}found "canary@a.example", HTTP 200, \d+ ms\n/)
    service.otherwise = { status: 401, json: { result: 'wrong' } }
    // Every user would be told that the password is wrong.
    expect((await ask(['user=bob'], ['gEheim'])).code).toBe(75)
    expect(await askCanaries(config, io)).toBe(false)
    expect(io.out()).toContain('NOT FOUND: the endpoint does not know its canary')
    expect(io.out() + JSON.stringify(gateway.log())).not.toContain('gEheim')
    const asked = service.requests.map(({ body }) => JSON.parse(body))
    expect(asked.filter(({ user, password }) => user === 'bob' && password === 'gEheim')).toHaveLength(1)
  })
})

describe('a right login that is kept', () => {
  const CACHED = '    cacheBy: [user, password, token]\n    cache: { ttl: 30s, jitter: 0 }'

  test('is not asked again, but for another password, and a wrong one always is', async () => {
    const { service, ask } = await start(CACHED)
    for (const [password, code] of [
      ['gEheim', 0],
      ['gEheim', 0],
      ['wrong', 1],
      ['wrong', 1],
      ['gEheim', 0],
    ] as const)
      expect([password, (await ask(['user=bob'], [password])).code]).toEqual([password, code])
    expect(service.requests.map(({ body }) => JSON.parse(body).password)).toEqual([
      'gEheim',
      'wrong',
      'wrong',
    ])
    expect((await ask(['user=bob', 'token=-'], ['gEheim'])).code).toBe(0)
    expect(service.requests).toHaveLength(4)
  })

  test('is in no file, not even as a hash', async () => {
    const { gateway, ask } = await start(CACHED)
    expect((await ask(['user=bob'], ['gEheim'])).code).toBe(0)
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toContain('mapgate_cache_entries{table="accounts",kind="found"} 1\n')
    await gateway.gateway.stop()
    const file = readFileSync(join(gateway.folder, 'answers.cache'), 'utf8')
    expect(file).toContain('mapgate')
    expect(file).not.toMatch(/accounts|bob|[A-Za-z0-9+/]{43}=/)
  })
})
