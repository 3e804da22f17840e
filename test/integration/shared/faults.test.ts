/**
 * Whatever happens to the shared store costs questions to the service, fifty milliseconds of a few lookups, and nothing else.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, type Redis, startRedis } from '../../support/programs/redis.ts'
import { startTcpWay, type TcpWay } from '../../support/programs/tcp-way.ts'
import { awakeMs } from '../../support/traffic/awake-clock.ts'
import { sharedYaml, startShared, until } from './shared-gateways.ts'

/** Lookups during each fault. */
const LOOKUPS = 30

/** Lookups that may have waited for the store in vain. */
const MAX_LATE = 3

/**
 * How much longer one may take than the longest of those beside it without the store, ms. Sixty are allowed; on two processors with a load
 * of twenty it was 100. test/unit/tier/bounds.test.ts has the exact bound.
 */
const LONGER_MS = 200

async function start(t: Cleanup, timeout: string) {
  const redis = await startRedis(t)
  const way = await startTcpWay(t, redis.port)
  const service = await startHttpService(t)
  service.otherwise = ({ url }) => (url.includes('none') ? { status: 404 } : { text: `value${url}` })
  const gateway = await startShared(t, {
    origin: service.origin,
    url: `redis://127.0.0.1:${way.port}`,
    shared: `timeout: ${timeout}`,
  })
  const alone = await startGateway(t, sharedYaml({ origin: service.origin }).replace(/^shared:.*$/m, ''))
  const [client, clientAlone] = [gateway.socketmap(), alone.socketmap()]
  let asked = 0
  /** The same question to a gateway without the store. */
  const askAlone = async () => {
    const startMs = awakeMs()
    await clientAlone.lookup('aliases', `alone${asked}`)
    return awakeMs() - startMs
  }
  const ask = async () => {
    const key = `${asked % 2 === 0 ? 'user' : 'none'}${asked++}`
    const startMs = awakeMs()
    const answer = await client.lookup('aliases', key)
    expect(answer).toEqual(
      key.startsWith('none') ? { kind: 'notfound' } : { kind: 'found', value: `value/${key}` },
    )
    return awakeMs() - startMs
  }
  const shared = () => gateway.gateway.status().shared
  const failures = async (why: string) => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    return Number(
      new RegExp(`^mapgate_shared_store_failures_total{why="${why}"} (\\d+)$`, 'm').exec(text)?.[1],
    )
  }
  return { redis, way, service, gateway, ask, askAlone, shared, failures }
}

interface Fault {
  readonly name: string
  readonly begin: (redis: Redis, way: TcpWay) => unknown
  readonly end: (redis: Redis, way: TcpWay) => unknown
  /** Why it is not used, as the status says. */
  readonly says: RegExp
}

const FAULTS: readonly Fault[] = [
  {
    name: 'killed, and replaced by an empty one',
    begin: (redis) => redis.kill(),
    end: (redis) => redis.start(),
    says: /closed unexpectedly|ECONNREFUSED|ended|destroyed/i,
  },
  {
    name: 'paused',
    begin: (redis) => redis.pause(),
    end: (redis) => redis.resume(),
    says: /no reply within (50|1000) ms/,
  },
  {
    name: 'slowed to a second',
    begin: (_redis, way) => {
      way.delayMs = 1000
    },
    end: (_redis, way) => {
      way.delayMs = 0
    },
    says: /no reply within (50|1000) ms|replies take/,
  },
  {
    name: 'cut off',
    begin: (_redis, way) => {
      way.isCut = true
      way.cut()
    },
    end: (_redis, way) => {
      way.isCut = false
    },
    says: /closed|ECONNRESET|ended/i,
  },
  {
    name: 'answering in another language',
    begin: (_redis, way) => {
      way.nonsense = 'HTTP/1.1 400 Bad Request\r\n\r\n'
    },
    end: (_redis, way) => {
      way.nonsense = undefined
    },
    says: /RESP|no reply within|closed/i,
  },
  {
    name: 'answering every command with an error',
    begin: (_redis, way) => {
      way.nonsense = '-LOADING Redis is loading the dataset in memory\r\n'
    },
    end: (_redis, way) => {
      way.nonsense = undefined
    },
    says: /LOADING|no reply within/,
  },
]

