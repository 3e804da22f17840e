/**
 * Two gateways that share a store to which everything happens: killed, paused, emptied, full, slow, cut, speaking nonsense.
 * No reply ever belongs to another request, none is late, and there is no defect.
 *
 * Longer: MAPGATE_TEST_SECONDS=1800. The result of a long run stands in docs/chaos.md.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway/gateway.ts'
import { KeyedService } from '../support/http/keyed-service.ts'
import { missingRedis, type Redis, startRedis } from '../support/programs/redis.ts'
import { startTcpWay, type TcpWay } from '../support/programs/tcp-way.ts'
import { CheckedTraffic } from '../support/traffic/checked-traffic.ts'
import {
  between,
  liveSeconds,
  liveSeed,
  oneOf,
  type Random,
  seededRandom,
} from '../support/traffic/seeded.ts'

const seconds = liveSeconds(6)

const DEADLINE_MS = 1000

/** When a reply counts as late, ms: clients, gateways and service share one thread. */
const LATE_AFTER_MS = DEADLINE_MS + 2000

const HIT = /^mapgate_shared_store_requests_total\{table="aliases",outcome="hit"\} [1-9]/m

/** How much longer a run may take until every gateway has one, ms. Ours: for a busy machine. */
const MOST_LONGER_MS = 20_000

function configuration(origin: string, port: number): string {
  const table = (name: string) => `
  ${name}:
    upstream: directory
    request: { path: "/g1/${name}/{key}" }
    deadline: ${DEADLINE_MS}ms
    cache: { ttl: 1s, negativeTtl: 500ms, staleWhileRevalidate: 1s, staleIfError: 5s }`
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: error }
shared: { url: "redis://127.0.0.1:${port}", timeout: 300ms }
upstreams:
  directory: { endpoints: ["${origin}"], timeout: 300ms, circuitBreaker: { openFor: 200ms } }
tables:${table('aliases')}${table('transport')}
`
}

const FAULTS = ['killed', 'paused', 'emptied', 'full', 'slow', 'cut', 'nonsense', 'wrong words'] as const

/** One fault for a while, and an end of it. */
async function disturb(random: Random, redis: Redis, way: TcpWay): Promise<(typeof FAULTS)[number]> {
  const fault = oneOf(random, FAULTS)
  if (fault === 'killed') await redis.kill()
  if (fault === 'paused') redis.pause()
  if (fault === 'emptied') await redis.commandBeside('FLUSHALL')
  if (fault === 'full') await redis.commandBeside('CONFIG', 'SET', 'maxmemory', '1')
  if (fault === 'slow') way.delayMs = between(random, 100, 1000)
  if (fault === 'cut') way.cut()
  if (fault === 'nonsense') way.nonsense = '\u0000garbage\r\n'
  if (fault === 'wrong words') way.nonsense = '$5\r\nwrong\r\n'
  await delay(between(random, 100, 600))
  way.nonsense = undefined
  way.delayMs = 0
  redis.resume()
  if (fault === 'killed') await redis.start()
  if (fault === 'full') await redis.commandBeside('CONFIG', 'SET', 'maxmemory', '0')
  await delay(between(random, 100, 900))
  return fault
}

test.skipIf(missingRedis() !== undefined)(
  'whatever happens to the shared store, every reply is right and in time',
  {
    timeout: (seconds + 90) * 1000,
  },
  async (t) => {
    const random = seededRandom(liveSeed())
    const service = await new KeyedService({ random, mischief: 0.02 }).start()
    t.onTestFinished(() => service.stop())
    const redis = await startRedis(t)
    const way = await startTcpWay(t, redis.port)
    const gateways = [
      await startGateway(t, configuration(service.origin, way.port)),
      await startGateway(t, configuration(service.origin, way.port)),
    ]
    const traffics = gateways.map(
      (gateway) =>
        new CheckedTraffic({
          random,
          addresses: { socketmap: gateway.address('socketmap'), tcp_table: gateway.address('tcp_table') },
          tables: ['aliases', 'transport'],
          clients: 20,
          pauseMs: 200,
          keys: 1000,
          lateAfterMs: LATE_AFTER_MS,
          generations: () => ({ settled: 1, newest: 1 }),
        }),
    )
    const ended = traffics.map((traffic) => traffic.run())
    const faults: Record<string, number> = {}
    const endMs = performance.now() + seconds * 1000
    const scraped = () =>
      Promise.all(gateways.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()))
    // A short run goes on until every gateway has used an answer of another one.
    const mayEnd = async () =>
      performance.now() > endMs + MOST_LONGER_MS ||
      (performance.now() > endMs && (await scraped()).every((text) => HIT.test(text)))
    while (!(await mayEnd())) {
      const fault = await disturb(random, redis, way)
      faults[fault] = (faults[fault] ?? 0) + 1
      const what = { kind: 'key', key: Buffer.from(`user${between(random, 0, 200)}@c.example`) } as const
      await gateways[0]?.gateway.tables.purge('aliases', what)
      void gateways[0]?.gateway.tables.purgeElsewhere('aliases', what)
    }
    for (const traffic of traffics) traffic.stop()
    await Promise.all(ended)

    const counts = traffics.map((traffic) => traffic.counts)
    const metrics = await scraped()
    const shared = metrics.join('\n').match(/^mapgate_shared_store_(?:requests|failures|writes)_total.*$/gm)
    const wrong = traffics.flatMap((traffic) => traffic.wrong)
    const file = process.env.MAPGATE_TEST_REPORT
    if (file !== undefined)
      writeFileSync(
        file,
        `${JSON.stringify({ seconds, seed: liveSeed(), counts, faults, shared, wrong }, undefined, 2)}\n`,
      )
    expect(wrong).toEqual([])
    for (const { late, found } of counts) {
      expect(late).toBe(0)
      expect(found).toBeGreaterThan(10 * Math.min(seconds, 10))
    }
    for (const text of metrics) {
      expect(text).toMatch(/^mapgate_defects_total 0$/m)
      expect(text).toMatch(HIT)
    }
  },
)
