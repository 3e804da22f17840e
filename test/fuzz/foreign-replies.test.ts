/**
 * No reply ever belongs to another request: thousands of connections, random cuts, pipelining, a
 * service that is slow, fails and breaks off, purges and reloads in the middle. Each value is a
 * function of its key and configuration, and each reply is checked.
 *
 * Longer: MAPGATE_TEST_SECONDS=1200. The result of a long run stands in docs/chaos.md.
 */
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway/gateway.ts'
import { KeyedService } from '../support/http/keyed-service.ts'
import { CheckedTraffic } from '../support/traffic/checked-traffic.ts'
import { between, liveSeconds, liveSeed, type Random, seededRandom } from '../support/traffic/seeded.ts'

const seconds = liveSeconds()
const TABLES = ['aliases', 'transport']

const DEADLINE_MS = 1000

/** When a reply counts as late, ms: clients, gateway and service share one thread. */
const LATE_AFTER_MS = DEADLINE_MS + 2000

/** Where Postfix gives up, ms. Source: socketmap_table(5), tcp_table(5). */
const POSTFIX_LIMIT_MS = 100_000

/** A configuration that differs from the one before in its generation, and in any of the knobs. */
function configuration(origin: string, generation: number, random: Random): string {
  const table = (name: string): string => `
  ${name}:
    upstream: directory
    request: { path: "/g${generation}/${name}/{key}" }
    deadline: ${DEADLINE_MS}ms
    cache: { ttl: 1s, negativeTtl: 500ms, staleWhileRevalidate: 1s, staleIfError: 5s, maxEntries: ${between(random, 300, 3000)} }`
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: ${between(random, 500, 600)} }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: warn }
upstreams:
  directory:
    endpoints: ["${origin}"]
    timeout: 300ms
    maxConcurrent: ${between(random, 16, 64)}
    maxQueued: 200
    maxConnectionAge: ${between(random, 1, 3)}s
    circuitBreaker: { failures: 5, openFor: 200ms }
tables:${TABLES.map(table).join('')}
`
}

/** Reloads, bad reloads and purges, until the traffic ends. */
class Disturbance {
  settled = 1
  newest = 1
  reloads = 0
  refused = 0
  purges = 0
  readonly #random: Random
  readonly #gateway: TestGateway
  readonly #service: KeyedService

  constructor(random: Random, gateway: TestGateway, service: KeyedService) {
    this.#random = random
    this.#gateway = gateway
    this.#service = service
  }

  async run(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, between(this.#random, 20, 250)))
      const what = this.#random()
      if (what < 0.3) await this.#reload()
      else if (what < 0.4) await this.#badReload()
      else if (what < 0.7) this.#purge()
      this.#service.isDown = what > 0.95
      this.#service.mischief = this.#random() < 0.1 ? 0.5 : 0.04
    }
  }

  async #reload(): Promise<void> {
    if (this.#random() < 0.4) this.newest++
    this.#gateway.write(configuration(this.#service.origin, this.newest, this.#random))
    expect(await this.#gateway.gateway.reload()).toMatchObject({ ok: true })
    this.settled = this.newest
    this.reloads++
  }

  async #badReload(): Promise<void> {
    const good = configuration(this.#service.origin, this.newest + 1, this.#random)
    this.#gateway.write(good.replace('upstream: directory', 'upstream: nosuch'))
    expect(await this.#gateway.gateway.reload()).toMatchObject({ ok: false })
    this.refused++
  }

  #purge(): void {
    const key = `user${between(this.#random, 0, 200)}@c.example`
    const scopes = [
      { kind: 'all' },
      { kind: 'key', key: Buffer.from(key) },
      { kind: 'domain', domain: 'b.example' },
    ] as const
    this.#gateway.gateway.tables.purge('aliases', scopes[between(this.#random, 0, 2)] ?? scopes[0])
    this.purges++
  }
}

test('every reply belongs to its request, in disorder of every kind', {
  timeout: (seconds + 60) * 1000,
}, async (t) => {
  const random = seededRandom(liveSeed())
  const service = await new KeyedService({ random, mischief: 0.04 }).start()
  t.onTestFinished(() => service.stop())
  const gateway = await startGateway(t, configuration(service.origin, 1, random))
  const disturbance = new Disturbance(random, gateway, service)
  const traffic = new CheckedTraffic({
    random,
    addresses: { socketmap: gateway.address('socketmap'), tcp_table: gateway.address('tcp_table') },
    tables: TABLES,
    clients: 200,
    // A long run shares the machine with others.
    pauseMs: seconds > 60 ? 600 : 20,
    keys: 4000,
    lateAfterMs: LATE_AFTER_MS,
    generations: () => disturbance,
  })
  const ended = traffic.run()
  await disturbance.run(performance.now() + seconds * 1000)
  traffic.stop()
  await ended

  const { reloads, refused, purges, newest } = disturbance
  const report = {
    seconds,
    seed: liveSeed(),
    ...traffic.counts,
    requests: service.requests,
    reloads,
    refused,
    purges,
    configurations: newest,
    wrong: traffic.wrong,
  }
  const file = process.env.MAPGATE_TEST_REPORT
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
  expect(traffic.wrong).toEqual([])
  expect(traffic.counts.late).toBe(0)
  expect(traffic.counts.longestWaitMs).toBeLessThan(POSTFIX_LIMIT_MS)
  expect(traffic.counts.found).toBeGreaterThan(100 * Math.min(seconds, 10))
  expect(traffic.counts.notfound).toBeGreaterThan(0)
  expect(traffic.counts.temporary).toBeGreaterThan(0)
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/^mapgate_defects_total 0$/m)
})
