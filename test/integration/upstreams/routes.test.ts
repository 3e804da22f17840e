/**
 * The ways to an endpoint: TLS with our own authority and client certificates, unix sockets,
 * proxies, and connections that are replaced when they are old.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Reply as Outcome } from '../../../src/core/upstream.ts'
import type { HttpUpstreamSettings, TlsSettings } from '../../../src/upstreams/http-client/settings.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { openPools, tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'
import { reasonOf } from './failures-set-up.ts'

const t = { onTestFinished }
const NO_TLS: TlsSettings = { ca: undefined, cert: undefined, key: undefined, serverName: undefined }

function askOnce(origin: string, changes: Partial<HttpUpstreamSettings> = {}): Promise<Outcome> {
  const pools = openPools(t, upstreamSettings([{ origin }], changes))
  return pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)('https', () => {
  let folder = ''
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mapgate-tls-'))
    const openssl = (...args: string[]): void => {
      const run = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
      expect(run.status, run.stderr).toBe(0)
    }
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=ca.example',
      '-days',
      '2',
    )
    for (const [name, extension] of [
      ['server', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ['other', 'subjectAltName=DNS:dir1.example'],
      ['client', 'extendedKeyUsage=clientAuth'],
    ] as const) {
      writeFileSync(join(folder, `${name}.ext`), extension)
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}.example`)
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '2',
        '-extfile',
        `${name}.ext`,
      )
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function secure(name: string, needsClient = false): Promise<HttpService> {
    const tls = { cert: pem(`${name}.pem`), key: pem(`${name}.key`) }
    const client = needsClient ? { ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true } : {}
    const service = await startHttpService(t, { tls: { ...tls, ...client } })
    service.otherwise = { text: 'x' }
    return service
  }

  test('with an authority of our own is asked, and its certificate has an end', async () => {
    const service = await secure('server')
    const settings = upstreamSettings([{ origin: service.origin }], { tls: { ...NO_TLS, ca: pem('ca.pem') } })
    const pools = openPools(t, settings)
    expect(pools.certificateExpiresAtMs(0)).toBeUndefined()
    const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    expect(reply.result).toStrictEqual({ kind: 'found', value: 'x' })
    const daysLeft = ((pools.certificateExpiresAtMs(0) ?? 0) - Date.now()) / 86_400_000
    expect(daysLeft).toBeGreaterThan(1.9)
    expect(daysLeft).toBeLessThan(2.1)
  })

  test('with an authority nobody knows is not trusted', async () => {
    const reply = await askOnce((await secure('server')).origin)
    expect(summary(reply)).toBe('temporary connect not-sent')
    expect(reasonOf(reply)).toMatch(/^TLS with the service failed: [A-Z_]+$/)
  })

  test('is not trusted either when a variable of Node.js says that anybody is', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    onTestFinished(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    })
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const reply = await askOnce((await secure('server')).origin)
    expect(summary(reply)).toBe('temporary connect not-sent')
  })

  test('with a certificate for another name is not trusted, unless that name is expected', async () => {
    const { origin } = await secure('other')
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const reply = await askOnce(origin, { tls })
    expect(summary(reply)).toBe('temporary connect not-sent')
    expect(reasonOf(reply)).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/)
    const expected = await askOnce(origin, { tls: { ...tls, serverName: 'dir1.example' } })
    expect(summary(expected)).toBe('found')
  })

  test('a Host header of our own does not change the name that is expected', async () => {
    const { origin } = await secure('server')
    const headers = new Map([['host', 'dir1.example']])
    const reply = await askOnce(origin, { tls: { ...NO_TLS, ca: pem('ca.pem') }, headers })
    expect(summary(reply)).toBe('found')
  })

  test('shows a client certificate where there is one', async () => {
    const { origin } = await secure('server', true)
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const without = await askOnce(origin, { tls })
    expect(without.result.kind).toBe('temporary')
    const withOne = await askOnce(origin, {
      tls: { ...tls, cert: pem('client.pem'), key: pem('client.key') },
    })
    expect(summary(withOne)).toBe('found')
  })

  test('with a client certificate that is none is temporary, and says so', async () => {
    const reply = await askOnce('https://127.0.0.1:1', { tls: { ...NO_TLS, cert: 'x', key: 'x' } })
    expect(summary(reply)).toBe('temporary connect not-sent')
    expect(reasonOf(reply)).toMatch(/ERR_OSSL_PEM_NO_START_LINE/)
  })

  test('goes through a proxy by CONNECT, and its certificate is checked behind it', async () => {
    const proxy = await startProxy()
    const { origin } = await secure('server')
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const settings = upstreamSettings([{ origin }], { tls, proxy: proxy.url })
    const pools = openPools(t, settings)
    const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    expect(summary(reply)).toBe('found')
    expect(proxy.seen).toStrictEqual([`CONNECT ${origin.slice('https://'.length)} Basic dXNlcjpwYXNz`])
    expect(pools.certificateExpiresAtMs(0)).toBeDefined()
    expect(summary(await askOnce(origin, { proxy: proxy.url }))).toBe('temporary connect not-sent')
  })

  test('is temporary when the proxy does not open a tunnel', async () => {
    const proxy = await startProxy()
    proxy.refuses = true
    const reply = await askOnce('https://127.0.0.1:1', { proxy: proxy.url })
    expect(summary(reply)).toBe('temporary connect not-sent')
  })
})

test('a unix socket is asked like any other endpoint, and goes through no proxy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-unix-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const socketPath = join(folder, 'service.sock')
  const service = await startHttpService(t, { socketPath })
  service.otherwise = { text: 'x' }
  const endpoint = { socketPath, pathPrefix: '/v1' }
  const pools = openPools(t, upstreamSettings([endpoint], { proxy: 'http://127.0.0.1:1' }))
  const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
  expect(summary(reply)).toBe('found')
  expect(service.requests.map(({ url, headers }) => [url, headers.host])).toStrictEqual([
    ['/v1/aliases/a', 'localhost'],
  ])
})

test('http goes through a proxy as a whole URL, with the credentials of the proxy', async () => {
  const proxy = await startProxy()
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  expect(summary(await askOnce(service.origin, { proxy: proxy.url }))).toBe('found')
  expect(proxy.seen).toStrictEqual([`GET ${service.origin}/aliases/a Basic dXNlcjpwYXNz`])
  expect(service.requests[0]?.url).toBe('/aliases/a')
  expect(service.requests[0]?.headers.host).toBe(`127.0.0.1:${service.port}`)
})

test('a field of the request takes the place of the one for the proxy, and goes out once', async () => {
  const proxy = await startProxy()
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  const headers = new Map([['Proxy-Authorization', 'Bearer own']])
  expect(summary(await askOnce(service.origin, { proxy: proxy.url, headers }))).toBe('found')
  expect(proxy.seen).toStrictEqual([`GET ${service.origin}/aliases/a Bearer own`])
})

test('a proxy that refuses our credentials is not taken for an answer', async () => {
  const proxy = await startProxy()
  proxy.refuses = true
  expect(summary(await askOnce('http://127.0.0.1:1', { proxy: proxy.url }))).toBe('temporary connect any')
})

describe('the age of connections', () => {
  async function aging(): Promise<{ service: HttpService; clock: ManualClock; ask: () => Promise<Outcome> }> {
    const service = await startHttpService(t)
    service.otherwise = { text: 'x' }
    const clock = new ManualClock()
    const settings = upstreamSettings([{ origin: service.origin }], { maxConnectionAgeMs: 300_000 })
    const endpoint = openPools(t, settings, clock).endpoint(tableSettings(), 0)
    const ask = async (): Promise<Outcome> => {
      const reply = await endpoint.send('a', { timeoutMs: 600_000 })
      await settle()
      return reply
    }
    return { service, clock, ask }
  }

  for (const [ms, connections] of [
    [299_999, 1],
    [300_000, 2],
  ] as const) {
    test(`after ${ms} ms a request uses connection ${connections}`, async () => {
      const { service, clock, ask } = await aging()
      await ask()
      clock.advance(ms)
      await ask()
      expect(service.connections).toBe(connections)
    })
  }

  test('does not end a request that is under way, and the old connection closes behind it', async () => {
    const { service, clock, ask } = await aging()
    let letGo = (): void => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    service.route('/aliases/a', { text: 'slow', after: held }, { text: 'x' })
    const slow = ask()
    await service.received(1)
    clock.advance(300_000)
    expect((await ask()).result).toStrictEqual({ kind: 'found', value: 'x' })
    expect(service.open).toBe(2)
    letGo()
    expect((await slow).result).toStrictEqual({ kind: 'found', value: 'slow' })
    await service.closed(1)
    expect(service.open).toBe(1)
  })
})

describe('changed settings', () => {
  test('of header fields are used from the next request on, over the same connection', async () => {
    const { service, settings, pools, ask } = await updatable()
    await ask()
    pools.update({ ...settings, headers: new Map([['authorization', 'Bearer new']]) })
    await ask()
    expect(service.requests.map(({ headers }) => headers.authorization)).toStrictEqual([
      'Bearer old',
      'Bearer new',
    ])
    expect(service.connections).toBe(1)
  })

  test('of the connection make a new one', async () => {
    const { service, settings, pools, ask } = await updatable()
    await ask()
    pools.update({ ...settings, tls: { ...NO_TLS, serverName: 'b.example' } })
    await ask()
    expect(service.connections).toBe(2)
  })

  test('with other endpoints do not fit', async () => {
    const { settings, pools } = await updatable()
    expect(pools.fits({ ...settings })).toBe(true)
    const moved = { ...settings, endpoints: [...settings.endpoints, ...settings.endpoints] }
    expect(pools.fits(moved)).toBe(false)
    expect(() => pools.update(moved)).toThrow(/other endpoints/)
  })

  test('leave a closed upstream able to answer what had begun before', async () => {
    const { service, pools, ask } = await updatable()
    await ask()
    await pools.close()
    await service.closed(1)
    const startedMs = performance.now()
    expect((await ask()).result.kind).toBe('found')
    await service.closed(2)
    expect(performance.now() - startedMs, 'sooner than an idle connection would be closed').toBeLessThan(2000)
    expect(service.open).toBe(0)
  })

  async function updatable() {
    const service = await startHttpService(t)
    service.otherwise = { text: 'x' }
    const headers = new Map([['authorization', 'Bearer old']])
    const settings = upstreamSettings([{ origin: service.origin }], { headers })
    const pools = openPools(t, settings)
    expect(pools.endpoint(tableSettings(), 0).name).toBe('0:dir1.example')
    expect(() => pools.endpoint(tableSettings(), 1)).toThrow(RangeError)
    const endpoint = pools.endpoint(tableSettings(), 0)
    const ask = async (): Promise<Outcome> => {
      const reply = await endpoint.send('a', { timeoutMs: 5000 })
      await settle()
      return reply
    }
    return { service, settings, pools, ask }
  }
})

/** A forward proxy: CONNECT, and whole URLs. */
async function startProxy(): Promise<{ url: string; seen: string[]; refuses: boolean }> {
  const server = createServer((request, response) => {
    proxy.seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`)
    if (proxy.refuses) {
      response.writeHead(407).end()
      return
    }
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = httpRequest(request.url ?? '', { method: request.method ?? 'GET', headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(response)
    })
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    proxy.seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`)
    socket.on('error', () => {})
    if (proxy.refuses) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const [host, port] = (request.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const proxy = {
    url: `http://user:pass@127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [] as string[],
    refuses: false,
  }
  return proxy
}

function summary({ result, retry }: Outcome): string {
  const cause = result.kind === 'temporary' || result.kind === 'permanent' ? ` ${result.cause} ${retry}` : ''
  return `${result.kind}${cause}`
}

test('a host of its own is sent to every kind of endpoint, and the certificate keeps its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-host-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const socketPath = join(folder, 'http')
  const { cert, key } = selfSignedPair()
  const unix = await startHttpService(t, { socketPath })
  const tcp = await startHttpService(t)
  const secure = await startHttpService(t, { tls: { cert, key } })
  const tls = { ca: cert, cert: undefined, key: undefined, serverName: 'test' }
  for (const [service, endpoint] of [
    [unix, { socketPath }],
    [tcp, { origin: tcp.origin }],
    [secure, { origin: secure.origin }],
  ] as const) {
    service.otherwise = { text: 'x' }
    const settings = upstreamSettings([endpoint], { host: 'directory.example:8080', tls })
    const reply = await openPools(t, settings).endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    expect(summary(reply)).toBe('found')
    expect(service.requests[0]?.headers.host).toBe('directory.example:8080')
  }
})
