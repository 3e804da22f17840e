/**
 * The commands' connection to the admin API, against a real HTTP service.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AdminClient, networkFailure } from '../../../src/commands/admin-client.ts'
import type { AdminTarget } from '../../../src/commands/admin-target.ts'
import { type Behaviour, type HttpService, startHttpService } from '../../support/http/http-service.ts'

const TOKEN = 'a-very-secret-token'

/** A certificate for that name, signed by itself. */
async function certificate(name: string): Promise<{ cert: Buffer; key: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', `/CN=${name}`, '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...curve, ...names], { stdio: 'ignore' })
  return { cert: await readFile(cert), key: await readFile(key) }
}

async function connect(
  behaviour: Behaviour,
  target: Partial<AdminTarget> = {},
): Promise<{ client: AdminClient; service: HttpService }> {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = behaviour
  const { origin } = service
  const client = new AdminClient({ shown: origin, origin, pathPrefix: '', from: '--admin', ...target })
  onTestFinished(() => client.close())
  return { client, service }
}

describe('AdminClient', () => {
  test('sends the token, the header that changes need, and JSON', async () => {
    const { client, service } = await connect({ json: { ok: true } }, { token: TOKEN, pathPrefix: '/p' })
    expect(await client.send('PUT', '/api/v1/log-level', { level: 'info' })).toEqual({ body: { ok: true } })
    const [request] = service.requests
    expect(request).toMatchObject({ method: 'PUT', url: '/p/api/v1/log-level', body: '{"level":"info"}' })
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'x-mapgate': '1',
      'content-type': 'application/json',
    })
  })

  test('sends no authorization without a token and no content type without a body', async () => {
    const { client, service } = await connect({ json: {} })
    await client.get('/x')
    expect(Object.keys(service.requests[0]?.headers ?? {})).not.toContain('authorization')
    expect(Object.keys(service.requests[0]?.headers ?? {})).not.toContain('content-type')
  })

  test('checks a certificate, and says how to name it; not for the own gateway on loopback', async () => {
    const service = await startHttpService({ onTestFinished }, { tls: await certificate('gw.example') })
    service.otherwise = { json: 1 }
    const { origin } = service
    const ask = (more: Partial<AdminTarget>) => {
      const client = new AdminClient({ shown: origin, origin, pathPrefix: '', from: '--admin', ...more })
      onTestFinished(() => client.close())
      return client.get('/')
    }
    await expect(ask({})).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringMatching(/self-signed certificate.*; name the host as its certificate does/),
    })
    expect((await ask({ anyCertificate: true })).body).toBe(1)
  })

  test('reaches a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const socketPath = join(folder, 's')
    const service = await startHttpService({ onTestFinished }, { socketPath })
    service.otherwise = { json: 1 }
    const client = new AdminClient({
      shown: `unix:${socketPath}`,
      origin: 'http://localhost',
      socketPath,
      pathPrefix: '',
      from: '--admin',
    })
    onTestFinished(() => client.close())
    expect((await client.get('/')).body).toBe(1)
    expect(service.requests[0]?.headers.host).toBe('localhost')
  })

  test('takes an empty body of a 204 for an answer', async () => {
    const { client } = await connect({ status: 204 })
    expect(await client.get('/')).toEqual({ body: undefined })
  })

  const failures: [name: string, behaviour: Behaviour, exitCode: number, message: string][] = [
    [
      '401 says how to give a token',
      { status: 401, json: { detail: 'a token is needed' } },
      77,
      'a token is needed; give a token with --token-file or MAPGATE_TOKEN',
    ],
    [
      '403 without a sentence says the status',
      { status: 403, json: {} },
      77,
      'HTTP status 403; give a token with --token-file or MAPGATE_TOKEN',
    ],
    [
      '403 without a token means that none is configured, so none is asked for',
      { status: 403, json: { code: 'role-too-low', detail: 'and no token is configured; see admin.tokens' } },
      77,
      'and no token is configured; see admin.tokens',
    ],
    [
      'another 4xx is a wrong request',
      { status: 400, json: { code: 'bad-request', detail: '', title: 'Bad Request' } },
      64,
      'Bad Request',
    ],
    ['503 is unreachable', { status: 503, json: { code: 'x', detail: 'draining' } }, 69, 'draining'],
    [
      'a foreign 502 page is unreachable',
      { status: 502, text: '<html>' },
      69,
      'HTTP status 502, not from mapgate; is this its admin address?',
    ],
    [
      'a foreign 404 page is unreachable',
      { status: 404, text: 'nginx' },
      69,
      'HTTP status 404, not from mapgate; is this its admin address?',
    ],
    [
      'a page instead of JSON is unreachable',
      { text: '<html>' },
      69,
      'the reply is not JSON; is this the admin address of mapgate?',
    ],
    [
      'a control character of the reply does not reach the terminal',
      { status: 503, json: { code: 'x', detail: 'a\u001b[2J\nb' } },
      69,
      'a [2J b',
    ],
  ]
  for (const [name, behaviour, exitCode, message] of failures) {
    test(name, async () => {
      const { client, service } = await connect(behaviour)
      await expect(client.get('/')).rejects.toMatchObject({
        exitCode,
        message: `${service.origin}: ${message}`,
      })
    })
  }

  test('a refused token is not shown', async () => {
    const { client, service } = await connect(
      { status: 401, json: { detail: 'unknown token' } },
      { token: TOKEN },
    )
    await expect(client.get('/')).rejects.toMatchObject({
      message: `${service.origin}: unknown token; use another token`,
    })
  })

  for (const act of ['reset', 'reset-in-body'] as const) {
    test(`a ${act} is unreachable, and says what to do`, async () => {
      const { client } = await connect({ act }, { from: 'MAPGATE_ADMIN' })
      await expect(client.get('/')).rejects.toMatchObject({
        exitCode: 69,
        message: expect.stringMatching(
          /the connection was closed before the reply \(the address is from MAPGATE_ADMIN\); is mapgate running there\?/,
        ),
      })
    })
  }

  test('a closed port is unreachable', async () => {
    const { client, service } = await connect({ json: {} })
    await service.stop()
    await expect(client.get('/')).rejects.toMatchObject({
      exitCode: 69,
      message: `${service.origin}: nobody listens there; is mapgate running there? Give its address with --admin URL, --admin unix:PATH or -c FILE`,
    })
  })

  test.skipIf(process.geteuid?.() !== 0)('a socket that this user may not open says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const socketPath = `${folder}/admin`
    const shown = `unix:${socketPath}`
    const client = new AdminClient({
      shown,
      origin: 'http://localhost',
      socketPath,
      pathPrefix: '',
      from: '--admin',
    })
    onTestFinished(() => client.close())
    process.seteuid?.(65_534)
    try {
      await expect(client.get('/')).rejects.toMatchObject({
        exitCode: 69,
        message: `${shown}: this user may not connect to that socket; run the command as root, or as a member of its group`,
      })
    } finally {
      process.seteuid?.(0)
    }
  })

  test('waits and asks again when the gateway limits the rate', async () => {
    const { client, service } = await connect({ json: {} })
    service.route(
      '/limited',
      { status: 429, headers: { 'retry-after': '0.01' }, json: {} },
      { json: { ok: true } },
    )
    expect((await client.get('/limited')).body).toEqual({ ok: true })
    expect(service.requests.length).toBe(2)
  })

  test('gives up after ten times as a temporary failure', async () => {
    const { client, service } = await connect({
      status: 429,
      headers: { 'retry-after': '0.001' },
      json: { detail: 'too many requests' },
    })
    await expect(client.get('/')).rejects.toMatchObject({
      exitCode: 75,
      message: expect.stringContaining('ask more slowly'),
    })
    expect(service.requests.length).toBe(11)
  })
})

describe('networkFailure', () => {
  const cases: [error: unknown, text: string][] = [
    [new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]), 'nobody listens there'],
    [Object.assign(new Error(''), { code: 'ESOMETHING' }), 'ESOMETHING'],
    [Object.assign(new Error('odd\nthing'), { code: 'ESOMETHING' }), 'odd thing'],
    [new Error('no code'), 'no code'],
    ['text', 'text'],
    [new DOMException('late', 'TimeoutError'), 'no answer in time'],
  ]
  for (const [error, text] of cases) {
    test(`says: ${text}`, () => {
      expect(networkFailure(error)).toBe(text)
    })
  }
})
