/**
 * Credentials that change on disk, and who refuses them: a real nginx, servers over TLS, and proxies.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HttpUpstreamSettings, TlsSettings } from '../../../src/upstreams/http-client/settings.ts'
import { openPools, tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'
import { selfSignedPair, type TestPair } from '../../support/programs/certificates.ts'
import { hasNginx, startNginx } from '../../support/programs/nginx.ts'

const t = { onTestFinished }
const known = selfSignedPair()
const unknown = selfSignedPair()
const server = selfSignedPair()

/** As if `known` had been put in the place of `unknown` on disk. */
async function askBeforeAndAfterRenewal(port: number) {
  const settings = (client: TestPair): HttpUpstreamSettings => {
    const tls: TlsSettings = { ca: server.cert, cert: client.cert, key: client.key, serverName: 'test' }
    return upstreamSettings([{ origin: `https://127.0.0.1:${port}` }], { tls })
  }
  const refusals: string[] = []
  const pools = openPools(t, settings(unknown), undefined, (_endpoint, why) => refusals.push(why))
  const endpoint = pools.endpoint(tableSettings(), 0)
  const before = await endpoint.send('a', { timeoutMs: 5000 })
  pools.update(settings(known))
  const after = await endpoint.send('a', { timeoutMs: 5000 })
  return { refusals, before: before.result, after: after.result }
}

describe('a client certificate that was renewed is seen', () => {
  test.each(['TLSv1.3', 'TLSv1.2'] as const)('after a refusal by an alert under %s', async (version) => {
    const service = createTlsServer(
      {
        ...server,
        ca: known.cert,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: version,
        maxVersion: version,
      },
      (socket) => {
        socket.on('error', () => {}) // the client went away
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na'))
      },
    )
    service.listen(0, '127.0.0.1')
    await once(service, 'listening')
    onTestFinished(() => void service.close())
    const { refusals, before, after } = await askBeforeAndAfterRenewal(
      (service.address() as AddressInfo).port,
    )
    expect(before.kind).toBe('temporary')
    expect(refusals).toEqual(['tls'])
    expect(after).toEqual({ kind: 'found', value: 'a' })
  })

  test('after a connection that only closed, as when the alert is lost', async () => {
    const service = createTlsServer({ ...server, requestCert: true, rejectUnauthorized: false }, (socket) => {
      socket.on('error', () => {}) // the client went away
      const isKnown = socket.getPeerX509Certificate()?.toString() === known.cert
      if (isKnown) socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na'))
      else socket.destroy()
    })
    service.listen(0, '127.0.0.1')
    await once(service, 'listening')
    onTestFinished(() => void service.close())
    const { refusals, before, after } = await askBeforeAndAfterRenewal(
      (service.address() as AddressInfo).port,
    )
    expect(before).toMatchObject({
      cause: 'connect',
      reason:
        'the service closed the connection without a reply; it may refuse our certificate (tls.cert), or have crashed',
    })
    expect(refusals).toEqual(['tls'])
    expect(after).toEqual({ kind: 'found', value: 'a' })
  })

  test.skipIf(!hasNginx)('after a refusal by the 400 of nginx', async () => {
    const port = await startNginx(t, (port, folder) => {
      writeFileSync(`${folder}/cert`, server.cert)
      writeFileSync(`${folder}/key`, server.key)
      writeFileSync(`${folder}/clients`, known.cert)
      return `listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/cert; ssl_certificate_key ${folder}/key;
        ssl_client_certificate ${folder}/clients; ssl_verify_client on;
        location / { default_type text/plain; return 200 'a'; }`
    })
    const { refusals, before, after } = await askBeforeAndAfterRenewal(port)
    expect(before).toEqual({
      kind: 'temporary',
      cause: 'connect',
      reason:
        'the service, or a proxy before it, asks for a client certificate that it accepts; look at tls.cert',
    })
    expect(refusals).toEqual(['status'])
    expect(after).toEqual({ kind: 'found', value: 'a' })
  })
})

test('a port for TLS that is asked without it is reported as what it may be', async () => {
  const service = createTcpServer((socket) => {
    socket.on('error', () => {}) // the client went away
    socket.once('data', () => socket.destroy())
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  onTestFinished(() => void service.close())
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const reply = await openPools(t, upstreamSettings([{ origin }]))
    .endpoint(tableSettings(), 0)
    .send('a', { timeoutMs: 5000 })
  expect(reply.result).toMatchObject({
    reason:
      'the service closed the connection without a reply; it may have crashed, or expect TLS (https://)',
  })
})

test('a port for TLS that says so by an alert is reported as that', async () => {
  const service = createTcpServer((socket) => {
    socket.on('error', () => {}) // the client went away
    // Fatal, unexpected_message (RFC 8446 section 6).
    socket.once('data', () => socket.end(Buffer.from('1503030002020a', 'hex')))
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  onTestFinished(() => void service.close())
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const reply = await openPools(t, upstreamSettings([{ origin }]))
    .endpoint(tableSettings(), 0)
    .send('a', { timeoutMs: 5000 })
  expect(reply.result).toMatchObject({
    kind: 'temporary',
    reason: 'the service speaks TLS; write https:// in the endpoint, or the port for http',
  })
})

test.skipIf(!hasNginx)('a port for TLS of a real nginx is told as that', async () => {
  const port = await startNginx(t, (port, folder) => {
    writeFileSync(`${folder}/cert.pem`, server.cert)
    writeFileSync(`${folder}/key.pem`, server.key)
    return `listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`
  })
  const origin = `http://127.0.0.1:${port}`
  const reply = await openPools(t, upstreamSettings([{ origin }]))
    .endpoint(tableSettings(), 0)
    .send('a', { timeoutMs: 5000 })
  expect(reply).toMatchObject({
    status: 400,
    result: {
      kind: 'temporary',
      reason: 'the service speaks TLS; write https:// in the endpoint, or the port for http',
    },
  })
})

/** A forward proxy that refuses everything, and tells with which credentials it was asked. */
async function startRefusingProxy(): Promise<{ server: Server; port: number; seen: string[] }> {
  const seen: string[] = []
  const see = (field: string | undefined): void => {
    seen.push(Buffer.from(field?.split(' ')[1] ?? '', 'base64').toString())
  }
  const proxy = createServer((request, response) => {
    see(request.headers['proxy-authorization'])
    response.writeHead(407, { 'content-length': '0' }).end()
  })
  proxy.on('connect', (request, socket) => {
    see(request.headers['proxy-authorization'])
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  return { server: proxy, port: (proxy.address() as AddressInfo).port, seen }
}

describe.each(['http', 'https'])('a proxy before a service of %s', (scheme) => {
  test.each([
    ['user:secret@', 'user:secret'],
    ['token@', 'token:'],
    ['user:100%25@', 'user:100%'],
    ['user:100%@', 'user:100%'],
    ['user:p%40ss%3Aw%C3%BCrd@', 'user:p@ss:würd'],
    [':secret@', ':secret'],
    ['', ''],
  ])('is given the credentials of %j, and named when it refuses them', async (user, expected) => {
    const { port, seen } = await startRefusingProxy()
    const refusals: string[] = []
    const settings = upstreamSettings([{ origin: `${scheme}://directory.example` }], {
      proxy: `http://${user}127.0.0.1:${port}`,
    })
    const pools = openPools(t, settings, undefined, (_endpoint, why) => refusals.push(why))
    const { result } = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: 5000 })
    expect(seen).toEqual([expected])
    expect(result).toMatchObject({
      reason: 'the proxy refuses our credentials (407); look at the user and password in proxy',
    })
    expect(refusals).toEqual(['status'])
  })
})
