/**
 * The compiled program, killed at random instants of a copy: whoever starts next finds the old or the new copy whole.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { askAdmin } from '../../support/gateway/admin-socket.ts'
import {
  buildPackage,
  type GatewayProcess,
  startGatewayProcess,
} from '../../support/gateway/gateway-process.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'
import { folderFor, keyOf, listYaml } from './replicated.ts'

const KEYS = 10_000

/** Kills. All 50 in the long run, which `MAPGATE_TEST_SECONDS` asks for. */
const KILLS = process.env.MAPGATE_TEST_SECONDS === undefined ? 6 : 50

/** Longest time for all of them, ms: each is a start and some thousand lookups, on a busy machine. */
const LONGEST_MS = 60_000 + KILLS * 30_000

/** The kill that waits until the new copy is there, so that however slow the machine is, one comes behind the exchange. */
const EXCHANGED = 3

/** Longest time from the request for a list to the kill, in times that the first copy took. */
const LONGEST = 1.5

test(`killed ${KILLS} times while it copies, it never has a torn table`, {
  timeout: LONGEST_MS,
}, async (t) => {
  const { built, remove } = buildPackage('killed')
  t.onTestFinished(remove)
  const service = await startHttpService(t)
  const random = seededRandom(50)
  const folder = folderFor(t)
  const serve = (version: number): void => {
    const list = Object.fromEntries(Array.from({ length: KEYS }, (_, at) => [keyOf(at), `v${version}`]))
    service.otherwise = { json: list }
  }
  serve(0)
  const first = await startGatewayProcess(t, built, listYaml(service.origin, folder))
  await copied(first)
  const tookMs = (await first.metric('mapgate_replica_list_duration_seconds')) * 1000
  await first.stop()

  const seen = new Set<string>()
  let current = 'v0'
  for (let kill = 1; kill <= KILLS; kill++) {
    service.otherwise = { status: 503 }
    const gateway = await startGatewayProcess(t, built, listYaml(service.origin, folder))
    const version = await versionOf(gateway)
    expect([`v${kill - 1}`, current]).toContain(version)
    current = version
    seen.add(version)
    serve(kill)
    await askAdmin(gateway, 'POST', '/api/v1/tables/mailboxes/replica/refresh')
    if (kill === EXCHANGED) await exchanged(gateway, `v${kill}`)
    else await delay(random() * LONGEST * tookMs)
    gateway.process.kill('SIGKILL')
    await gateway.ended
  }
  // Some were killed before the exchange, and some behind it.
  expect(seen.size).toBeGreaterThan(1)
})

/** The one version that all keys have. */
async function versionOf(gateway: GatewayProcess): Promise<string> {
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${gateway.ports[0]}` })
  const versions = new Set<string>()
  for (let from = 0; from < KEYS; from += 2000) {
    const keys = Array.from({ length: 2000 }, (_, at) => keyOf(from + at))
    const answers = await Promise.all(keys.map((key) => client.lookup('mailboxes', key)))
    for (const answer of answers) versions.add(answer.kind === 'found' ? answer.value : answer.kind)
  }
  client.close()
  expect([...versions]).toHaveLength(1)
  return [...versions][0] ?? ''
}

/** Waits until one key has the new value. */
async function exchanged(gateway: GatewayProcess, version: string): Promise<void> {
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${gateway.ports[0]}` })
  for (;;) {
    const answer = await client.lookup('mailboxes', keyOf(0))
    if (answer.kind === 'found' && answer.value === version) break
    await delay(20)
  }
  client.close()
}

async function copied(gateway: GatewayProcess): Promise<void> {
  while ((await gateway.metric('mapgate_replica_entries')) < KEYS) await delay(50)
}
