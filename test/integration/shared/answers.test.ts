/**
 * Gateways that share what they learn, over a real Redis: who is asked, who is believed, what a failure costs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { startShared, until } from './shared-gateways.ts'

describe.skipIf(missingRedis() !== undefined)('gateways that share', () => {
  test('one of them refreshes an answer ahead of need', { timeout: 30_000 }, async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    // Held, so that all of them want to while the first does.
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = () => ({ text: 'there', after: service.requests.length === 1 ? delay(0) : held })
    const settings = {
      origin: service.origin,
      url: redis.url,
      table: 'cache: { ttl: 2s, jitter: 0, staleWhileRevalidate: 1h }',
    }
    const clients = [
      await startShared(t, settings),
      await startShared(t, settings),
      await startShared(t, settings),
    ].map((gateway) => gateway.socketmap())
    const ask = async () => {
      for (const client of clients) expect((await client.lookup('aliases', 'a')).kind).toBe('found')
    }
    await ask()
    await until(() => redis.command('KEYS', '*:a') !== '')
    await ask()
    expect(service.requests.length).toBe(1)
    await delay(2100)
    await ask()
    await until(() => service.requests.length > 1)
    // Time for the others to ask, and not enough for the one that is held to be late: then its key would be asked once more, as a
    // question whose answer is known.
    await delay(50)
    expect(service.requests.length).toBe(2)
    release()
  })

  test('a "not found" that no canary vouches for is believed by no gateway with one', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    const world = { isBroken: true }
    service.otherwise = () => (world.isBroken ? { status: 404 } : { text: 'there' })
    const canary = 'canary: { key: canary@x.example, every: 1s, maxAge: 0ms }'
    const lookup = async (table: string, key = 'a@x.example') => {
      const gateway = await startShared(t, { origin: service.origin, url: redis.url, table })
      const answer = await gateway.socketmap().lookup('aliases', key)
      await until(() => gateway.gateway.status().shared?.queuedWrites === 0)
      return answer
    }
    // The service has lost everything. A gateway that would notice says so, and stores nothing.
    expect(await lookup(canary)).toMatchObject({ kind: 'temporary' })
    expect(redis.command('KEYS', '*a@x.example')).toBe('')
    // One that cannot notice does, and others of its kind believe it.
    expect(await lookup('')).toEqual({ kind: 'notfound' })
    await until(() => redis.command('KEYS', '*:a@x.example') !== '')
    world.isBroken = false
    expect(await lookup('')).toEqual({ kind: 'notfound' })
    expect(await lookup(canary)).toEqual({ kind: 'found', value: 'there' })
    // What a canary does vouch for is believed.
    let isGone = true
    service.otherwise = ({ url }) => (url.includes('gone') && isGone ? { status: 404 } : { text: 'there' })
    expect(await lookup(canary, 'gone@x.example')).toEqual({ kind: 'notfound' })
    await until(() => redis.command('KEYS', '*:gone@x.example') !== '')
    isGone = false
    expect(await lookup(canary, 'gone@x.example')).toEqual({ kind: 'notfound' })
  })

  test('a "not found" is over when negativeTtl has passed since the service gave it', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    service.route('/a', { status: 404 }, { text: 'created' })
    const table = 'cache: { negativeTtl: 3s, jitter: 0, staleIfError: 0ms }'
    const settings = { origin: service.origin, url: redis.url, table }
    const one = (await startShared(t, settings)).socketmap()
    const two = (await startShared(t, settings)).socketmap()
    const startMs = performance.now()
    expect(await one.lookup('aliases', 'a')).toEqual({ kind: 'notfound' })
    await delay(1200)
    // Counted from here it would be believed for three seconds again.
    expect(await two.lookup('aliases', 'a')).toEqual({ kind: 'notfound' })
    await until(async () => (await two.lookup('aliases', 'a')).kind === 'found')
    const tookMs = performance.now() - startMs
    expect(tookMs).toBeGreaterThan(2900)
    expect(tookMs).toBeLessThan(4100)
    expect(service.requests.length).toBe(2)
  })

  test('tables with another configuration, side effects or no cache share nothing', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const settings = { origin: service.origin, url: redis.url }
    const ask = async (table: string) => {
      await (await startShared(t, { ...settings, table })).socketmap().lookup('aliases', 'a@x.example')
    }
    await ask('sideEffects: true')
    await ask('cache: off')
    await delay(50)
    expect(redis.command('KEYS', '*')).toBe('')
    await ask('')
    await until(() => redis.command('KEYS', '*') !== '')
    await ask('foldCase: false')
    expect(service.requests.length).toBe(4)
  })

  test.for(['upstream', 'request'])(
    'tenants of a service that it tells apart by a header of the %s share nothing',
    async (section, t) => {
      const redis = await startRedis(t)
      const service = await startHttpService(t)
      service.otherwise = ({ headers }) =>
        headers['x-tenant'] === 'first-tenant' ? { status: 404 } : { text: 'there' }
      const settings = { origin: service.origin, url: redis.url }
      const ask = async (tenant: string) => {
        const gateway = await startShared(t, { ...settings, [section]: `headers: { x-tenant: ${tenant} }` })
        const answer = await gateway.socketmap().lookup('aliases', 'bob@x.example')
        await until(() => gateway.gateway.status().shared?.queuedWrites === 0)
        return answer
      }
      expect(await ask('first-tenant')).toEqual({ kind: 'notfound' })
      await until(() => redis.command('DBSIZE') === '1')
      expect(await ask('second-tenant')).toEqual({ kind: 'found', value: 'there' })
      await until(() => redis.command('DBSIZE') === '2')
      // Those of one tenant do.
      expect(await ask('first-tenant')).toEqual({ kind: 'notfound' })
      expect(service.requests.length).toBe(2)
      expect(redis.command('KEYS', '*')).not.toContain('tenant')
    },
  )

  test('keys are hidden there where the log hides them', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const settings = {
      origin: service.origin,
      url: redis.url,
      more: 'log: { keys: hash, hashKey: a-key-of-16-chars }',
    }
    const one = (await startShared(t, settings)).socketmap()
    const two = (await startShared(t, settings)).socketmap()
    await one.lookup('aliases', 'secret.person@x.example')
    await until(() => redis.command('DBSIZE') === '1')
    const name = redis.command('KEYS', '*')
    expect(name).toMatch(/^mapgate:a:aliases:[0-9a-f]{16}:[\w-]{43}$/)
    expect(redis.command('GET', name)).not.toContain('secret.person')
    await two.lookup('aliases', 'secret.person@x.example')
    expect(service.requests.length).toBe(1)
  })

  test('a table that goes over to another store by a reload keeps its own answers', async (t) => {
    const [first, second] = [await startRedis(t), await startRedis(t)]
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const gateway = await startShared(t, { origin: service.origin, url: first.url })
    const client = gateway.socketmap()
    await client.lookup('aliases', 'a')
    const file = gateway.read()
    gateway.write(file.replace(first.url, second.url))
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true, changes: ['shared changed'] })
    await until(() => gateway.gateway.status().shared?.state === 'up')
    expect(gateway.gateway.status().shared?.address).toBe(second.url)
    await client.lookup('aliases', 'a')
    expect(service.requests.length).toBe(1)
    await client.lookup('aliases', 'b')
    await until(() => second.command('DBSIZE') === '1')
    await until(() => first.command('CLIENT', 'LIST').split('\n').length === 1)
    gateway.write(file.replace(/^shared:.*$/m, ''))
    await gateway.gateway.reload()
    expect(gateway.gateway.status().shared).toBeUndefined()
    await until(() => second.command('CLIENT', 'LIST').split('\n').length === 1)
    expect(await client.lookup('aliases', 'a')).toEqual({ kind: 'found', value: 'there' })
  })
})
