/**
 * The ways to an endpoint: TLS with our own authority and client certificates, unix sockets,
 * proxies, and connections that are replaced when they are old.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest'
import type { Reply as Outcome } from '../../../src/core/upstream.ts'
import type { HttpUpstreamSettings, TlsSettings } from '../../../src/upstreams/http/settings.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { openPools, tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

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
      assert.equal(run.status, 0, run.stderr)
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
    assert.equal(pools.certificateExpiresAtMs(0), undefined)
    const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    assert.deepEqual(reply.result, { kind: 'found', value: 'x' })
    const daysLeft = ((pools.certificateExpiresAtMs(0) ?? 0) - Date.now()) / 86_400_000
    assert.ok(daysLeft > 1.9 && daysLeft < 2.1, `${daysLeft} days`)
  })

  test('with an authority nobody knows is not trusted', async () => {
    const reply = await askOnce((await secure('server')).origin)
    assert.equal(summary(reply), 'temporary connect not-sent')
    assert.match(reasonOf(reply), /^TLS with the service failed: [A-Z_]+$/)
  })

  test('is not trusted either when a variable of Node.js says that anybody is', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    onTestFinished(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    })
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const reply = await askOnce((await secure('server')).origin)
    assert.equal(summary(reply), 'temporary connect not-sent')
  })

  test('with a certificate for another name is not trusted, unless that name is expected', async () => {
    const { origin } = await secure('other')
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const reply = await askOnce(origin, { tls })
    assert.equal(summary(reply), 'temporary connect not-sent')
    assert.match(reasonOf(reply), /ERR_TLS_CERT_ALTNAME_INVALID/)
    const expected = await askOnce(origin, { tls: { ...tls, serverName: 'dir1.example' } })
    assert.equal(summary(expected), 'found')
  })

  test('a Host header of our own does not change the name that is expected', async () => {
    const { origin } = await secure('server')
    const headers = new Map([['host', 'dir1.example']])
    const reply = await askOnce(origin, { tls: { ...NO_TLS, ca: pem('ca.pem') }, headers })
    assert.equal(summary(reply), 'found')
  })

  test('shows a client certificate where there is one', async () => {
    const { origin } = await secure('server', true)
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const without = await askOnce(origin, { tls })
    assert.equal(without.result.kind, 'temporary')
    const withOne = await askOnce(origin, {
      tls: { ...tls, cert: pem('client.pem'), key: pem('client.key') },
    })
    assert.equal(summary(withOne), 'found')
  })

  test('with a client certificate that is none is temporary, and says so', async () => {
    const reply = await askOnce('https://127.0.0.1:1', { tls: { ...NO_TLS, cert: 'x', key: 'x' } })
    assert.equal(summary(reply), 'temporary connect not-sent')
    assert.match(reasonOf(reply), /ERR_OSSL_PEM_NO_START_LINE/)
  })

  test('goes through a proxy by CONNECT, and its certificate is checked behind it', async () => {
    const proxy = await startProxy()
    const { origin } = await secure('server')
    const tls = { ...NO_TLS, ca: pem('ca.pem') }
    const settings = upstreamSettings([{ origin }], { tls, proxy: proxy.url })
    const pools = openPools(t, settings)
    const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    assert.equal(summary(reply), 'found')
    assert.deepEqual(proxy.seen, [`CONNECT ${origin.slice('https://'.length)} Basic dXNlcjpwYXNz`])
    assert.ok(pools.certificateExpiresAtMs(0) !== undefined)
    assert.equal(summary(await askOnce(origin, { proxy: proxy.url })), 'temporary connect not-sent')
  })

  test('is temporary when the proxy does not open a tunnel', async () => {
    const proxy = await startProxy()
    proxy.refuses = true
    const reply = await askOnce('https://127.0.0.1:1', { proxy: proxy.url })
    assert.equal(summary(reply), 'temporary connect not-sent')
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
  assert.equal(summary(reply), 'found')
  assert.deepEqual(
    service.requests.map(({ url, headers }) => [url, headers.host]),
    [['/v1/aliases/a', 'localhost']],
  )
})

test('http goes through a proxy as a whole URL, with the credentials of the proxy', async () => {
  const proxy = await startProxy()
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  assert.equal(summary(await askOnce(service.origin, { proxy: proxy.url })), 'found')
  assert.deepEqual(proxy.seen, [`GET ${service.origin}/aliases/a Basic dXNlcjpwYXNz`])
  assert.equal(service.requests[0]?.url, '/aliases/a')
  assert.equal(service.requests[0]?.headers.host, `127.0.0.1:${service.port}`)
})

test('a field of the request takes the place of the one for the proxy, and goes out once', async () => {
  const proxy = await startProxy()
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  const headers = new Map([['Proxy-Authorization', 'Bearer own']])
  assert.equal(summary(await askOnce(service.origin, { proxy: proxy.url, headers })), 'found')
  assert.deepEqual(proxy.seen, [`GET ${service.origin}/aliases/a Bearer own`])
})

test('a proxy that refuses our credentials is not taken for an answer', async () => {
  const proxy = await startProxy()
  proxy.refuses = true
  assert.equal(summary(await askOnce('http://127.0.0.1:1', { proxy: proxy.url })), 'permanent refused none')
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
      assert.equal(service.connections, connections)
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
    assert.deepEqual((await ask()).result, { kind: 'found', value: 'x' })
    assert.equal(service.open, 2)
    letGo()
    assert.deepEqual((await slow).result, { kind: 'found', value: 'slow' })
    await service.closed(1)
    assert.equal(service.open, 1)
  })
})

describe('changed settings', () => {
  test('of header fields are used from the next request on, over the same connection', async () => {
    const { service, settings, pools, ask } = await updatable()
    await ask()
    pools.update({ ...settings, headers: new Map([['authorization', 'Bearer new']]) })
    await ask()
    assert.deepEqual(
      service.requests.map(({ headers }) => headers.authorization),
      ['Bearer old', 'Bearer new'],
    )
    assert.equal(service.connections, 1)
  })

  test('of the connection make a new one', async () => {
    const { service, settings, pools, ask } = await updatable()
    await ask()
    pools.update({ ...settings, tls: { ...NO_TLS, serverName: 'b.example' } })
    await ask()
    assert.equal(service.connections, 2)
  })

  test('with other endpoints do not fit', async () => {
    const { settings, pools } = await updatable()
    assert.equal(pools.fits({ ...settings }), true)
    const moved = { ...settings, endpoints: [...settings.endpoints, ...settings.endpoints] }
    assert.equal(pools.fits(moved), false)
    assert.throws(() => pools.update(moved), /other endpoints/)
  })

  test('leave a closed upstream able to answer what had begun before', async () => {
    const { service, pools, ask } = await updatable()
    await ask()
    await pools.close()
    await service.closed(1)
    const startedMs = performance.now()
    assert.equal((await ask()).result.kind, 'found')
    await service.closed(2)
    assert.ok(performance.now() - startedMs < 2000, 'sooner than an idle connection would be closed')
    assert.equal(service.open, 0)
  })

  async function updatable() {
    const service = await startHttpService(t)
    service.otherwise = { text: 'x' }
    const headers = new Map([['authorization', 'Bearer old']])
    const settings = upstreamSettings([{ origin: service.origin }], { headers })
    const pools = openPools(t, settings)
    assert.equal(pools.endpoint(tableSettings(), 0).name, '0:dir1.example')
    assert.throws(() => pools.endpoint(tableSettings(), 1), RangeError)
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

function reasonOf({ result }: Outcome): string {
  return result.kind === 'temporary' ? result.reason : ''
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
    assert.equal(summary(reply), 'found')
    assert.equal(service.requests[0]?.headers.host, 'directory.example:8080')
  }
})
