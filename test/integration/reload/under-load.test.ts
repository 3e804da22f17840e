/**
 * A hundred reloads under load, with changes and with broken files: no wrong answer, no dropped
 * connection, nothing left behind.
 */
import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { KeyedService } from '../../support/http/keyed-service.ts'
import { heapBytes } from '../../support/programs/heap-bytes.ts'
import { CheckedConnection } from '../../support/traffic/checked-connection.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'

const RELOADS = 100

/** Heap that may be added by a hundred reloads, bytes: the noise of a collection. */
const HEAP_BOUND = 8 * 1024 * 1024

/** Each generation changes the path; every third one the upstream, every fifth has a listener more. */
const configuration = (origin: string, generation: number): string => `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: ${100 + generation} }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
${generation % 5 === 0 ? '  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }' : ''}
upstreams:
  directory: { endpoints: ["${origin}"], maxConcurrent: ${generation % 3 === 0 ? 32 : 16} }
tables:
  aliases: { upstream: directory, request: { path: "/g${generation}/aliases/{key}" } }
  ${generation % 2 === 0 ? 'sometimes: { upstream: directory, request: { path: "/g1/sometimes/{key}" } }' : ''}
`

const BROKEN = ['listeners: [', 'tables: {}', '', '\0', 'listeners: 1\nupstreams: 2\ntables: 3\n']

/** Asks without a pause on one connection that must never be closed. */
class Asker {
  replies = 0
  readonly wrong: string[] = []
  readonly #connection: CheckedConnection
  readonly #settled: () => { settled: number; newest: number }
  readonly #ended: Promise<void>
  #running = true

  constructor(
    gateway: TestGateway,
    protocol: 'socketmap' | 'tcp_table',
    settled: () => { settled: number; newest: number },
  ) {
    this.#settled = settled
    this.#connection = new CheckedConnection({
      address: gateway.address(protocol),
      protocol,
      replied: ({ key, oldest }, result) => {
        this.replies++
        const generation = result.kind === 'found' ? Number(/=g(\d+)$/.exec(result.value)?.[1]) : -1
        const value = result.kind === 'found' && result.value.startsWith(`t-aliases=${key}=g`)
        if (!value || generation < oldest || generation > settled().newest)
          this.wrong.push(`${key}: ${JSON.stringify(result)}, not of generation ${oldest} or later`)
      },
      wrong: (what) => this.wrong.push(what),
    })
    this.#ended = this.#run()
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#ended
    this.#connection.cut()
  }

  async #run(): Promise<void> {
    for (let n = 0; this.#running; n++) {
      const questions = Array.from({ length: 1 + (n % 4) }, (_, at) => ({
        table: 'aliases',
        key: `user${(n + at) % 40}`,
      }))
      await this.#connection.ask(questions, [7, 100], this.#settled().settled)
    }
  }
}

test('a hundred reloads give no wrong answer, drop no connection and leave nothing behind', {
  timeout: 60_000,
}, async (t) => {
  const service = await new KeyedService({ random: seededRandom(1), mischief: 0 }).start()
  t.onTestFinished(() => service.stop())
  const gateway = await startGateway(t, configuration(service.origin, 1))
  const generations = { settled: 1, newest: 1 }
  const askers = (['socketmap', 'tcp_table'] as const).flatMap((protocol) =>
    Array.from({ length: 2 }, () => new Asker(gateway, protocol, () => generations)),
  )
  let heapAfterTen = 0
  for (let reload = 1; reload <= RELOADS; reload++) {
    const broken = BROKEN[reload % 10]
    if (broken !== undefined) {
      gateway.write(broken)
      expect(await gateway.gateway.reload()).toMatchObject({ ok: false })
    } else {
      generations.newest++
      gateway.write(configuration(service.origin, generations.newest))
      expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
      generations.settled = generations.newest
    }
    const seen = askers.map(({ replies }) => replies)
    // Each asker gets answers between two reloads.
    await expect
      .poll(() => askers.every(({ replies }, index) => replies > (seen[index] ?? 0) + 3), { interval: 5 })
      .toBe(true)
    if (reload === 10) heapAfterTen = heapBytes()
  }
  expect(heapBytes() - heapAfterTen).toBeLessThan(HEAP_BOUND)
  expect(
    gateway.gateway
      .status()
      .listeners.map(({ connections }) => connections)
      .slice(0, 2),
  ).toEqual([2, 2])
  await Promise.all(askers.map((asker) => asker.stop()))
  for (const { wrong } of askers) expect(wrong).toEqual([])
  // The pools of older generations are closed: what is left is one pool's worth of connections.
  await expect.poll(() => service.connections).toBeLessThanOrEqual(32)
})
