/**
 * Tables that Postfix writes, of several gateways over one real Redis: what one was told the others know, and what happens while it
 * is not there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { purge } from '../../../src/commands/purge/purge.ts'
import { store } from '../../../src/commands/store/store.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { lookup, sequence, TextClient, update } from '../../support/wire/text-client.ts'
import { until } from './shared-gateways.ts'

function folder(t: Cleanup): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  t.onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function yaml(path: string, url: string, keys = ''): string {
  return `
listeners:
  - { protocol: proxymap, listen: "unix:${path}/proxymap", write: [verify], greeting: never }
  - { protocol: memcache, listen: "unix:${path}/memcache" }
shared: { url: "${url}", timeout: 1s }
upstreams: { learned: { store: { ${keys} } } }
tables: { verify: { upstream: learned } }
admin: { listen: "unix:${path}/admin", anonymous: operator }
`
}

interface Host {
  readonly gateway: TestGateway
  readonly path: string
  readonly proxymap: (request: string) => Promise<string>
  readonly memcache: (request: string, end?: string) => Promise<string>
}

async function start(t: Cleanup, url: string, keys = ''): Promise<Host> {
  const path = folder(t)
  const gateway = await startGateway(t, yaml(path, url, keys))
  const proxymap = await TextClient.to(`${path}/proxymap`)
  const memcache = await TextClient.to(`${path}/memcache`)
  return {
    gateway,
    path,
    proxymap: (request) => proxymap.ask(request, '||'),
    memcache: (request, end = '\r\n') => memcache.ask(request, end),
  }
}

const isUp = ({ gateway }: Host) => gateway.gateway.status().shared?.state === 'up'

/** The keys of a scan as a client of proxymap does it. */
async function scanned(
  { proxymap }: Host,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const keys: string[] = []
  for (let order = 0; ; order = 1) {
    const reply = await proxymap(sequence(order))
    const key = /^status\|0\|key\|([^|]+)\|/.exec(reply)?.[1]
    if (key === undefined) {
      expect(reply).toBe('status|1|key||value|||')
      return keys
    }
    keys.push(key)
    await between()
  }
}

