/**
 * A whole gateway whose upstream is asked with access tokens: every kind of request has one, and a token endpoint that is
 * down is said to be that.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SocketmapClient } from '../../../../src/library/clients.ts'
import { programInto } from '../../../support/gateway/built.ts'
import { startGateway, type TestGateway } from '../../../support/gateway/gateway.ts'
import { ADMIN, startGatewayProcess } from '../../../support/gateway/gateway-process.ts'
import { type Authorized, startAuthorized, tokensSent } from '../../../support/http/token-server.ts'
import { until } from '../../../support/postfix/until.ts'

const t = { onTestFinished }

/** @param more Further tables. */
const yaml = ({ tokens, service }: Authorized, secret = 's3cret-of-the-client', more = '') => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams:
  directory:
    endpoints: ["${service.origin}"]
    circuitBreaker: { failures: 1, openFor: 100ms }
    oauth: { tokenUrl: "${tokens.origin}/token", clientId: gate, clientSecret: "${secret}" }
tables:
  aliases:
    upstream: directory
    request: { path: "/aliases/{key}" }
    canary: { key: canary@a.example, every: 1s, maxAge: 2s }
    cache: off
${more}
`

const whereOf = ({ tokens }: Authorized) => `127.0.0.1:${tokens.port}`

async function text(gateway: TestGateway, path: string): Promise<string> {
  return (await fetch(`${gateway.adminUrl}${path}`)).text()
}

/** Lines of the metrics about tokens and failures. */
async function metrics(gateway: TestGateway): Promise<string[]> {
  const lines = (await text(gateway, '/metrics')).split('\n')
  return lines.filter((line) => /^mapgate_(?:upstream_token_[rf]|lookup_failures|circuit_state)/.test(line))
}

test('the token is there before the first lookup, and lookups, canary and batch are sent with it', async () => {
  const authorized = await startAuthorized(t)
  authorized.answer = ({ url }) =>
    url.startsWith('/many') ? { json: { 'a@a.example': 'many' } } : { text: 'one' }
  const more = `
  batched:
    upstream: directory
    batch: { path: /many, query: { k: "{keys}" }, results: "$" }
    response: { value: $, missing: notFound }`
  const gateway = await startGateway(t, yaml(authorized, 's3cret-of-the-client', more))
  await until('the canary', () =>
    gateway.gateway.status().tables[0]?.canaries[0]?.state === 'up' ? true : undefined,
  )
  const client = gateway.socketmap()
  expect(await client.lookup('aliases', 'a@a.example')).toEqual({ kind: 'found', value: 'one' })
  expect(await client.lookup('batched', 'a@a.example')).toMatchObject({ kind: 'found' })
  expect(new Set(tokensSent(authorized.service))).toEqual(new Set(['token-1']))
  expect(authorized.tokens.requests.length).toBe(1)
  const fetched = {
    what: 'token',
    title: 'access token',
    endpoint: whereOf(authorized),
    state: 'valid',
    expiresAtMs: expect.any(Number),
  }
  expect(gateway.gateway.status().upstreams).toMatchObject([
    { fetches: [fetched], token: { ...fetched, requests: { ok: 1 } } },
  ])
  expect(await metrics(gateway)).toEqual([
    'mapgate_upstream_token_requests_total{upstream="directory",outcome="ok"} 1',
    'mapgate_upstream_token_failing{upstream="directory"} 0',
    'mapgate_circuit_state{upstream="directory",endpoint="0:127.0.0.1:PORT"} 0'.replace(
      'PORT',
      String(authorized.service.port),
    ),
  ])
})

test('a token endpoint that is down is said to be that, the service stays beyond suspicion, and recovery is at once', async () => {
  const authorized = await startAuthorized(t)
  await authorized.tokens.stop()
  const gateway = await startGateway(t, yaml(authorized))
  const reason = `no access token: the token endpoint ${whereOf(authorized)} cannot be reached (ECONNREFUSED); is it running?`
  const client = gateway.socketmap()
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(await client.lookup('aliases', `${key}@a.example`)).toMatchObject({ kind: 'temporary', reason })
  const { degraded, upstreams, tables } = gateway.gateway.status()
  expect(degraded).toEqual([`upstream directory: ${reason}`])
  expect(upstreams[0]?.endpoints[0]?.circuit).toBe('closed')
  expect(tables[0]?.canaries[0]?.state).toBe('unknown')
  expect(authorized.service.requests).toEqual([])
  expect(await metrics(gateway)).toEqual([
    'mapgate_lookup_failures_total{table="aliases",cause="token"} 7',
    expect.stringMatching(
      /^mapgate_upstream_token_requests_total\{upstream="directory",outcome="connect"\} \d$/,
    ),
    'mapgate_upstream_token_failing{upstream="directory"} 1',
    expect.stringMatching(/^mapgate_circuit_state.* 0$/),
  ])
  expect(await text(gateway, '/metrics')).not.toContain('mapgate_upstream_requests_total{')
  const told = () => gateway.log().filter(({ event }) => event === 'token')
  await until('a line of the log', () => (told().length > 0 ? true : undefined))
  expect(told()).toMatchObject([
    {
      level: 'warn',
      upstream: 'directory',
      state: 'failing',
      failure: reason,
      msg: 'the token endpoint gives no access token',
    },
  ])
  expect(JSON.parse(await text(gateway, '/api/v1/problems')).problems).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: 'token', where: 'directory', text: reason })]),
  )
  expect(gateway.log().filter(({ event }) => event === 'circuit' || event === 'canary')).toEqual([])

  await authorized.tokens.start()
  await until('a token', () =>
    gateway.gateway.status().upstreams[0]?.fetches?.[0]?.state === 'valid' ? true : undefined,
  )
  expect(await client.lookup('aliases', 'z@a.example')).toEqual({ kind: 'found', value: 'found' })
  expect(gateway.gateway.status().degraded).toEqual([])
})

test('a batch without a token is not split: its keys are not what fails', async () => {
  const authorized = await startAuthorized(t)
  const more = `
  batched: { upstream: directory, batch: { path: /many, query: { k: "{keys}" }, maxWait: 1s } }`
  authorized.tokens.route('/token', { status: 503 })
  const gateway = await startGateway(t, yaml(authorized, 's3cret-of-the-client', more))
  const explain = async (name: string) =>
    JSON.parse(await text(gateway, `/api/v1/tables/batched/lookup?key=${name}%40a.example&explain=true`))
  const explained = await Promise.all(['a', 'b', 'c', 'd'].map(explain))
  for (const { steps } of explained)
    expect(steps.filter(({ step }: { step: string }) => step === 'request')).toMatchObject([
      { batchKeys: 4, result: { kind: 'temporary', cause: 'token' } },
    ])
  expect(authorized.service.requests).toEqual([])
})

test('a token endpoint that fails while a token lasts stops nothing, and is said to be failing', async () => {
  const authorized = await startAuthorized(t)
  authorized.expiresIn = 4
  const gateway = await startGateway(t, yaml(authorized))
  const client = gateway.socketmap()
  expect(await client.lookup('aliases', 'a@a.example')).toMatchObject({ kind: 'found' })
  authorized.tokens.route('/token', { status: 503 })
  await until('a failure', () =>
    gateway.gateway.status().upstreams[0]?.fetches?.[0]?.state === 'failing' ? true : undefined,
  )
  expect(await client.lookup('aliases', 'b@a.example')).toMatchObject({ kind: 'found' })
  expect(gateway.gateway.status().degraded).toEqual([
    expect.stringMatching(
      /^upstream directory: the access token ends at \S+Z and is not renewed: no access token: .* answered 503; look at its log$/,
    ),
  ])
})

test('an open circuit is closed again by a question that has a token', async () => {
  const authorized = await startAuthorized(t)
  const gateway = await startGateway(t, yaml(authorized))
  const client = gateway.socketmap()
  expect(await client.lookup('aliases', 'a@a.example')).toMatchObject({ kind: 'found' })
  authorized.answer = () => ({ status: 503 })
  expect(await client.lookup('aliases', 'b@a.example')).toMatchObject({ kind: 'temporary' })
  const circuit = () => gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit
  await until('an open circuit', () => (circuit() === 'open' ? true : undefined))
  authorized.answer = () => ({ text: 'found' })
  await until('a closed circuit', () => (circuit() === 'closed' ? true : undefined))
  expect(await client.lookup('aliases', 'b@a.example')).toMatchObject({ kind: 'found' })
})

test('a reload keeps the token, and a changed client gets another', async () => {
  const authorized = await startAuthorized(t)
  const gateway = await startGateway(t, yaml(authorized))
  const client = gateway.socketmap()
  expect(await client.lookup('aliases', 'a@a.example')).toMatchObject({ kind: 'found' })
  gateway.write(yaml(authorized, 'another-secret').replace('cache: off', 'cache: { ttl: 1s }'))
  expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
  expect(await client.lookup('aliases', 'b@a.example')).toMatchObject({ kind: 'found' })
  expect(authorized.tokens.requests.length).toBe(1)
  gateway.write(yaml(authorized).replace('clientId: gate', 'clientId: other'))
  expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
  expect(await client.lookup('aliases', 'c@a.example')).toMatchObject({ kind: 'found' })
  expect(authorized.tokens.requests.length).toBe(2)
  expect(new Set(tokensSent(authorized.service))).toEqual(new Set(['token-1', 'token-2']))
})

test('a secret that is rotated on disk is read when the token endpoint refuses the old one', async () => {
  const authorized = await startAuthorized(t)
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-rotated-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'secret'), 'the-old-secret')
  authorized.tokens.route('/token', ({ headers }) => {
    const [, secret] = Buffer.from(String(headers.authorization).slice(6), 'base64').toString().split(':')
    if (secret !== 'the-new-secret') return { status: 401, json: { error: 'invalid_client' } }
    authorized.accepted.add('rotated')
    return { json: { access_token: 'rotated', token_type: 'bearer' } }
  })
  const config = yaml(authorized, `\${file:${folder}/secret}`).replace('every: 1s', 'every: 1h')
  const gateway = await startGateway(t, config)
  writeFileSync(join(folder, 'secret'), 'the-new-secret')
  const client = gateway.socketmap()
  await until('the new secret', async () =>
    (await client.lookup('aliases', 'a@a.example')).kind === 'found' ? true : undefined,
  )
  expect(tokensSent(authorized.service).at(-1)).toBe('rotated')
})

describe('the compiled program', () => {
  const folder = `${process.cwd()}/test-output/oauth-${process.pid}`
  beforeAll(() => {
    programInto(join(folder, 'dist'))
    copyFileSync('package.json', join(folder, 'package.json'))
    return () => rmSync(folder, { recursive: true, force: true })
  })

  test('copies a list with a token for each page, and a new one where the service refuses it', async () => {
    const authorized = await startAuthorized(t)
    authorized.answer = ({ url }) => {
      if (url === '/list') {
        // Its life is over before the second page.
        authorized.accepted.delete('token-1')
        return { json: { 'a@a.example': 'a' }, headers: { link: '</list2>; rel="next"' } }
      }
      return { json: { 'b@a.example': 'b' } }
    }
    const { ports } = await startGatewayProcess(
      t,
      join(folder, 'dist'),
      `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
