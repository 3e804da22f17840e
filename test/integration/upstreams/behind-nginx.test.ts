/**
 * What a real nginx makes of keys before the service sees them, in both spellings of `proxy_pass`:
 * without a URI it passes the path on as it came, with one it decodes `%2F` and resolves `..`.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  openPools,
  requestSettings,
  tableSettings,
  upstreamSettings,
} from '../../support/http/http-endpoint.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { hasNginx, startNginx } from '../../support/programs/nginx.ts'

const t = { onTestFinished }

const HOSTILE = [
  '../../internal/export',
  '..\\..\\internal\\export',
  '%2e%2e/%2e%2e/internal/export',
  '..%2f..%2finternal%2fexport',
  '..;/..;/internal/export',
  'a/./b@c.example',
  '..?x',
  '..#x',
  'x/..?y=z',
  '..%3fx',
  '.. x',
  '..\u200b/x',
  '%u002e%u002e/internal/export',
  '?x',
  '?x@c.example',
  '#x',
  '/',
  '//',
]

describe.skipIf(!hasNginx).each([
  ['without a URI', '', ['ü@c.example']],
  ['with a URI', '/v1/', ['ü@c.example']],
  // Sends a path that is no ASCII, which Node.js refuses.
  ['with the decoded URI', '$uri', []],
])('behind nginx, proxy_pass %s', (_spelling, proxyPass, others) => {
  const open = async () => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'secret' }
    const port = await startNginx(
      t,
      (port) => `listen 127.0.0.1:${port}; location /v1/ { proxy_pass ${service.origin}${proxyPass}; }`,
    )
    const origin = `http://127.0.0.1:${port}`
    const pools = openPools(t, upstreamSettings([{ origin, pathPrefix: '/v1' }]))
    const endpoint = pools.endpoint(
      tableSettings({ request: requestSettings({ path: '/aliases/{key}' }) }),
      0,
    )
    return { service, endpoint }
  }

  test('no key reads another route of the service', async () => {
    const { service, endpoint } = await open()
    for (const key of HOSTILE) {
      const { result, suppressed } = await endpoint.send(key, { timeoutMs: 5000 })
      expect([result.kind, suppressed]).toEqual([
        'notfound',
        'the key has a part that a proxy may read as another path: ".", "..", or no name at all',
      ])
    }
    expect(service.requests).toEqual([])
  })

  test('no key without a local part reads a route below another key', async () => {
    const { service, endpoint } = await open()
    for (const key of [
      'x/members',
      'x\\members',
      'x%2fmembers',
      'a.example/members',
      'b@a.example/members',
    ]) {
      const { result, suppressed } = await endpoint.send(key, { timeoutMs: 5000 })
      expect([result.kind, suppressed]).toEqual([
        'notfound',
        'the key has a "/" or "\\" outside of a local part, which a proxy may read as another path',
      ])
    }
    expect(service.requests).toEqual([])
  })

  test('ordinary keys stay below their route', async () => {
    const { service, endpoint } = await open()
    for (const key of [
      'info@a.example',
      'a/b@c.example',
      '/s=doe/@c.example',
      'a..b@c.example',
      '#room@c.example',
      ...others,
    ]) {
      expect((await endpoint.send(key, { timeoutMs: 5000 })).result).toEqual({
        kind: 'found',
        value: 'secret',
      })
    }
    expect(service.requests).toHaveLength(5 + others.length)
    for (const { url } of service.requests) expect(url.startsWith('/v1/aliases/')).toBe(true)
  })
})