describe.skipIf(missingRedis() !== undefined)('tables that Postfix writes, of several gateways', () => {
  test('what one is told the others know, at once and after a start', { timeout: 30_000 }, async (t) => {
    const redis = await startRedis(t)
    const [a, b] = [await start(t, redis.url), await start(t, redis.url)]
    // The first request may come before the connection is there.
    expect(await a.proxymap(update('Ann@a.example', '0:1:2:fine'))).toBe('status|0||')
    expect(await b.memcache('get verify/Ann@a.example\r\n', 'END\r\n')).toContain('0:1:2:fine')
    expect(await b.memcache('set verify/bob@b.example 0 3600 2\r\nok\r\n')).toBe('STORED\r\n')
    expect(await a.proxymap(lookup('bob@b.example'))).toBe('status|0|value|ok||')
    expect(await a.proxymap(lookup('BOB@b.example'))).toBe('status|1|value|||')
    const c = await start(t, redis.url)
    expect(await scanned(c)).toEqual(['Ann@a.example', 'bob@b.example'])
    expect(await c.memcache('delete verify/Ann@a.example\r\n')).toBe('DELETED\r\n')
    expect(await a.memcache('delete verify/Ann@a.example\r\n')).toBe('NOT_FOUND\r\n')
    expect(await a.proxymap(lookup('Ann@a.example'))).toBe('status|1|value|||')
    await expect.poll(() => b.gateway.gateway.status().upstreams).toMatchObject([{ store: { entries: 1 } }])
  })

  test('an operator purges, exports and imports at any of them', { timeout: 30_000 }, async (t) => {
    const redis = await startRedis(t)
    const [a, b] = [await start(t, redis.url), await start(t, redis.url)]
    for (const key of ['ann@a.example', 'bob@b.example', 'carl@a.example']) await a.proxymap(update(key, 'v'))
    const optionsOf = ({ path }: Host) => ({ admin: `unix:${path}/admin` })
    const exportAll = async (host: Host) => {
      const io = recordIo()
      await store('export', 'verify', optionsOf(host), io)
      return io.out()
    }
    const exported = await exportAll(a)
    expect(exported.match(/"key":"[^"]*"/g)).toHaveLength(3)
    const io = recordIo()
    expect(await purge('verify', '@a.example', optionsOf(b), io)).toBe(0)
    expect(io.out()).toBe('verify: 2 entries removed\n')
    expect(await scanned(a)).toEqual(['bob@b.example'])
    expect(await store('import', 'verify', optionsOf(b), recordIo({ stdin: [exported] }))).toBe(0)
    expect(await exportAll(a)).toBe(exported)
  })

  test('a scan comes to its end while another gateway writes, and misses nothing that stays', {
    timeout: 60_000,
  }, async (t) => {
    const redis = await startRedis(t)
    const [a, b] = [await start(t, redis.url), await start(t, redis.url)]
    const key = (n: number) => `user${String(n).padStart(3, '0')}@x.example`
    for (let n = 0; n < 120; n++) await a.proxymap(update(key(n), 'v'))
    let n = 0
    const seen = await scanned(a, async () => {
      // Of every three keys one is deleted, sooner or later than the scan comes to it; and others come.
      if (n < 40) {
        await b.memcache(`delete verify/${key(117 - 3 * n)}\r\n`)
        await b.memcache(`set verify/between${n} 0 0 1\r\nv\r\n`)
      }
      n++
    })
    const stay = Array.from({ length: 120 }, (_, n) => n).filter((n) => n % 3 !== 0)
    expect(seen).toEqual(expect.arrayContaining(stay.map(key)))
    expect(new Set(seen).size).toBe(seen.length)
    expect(await scanned(b)).toHaveLength(120)
  })

  test('while the shared store is away nobody is told "not found", and then all is there', {
    timeout: 60_000,
  }, async (t) => {
    const redis = await startRedis(t, ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', folder(t)])
    const [a, b] = [await start(t, redis.url), await start(t, redis.url)]
    await a.proxymap(update('a', '1'))
    await redis.kill()
    await until(() => !isUp(a) && !isUp(b))
    for (const host of [a, b]) {
      expect(await host.proxymap(lookup('a'))).toBe('status|2|value|||')
      expect(await host.proxymap(lookup('nobody'))).toBe('status|2|value|||')
      expect(await host.proxymap(update('a', '2'))).toBe('status|2||')
      expect(await host.proxymap(sequence(0))).toBe('status|2|key||value|||')
      expect(await host.memcache('get verify/nobody\r\n')).toMatch(
        /^SERVER_ERROR store learned: .* shared store/,
      )
    }
    await redis.start()
    await until(() => isUp(a) && isUp(b))
    await until(async () => (await b.proxymap(lookup('a'))) === 'status|0|value|1||')
    expect(await a.proxymap(update('a', '2'))).toBe('status|0||')
    expect(await b.proxymap(lookup('a'))).toBe('status|0|value|2||')
    expect(a.gateway.log().filter(({ event }) => event === 'store')).toHaveLength(1)
  })

  test('one that hangs costs a second once, and others nothing', { timeout: 60_000 }, async (t) => {
    const redis = await startRedis(t)
    const a = await start(t, redis.url)
    await a.proxymap(update('a', '1'))
    redis.pause()
    t.onTestFinished(() => redis.resume())
    const startMs = performance.now()
    expect(await a.proxymap(lookup('a'))).toBe('status|2|value|||')
    expect(performance.now() - startMs).toBeGreaterThan(900)
    const nextMs = performance.now()
    expect(await a.proxymap(lookup('a'))).toBe('status|2|value|||')
    expect(performance.now() - nextMs).toBeLessThan(250)
    redis.resume()
    await until(async () => (await a.proxymap(lookup('a'))) === 'status|0|value|1||')
  })

  test('a table may stay on one machine, and moves by a reload', { timeout: 30_000 }, async (t) => {
    const redis = await startRedis(t)
    const [a, b] = [
      await start(t, redis.url, `shared: false, directory: "${folder(t)}/store"`),
      await start(t, redis.url),
    ]
    await a.proxymap(update('a', 'here'))
    expect(await b.proxymap(lookup('a'))).toBe('status|1|value|||')
    await b.proxymap(update('a', 'there'))
    const local = a.gateway.read()
    a.gateway.write(yaml(a.path, redis.url))
    expect(await a.gateway.gateway.reload()).toMatchObject({ ok: true })
    expect(await a.proxymap(lookup('a'))).toBe('status|0|value|there||')
    a.gateway.write(local)
    expect(await a.gateway.gateway.reload()).toMatchObject({ ok: true })
    expect(await a.proxymap(lookup('a'))).toBe('status|0|value|here||')
    // Another address of the same store.
    b.gateway.write(b.gateway.read().replace('timeout: 1s', 'timeout: 500ms'))
    expect(await b.gateway.gateway.reload()).toMatchObject({ ok: true })
    expect(await b.proxymap(lookup('a'))).toBe('status|0|value|there||')
  })
})