${ADMIN}
upstreams:
  directory:
    endpoints: ["${authorized.service.origin}"]
    oauth: { tokenUrl: "${authorized.tokens.origin}/token", clientId: gate, clientSecret: s3cret-of-the-client }
tables:
  mailboxes:
    upstream: directory
    replica: { path: /list, next: link, every: 1h, authoritative: true, directory: FOLDER/replica }
`,
    )
    const client = new SocketmapClient({ address: { kind: 'inet', host: '127.0.0.1', port: ports[0] ?? 0 } })
    onTestFinished(() => client.close())
    await until('the copy', async () =>
      (await client.lookup('mailboxes', 'b@a.example')).kind === 'found' ? true : undefined,
    )
    expect(await client.lookup('mailboxes', 'a@a.example')).toEqual({ kind: 'found', value: 'a' })
    expect(
      authorized.service.requests.map(({ url }, at) => `${url} ${tokensSent(authorized.service)[at]}`),
    ).toEqual(['/list token-1', '/list2 token-1', '/list2 token-2'])
  })

  test('check --ask says how long the token lasts, or why there is none', async () => {
    const authorized = await startAuthorized(t)
    const file = join(mkdtempSync(join(tmpdir(), 'mapgate-check-')), 'mapgate.yaml')
    onTestFinished(() => rmSync(join(file, '..'), { recursive: true }))
    writeFileSync(
      file,
      yaml(authorized).replace('127.0.0.1:0', '127.0.0.1:4455').replace('127.0.0.1:0', '127.0.0.1:4456'),
    )
    const run = () =>
      promisify(execFile)(process.execPath, [join(folder, 'dist/cli.js'), 'check', '--ask', '-c', file]).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }) => ({ code, stdout }),
      )
    const good = await run()
    expect(good.stdout).toContain(`directory  access token of ${whereOf(authorized)}  for 60 min\n`)
    expect(good.stdout).toContain('found "found", HTTP 200')
    expect(good.code).toBe(0)
    expect(authorized.tokens.requests.length).toBe(1)
    authorized.tokens.route('/token', { status: 400, json: { error: 'invalid_client' } })
    const bad = await run()
    expect(bad.stdout).toContain(
      `directory  access token of ${whereOf(authorized)}  no access token: the token endpoint ${whereOf(authorized)} refuses our client (400 invalid_client); check clientId and its secret or key\n`,
    )
    expect(bad.code).toBe(1)
  })
})
