/**
 * A purge on one gateway reaches all, over a real Redis.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { PurgeWhat } from '../../../src/admin/ports.ts'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { startTcpWay } from '../../support/programs/tcp-way.ts'
import { startShared, until } from './shared-gateways.ts'

const ALL: PurgeWhat = { kind: 'all' }
const KEY: PurgeWhat = { kind: 'key', key: Buffer.from('A@x.example') }

async function start(t: Cleanup) {
  const redis = await startRedis(t)
  const way = await startTcpWay(t, redis.port)
  const service = await startHttpService(t)
  const world = { value: 'old' }
  service.otherwise = () => ({ text: world.value })
  const table = 'cache: { ttl: 1h }'
  const [one, two] = [
    await startShared(t, { origin: service.origin, url: redis.url, table }),
    await startShared(t, { origin: service.origin, url: `redis://127.0.0.1:${way.port}`, table }),
  ]
  const ask = async (gateway: TestGateway, key = 'a@x.example') => {
    const answer = await gateway.socketmap().lookup('aliases', key)
    return answer.kind === 'found' ? answer.value : answer.kind
  }
  const learn = async () => {
    for (const gateway of [one, two])
      for (const key of ['a@x.example', 'b@y.example']) await ask(gateway, key)
    await until(() => one.gateway.status().shared?.queuedWrites === 0)
    world.value = 'new'
  }
  const purge = (what: PurgeWhat) => {
    one.gateway.tables.purge('aliases', what)
    return one.gateway.tables.purgeElsewhere('aliases', what)
  }
  return { redis, way, service, one, two, ask, learn, purge }
}

describe.skipIf(missingRedis() !== undefined)('purges', () => {
  test.for<[string, PurgeWhat, string]>([
    ['of a table', ALL, 'new'],
    ['of a key', KEY, 'old'],
    ['of a domain', { kind: 'domain', domain: 'X.example' }, 'old'],
  ])('one %s reaches every gateway within a second', async ([, what, other], t) => {
    const { redis, one, two, ask, learn, purge } = await start(t)
    redis.command('XADD', 'mapgate:purges', '1-1', 'table', 'aliases', 'key', 'of-1970@x.example')
    await learn()
    expect(await purge(what)).toEqual({ state: 'sent', others: 1, confirmed: 1 })
    expect([await ask(two), await ask(one), await ask(two, 'b@y.example')]).toEqual(['new', 'new', other])
    expect(one.gateway.status().degraded).toEqual([])
    // Keys are readable there, and so not for ever.
    expect(redis.command('XRANGE', 'mapgate:purges', '-', '+')).not.toContain('1970')
  })

  test('a gateway whose connection was cut meanwhile catches up in three seconds', {
    timeout: 20_000,
  }, async (t) => {
    const { two, way, ask, learn, purge } = await start(t)
    for (const what of [KEY, ALL]) {
      await learn()
      way.isCut = true
      way.cut()
      await until(() => two.gateway.status().shared?.state === 'down')
      expect(await purge(what)).toEqual({ state: 'sent', others: 0, confirmed: 0 })
      expect(await ask(two)).toBe(what === KEY ? 'old' : 'new')
      way.isCut = false
      expect(await until(async () => (await ask(two)) === 'new')).toBeLessThan(3000)
    }
  })

  test('a message that was missed costs two seconds', async (t) => {
    const { redis, two, ask, learn } = await start(t)
    await learn()
    redis.command('XADD', 'mapgate:purges', '*', 'table', 'aliases', 'key', 'a@x.example')
    expect(await until(async () => (await ask(two)) === 'new')).toBeLessThan(3000)
  })

  test('a service purges by an entry of the stream and a ring', async (t) => {
    const { redis, one, two, ask, learn } = await start(t)
    await learn()
    redis.command(
      'XADD',
      'mapgate:purges',
      'MAXLEN',
      '~',
      '10000',
      '*',
      'table',
      'aliases',
      'domain',
      'x.example',
    )
    redis.command('PUBLISH', 'mapgate:purged', '')
    expect(await until(async () => (await ask(one)) === 'new')).toBeLessThan(1000)
    expect(await until(async () => (await ask(two)) === 'new')).toBeLessThan(1000)
    expect(await ask(two, 'b@y.example')).toBe('old')
    redis.command('XADD', 'mapgate:purges', '*', 'nonsense', 'x')
    redis.command('PUBLISH', 'mapgate:purged', 'x')
    await delay(50)
    expect(two.gateway.status().shared?.state).toBe('up')
  })

  test('one while the store is down reaches the others when it is back, and nothing old is read before', async (t) => {
    const { redis, one, two, ask, learn, purge } = await start(t)
    await learn()
    await until(() => redis.command('DBSIZE') === '2')
    redis.pause()
    await ask(one, 'c@x.example')
    await until(() => one.gateway.status().shared?.state === 'down')
    expect(await purge(ALL)).toEqual({ state: 'later' })
    redis.resume()
    await until(() => one.gateway.status().shared?.state === 'up')
    expect(await ask(one)).toBe('new')
    expect(await until(async () => (await ask(two)) === 'new')).toBeLessThan(3000)
  })

  test('one while the store is not there yet reaches those that have never been connected, also over a reload', async (t) => {
    const redis = await startRedis(t)
    await redis.kill()
    const service = await startHttpService(t)
    const world = { value: 'old' }
    service.otherwise = () => ({ text: world.value })
    const settings = { origin: service.origin, url: redis.url, table: 'cache: { ttl: 1h }' }
    const [first, second] = [
      await startShared(t, settings, { state: 'down' }),
      await startShared(t, settings, { state: 'down' }),
    ]
    const ask = (gateway: TestGateway) => gateway.socketmap().lookup('aliases', 'a@x.example')
    for (const gateway of [first, second]) expect(await ask(gateway)).toEqual({ kind: 'found', value: 'old' })
    world.value = 'new'
    first.gateway.tables.purge('aliases', KEY)
    expect(await first.gateway.tables.purgeElsewhere('aliases', KEY)).toEqual({ state: 'later' })
    first.write(first.read().replace('timeout: 1s', 'timeout: 900ms'))
    expect(await first.gateway.reload()).toMatchObject({ ok: true, changes: ['shared changed'] })
    await redis.start()
    await until(() => redis.command('XLEN', 'mapgate:purges') === '1')
    await until(() => second.gateway.status().shared?.state === 'up')
    // Which of them was there first is left to chance: a purge counts a second later at most.
    const isNew = async () => isDeepStrictEqual(await ask(second), { kind: 'found', value: 'new' })
    expect(await until(isNew)).toBeLessThan(1000)
  })

  test('an answer that was asked for before a purge does not come back after it', async (t) => {
    const { service, two, one, ask, purge } = await start(t)
    let reply: (value: unknown) => void = () => {}
    service.route(
      '/late%40x.example',
      { text: 'old', after: new Promise((resolve) => (reply = resolve)) },
      { text: 'new' },
    )
    const late = ask(two, 'late@x.example')
    await until(() => service.requests.length === 1)
    expect(await purge(ALL)).toMatchObject({ confirmed: 1 })
    reply(undefined)
    expect(await late).toBe('old')
    expect(await ask(one, 'late@x.example')).toBe('new')
    expect(await ask(two, 'late@x.example')).toBe('new')
  })

  test('a gateway that was not there during a purge does not bring its old answers back', async (t) => {
    const { redis, service, one, learn, ask, purge } = await start(t)
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-shared-'))
    t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const settings = {
      origin: service.origin,
      url: redis.url,
      table: 'cache: { ttl: 1h }',
      more: `cacheFile: "${folder}/cache"`,
    }
    const away = await startShared(t, settings)
    expect([await ask(away), await ask(away, 'b@y.example')]).toEqual(['old', 'old'])
    await away.gateway.stop()
    await learn()
    await purge(KEY)
    expect(await ask(one)).toBe('new')
    const back = await startShared(t, settings)
    await until(async () => (await ask(back)) === 'new')
    expect(await ask(back, 'b@y.example')).toBe('old')
  })

  test('a new gateway knows of purges before its time', async (t) => {
    const { redis, service, one, learn, ask, purge } = await start(t)
    await learn()
    const [name = ''] = redis.command('KEYS', '*a@x.example').split('\n')
    redis.command('COPY', name, 'kept')
    await purge(ALL)
    await ask(one)
    // As if a gateway that had heard of nothing had written it late.
    redis.command('COPY', 'kept', name, 'REPLACE')
    const three = await startShared(t, {
      origin: service.origin,
      url: redis.url,
      table: 'cache: { ttl: 1h }',
    })
    expect(await ask(three)).toBe('new')
  })
})
