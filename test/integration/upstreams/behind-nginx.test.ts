/**
 * What a real nginx makes of keys before the service sees them, in both spellings of `proxy_pass`:
 * without a URI it passes the path on as it came, with one it decodes `%2F` and resolves `..`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { openPools, requestSettings, tableSettings, upstreamSettings } from '../../support/http-endpoint.ts'
import { startHttpService } from '../../support/http-service.ts'

const t = { onTestFinished }
const hasNginx = spawnSync('nginx', ['-v']).status === 0

/** nginx in front of a service; returns its origin. */
async function startNginx(serviceOrigin: string, proxyPass: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'mapgate-nginx-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(' ')
  writeFileSync(
    join(directory, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${directory}/pid; error_log stderr error;
     events { worker_connections 64; }
     http { access_log off; ${temporary}
       server { listen 127.0.0.1:${port}; location /v1/ { proxy_pass ${serviceOrigin}${proxyPass}; } } }`,
  )
  const nginx = spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'], {
    stdio: 'ignore',
  })
  onTestFinished(async () => {
    if (nginx.exitCode === null) {
      nginx.kill('SIGKILL')
      await once(nginx, 'exit')
    }
    rmSync(directory, { recursive: true })
  })
  await accepting(port)
  return `http://127.0.0.1:${port}`
}

async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
  }
}

const HOSTILE = [
  '../../internal/export',
  '..\\..\\internal\\export',
  '%2e%2e/%2e%2e/internal/export',
  '..%2f..%2finternal%2fexport',
  '..;/..;/internal/export',
  'a/./b@c.example',
]

describe.skipIf(!hasNginx).each([
  ['without a URI', ''],
  ['with a URI', '/v1/'],
])('behind nginx, proxy_pass %s', (_spelling, proxyPass) => {
  const open = async () => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'secret' }
    const origin = await startNginx(service.origin, proxyPass)
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
        'the key has "." or ".." as a part of its path, which a proxy may resolve to another path',
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
      'ü@c.example',
    ]) {
      expect((await endpoint.send(key, { timeoutMs: 5000 })).result).toEqual({
        kind: 'found',
        value: 'secret',
      })
    }
    expect(service.requests).toHaveLength(5)
    for (const { url } of service.requests) expect(url.startsWith('/v1/aliases/')).toBe(true)
  })
})