describe.skipIf(missingRedis() !== undefined)('the shared store', () => {
  test.for(FAULTS)('$name', { timeout: 30_000 }, async ({ begin, end, says }, t) => {
    const { redis, way, gateway, ask, askAlone, shared, failures } = await start(t, '50ms')
    await ask()
    await begin(redis, way)
    const [tookMs, aloneMs]: [number[], number[]] = [[], []]
    for (let count = 0; count < LOOKUPS; count++) {
      aloneMs.push(await askAlone())
      tookMs.push(await ask())
    }
    // One late reply is enough; the others are not asked for.
    expect(await failures('timeout')).toBeLessThanOrEqual(MAX_LATE)
    expect(await failures('skipped')).toBeGreaterThan(LOOKUPS / 2)
    expect(Math.max(...tookMs) - Math.max(...aloneMs)).toBeLessThan(LONGER_MS)
    await until(() => shared()?.state === 'down')
    expect(gateway.gateway.status().degraded.join()).toMatch(says)
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200)
    await end(redis, way)
    expect(await until(() => shared()?.state === 'up')).toBeLessThan(2000)
    const before = Number(redis.command('DBSIZE'))
    await until(async () => {
      await ask()
      return Number(redis.command('DBSIZE')) > before
    })
    expect(gateway.log().filter(({ event }) => event === 'defect')).toEqual([])
  })

  test('a full one is read, and written again when it has room', async (t) => {
    const { redis, ask, shared, service } = await start(t, '1s')
    redis.command('CONFIG', 'SET', 'maxmemory', '1')
    for (let count = 0; count < LOOKUPS; count++) await ask()
    expect(service.requests.length).toBe(LOOKUPS)
    expect(redis.command('DBSIZE')).toBe('0')
    expect(shared()?.state).toBe('up')
    redis.command('CONFIG', 'SET', 'maxmemory', '0')
    await until(async () => {
      await ask()
      return redis.command('DBSIZE') !== '0'
    })
  })

  test('an emptied one costs questions', async (t) => {
    const { redis, ask, shared } = await start(t, '1s')
    for (let count = 0; count < LOOKUPS; count++) await ask()
    redis.command('FLUSHALL')
    for (let count = 0; count < LOOKUPS; count++) await ask()
    expect(shared()?.state).toBe('up')
  })

  test('entries of another version, of another kind and damaged ones are no answers', async (t) => {
    const { redis, ask, service, shared, gateway } = await start(t, '1s')
    await ask()
    await until(() => redis.command('DBSIZE') === '1')
    const prefix = redis.command('KEYS', '*').replace(/user0$/, '')
    redis.command('SET', `${prefix}none1`, '\u0002 of another version')
    redis.command('SET', `${prefix}user2`, '')
    redis.command('COPY', `${prefix}user0`, `${prefix}none3`)
    redis.command('LPUSH', `${prefix}user4`, 'a list')
    for (let count = 0; count < 4; count++) await ask()
    expect(service.requests.length).toBe(5)
    expect(shared()?.state).toBe('up')
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toContain('mapgate_shared_store_failures_total{why="unreadable"} 3')
    expect(metrics).toContain('mapgate_shared_store_failures_total{why="error"} 1')
  })

  test('a server without streams is not used, and says why', async (t) => {
    const redis = await startRedis(t, ['--rename-command', 'XREVRANGE', ''])
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const gateway = await startShared(t, { origin: service.origin, url: redis.url }, { state: 'down' })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual({ kind: 'found', value: 'there' })
    await until(() => gateway.gateway.status().degraded.join().includes('unknown command'))
    await delay(300)
    expect(gateway.gateway.status().shared?.state).toBe('down')
  })
})
