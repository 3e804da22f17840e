/**
 * Hostile clients of every kind, and a normal one beside them on each protocol: it gets every answer in
 * time, the gateway's memory stays bounded, and afterwards all is as before.
 */
import { appendFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  ADMIN,
  buildPackage,
  type GatewayProcess,
  startGatewayProcess,
} from '../../support/gateway/gateway-process.ts'
import { KeyedService } from '../../support/http/keyed-service.ts'
import {
  type Attack,
  flood,
  garbage,
  halfClosed,
  idle,
  neverReads,
  type StartAttack,
  slowLoris,
  storm,
} from '../../support/traffic/attacks.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'
import { SteadyClient, type SteadyReport } from '../../support/traffic/steady-client.ts'

/** Room for every attack; the listener's own limit has its tests in test/integration/server. */
const MAX_CONNECTIONS = 6000
const DEADLINE_MS = 5000

/** Resident memory above that of the idle gateway, bytes: 5,000 connections with full buffers. Ours. */
const MEMORY_BOUND = 400 * 1024 * 1024

/** How long each attack lasts at least, ms. */
const ATTACK_MS = 1500

let built = ''
beforeAll(() => {
  const program = buildPackage('attacks')
  built = program.built
  return program.remove
})

const CONFIG = (origin: string): string => `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: ${MAX_CONNECTIONS} }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases, maxConnections: ${MAX_CONNECTIONS} }
${ADMIN}
log: { level: info }
upstreams: { directory: { endpoints: ["${origin}"] } }
tables:
  aliases: { upstream: directory, request: { path: "/g1/aliases/{key}" }, deadline: ${DEADLINE_MS}ms, cache: { ttl: 300ms } }
`

const PROTOCOLS = ['socketmap', 'tcp_table'] as const

/** Normal clients of both protocols: some of their questions are stored, some go to the service. */
function normalClients(gateway: GatewayProcess): SteadyClient[] {
  return PROTOCOLS.map(
    (protocol, index) =>
      new SteadyClient({
        protocol,
        port: gateway.ports[index] ?? 0,
        table: 'aliases',
        question: (n) => ({
          key: `user${n % 500}@a.example`,
          value: `t-aliases=user${n % 500}@a.example=g1`,
        }),
      }),
  )
}

const ATTACKS: readonly [name: string, start: StartAttack, connections: number][] = [
  ['requests that are never finished', slowLoris, 1000],
  ['clients that never read', neverReads, 50],
  ['clients that pipeline without end', flood, 50],
  ['half-closed connections', halfClosed, 200],
  ['idle connections', idle, 2500],
  ['storms of connections', storm, 500],
  ['bytes that are no request', garbage, 100],
]

/** Appends a line to the file named by MAPGATE_TEST_REPORT, for docs/chaos.md. */
function record(name: string, connections: number, reports: readonly SteadyReport[], bytes: number): void {
  const file = process.env.MAPGATE_TEST_REPORT
  if (file === undefined) return
  const p99Ms = reports.map((report) => Number(report.p99Ms.toFixed(1)))
  const answers = reports.map((report) => report.answers)
  appendFileSync(
    file,
    `${JSON.stringify({ name, connections, answers, p99Ms, mebibytes: Math.round(bytes / 2 ** 20) })}\n`,
  )
}

describe('beside', () => {
  for (const [name, start, connections] of ATTACKS) {
    test(`${name} (${connections} on each protocol), a normal client gets every answer in time`, async (t) => {
      const service = await new KeyedService({ random: seededRandom(1), mischief: 0 }).start()
      t.onTestFinished(() => service.stop())
      const gateway = await startGatewayProcess(t, built, CONFIG(service.origin))
      const before = { memory: gateway.memory(), descriptors: gateway.descriptors() }
      const attacks: Attack[] = []
      t.onTestFinished(async () => void (await Promise.all(attacks.map((attack) => attack.stop()))))
      for (const [index, protocol] of PROTOCOLS.entries())
        attacks.push(await start({ protocol, port: gateway.ports[index] ?? 0 }, connections))
      const clients = normalClients(gateway)
      await new Promise((resolve) => setTimeout(resolve, ATTACK_MS))
      await expect.poll(() => clients.every(({ answers }) => answers >= 20), { timeout: 15_000 }).toBe(true)
      const memory = gateway.memory()
      const reports = await Promise.all(clients.map((client) => client.stop()))
      await Promise.all(attacks.map((attack) => attack.stop()))

      record(name, connections, reports, memory - before.memory)
      for (const report of reports) {
        expect(report.wrong).toEqual([])
        expect(report.longestMs).toBeLessThan(DEADLINE_MS)
      }
      expect(memory - before.memory).toBeLessThan(MEMORY_BOUND)
      await expect.poll(() => gateway.metric('mapgate_connections'), { timeout: 10_000 }).toBe(0)
      // The connections to the service stay for a while; those of clients do not.
      expect(gateway.descriptors()).toBeLessThan(before.descriptors + 64 + 5)
      expect(await gateway.metric('mapgate_defects_total')).toBe(0)
      expect(await gateway.stop()).toBe(0)
    })
  }
})
