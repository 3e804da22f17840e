/**
 * Several private Redis that belong together: a cluster of three primaries, and a primary with a replica and a sentinel.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from '../http/http-service.ts'
import { until } from '../postfix/until.ts'
import { freePort } from './free-port.ts'
import { Redis, startRedis } from './redis.ts'

const SLOTS = 16_384

function folder(t: Cleanup): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-redis-'))
  t.onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Three nodes with a third of the slots each; one that is killed and started anew is what it was. */
export async function startRedisCluster(t: Cleanup): Promise<readonly [Redis, Redis, Redis]> {
  const start = async () => {
    const busPort = await freePort()
    const args = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--dir', folder(t)]
    return { redis: await startRedis(t, [...args, '--cluster-node-timeout', '1000']), busPort }
  }
  const nodes = [await start(), await start(), await start()] as const
  const [{ redis: first, busPort }] = nodes
  const third = Math.floor(SLOTS / nodes.length)
  for (const [index, { redis }] of nodes.entries()) {
    const last = index === nodes.length - 1 ? SLOTS - 1 : (index + 1) * third - 1
    redis.command('CLUSTER', 'ADDSLOTSRANGE', String(index * third), String(last))
    redis.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
    if (redis !== first) redis.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(busPort))
  }
  const all = [nodes[0].redis, nodes[1].redis, nodes[2].redis] as const
  await untilClusterIsWell(all)
  return all
}

export async function untilClusterIsWell(nodes: readonly Redis[]): Promise<void> {
  for (const node of nodes)
    await until('the cluster', () => {
      const info = node.command('CLUSTER', 'INFO')
      const isWell = info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`)
      return isWell ? true : undefined
    })
}

/** Gives one slot with its keys to another node. @param meanwhile Called when the keys are there, and nobody has been told. */
export async function moveSlot(
  slot: string,
  from: Redis,
  to: Redis,
  others: readonly Redis[],
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const [fromId, toId] = [from, to].map((node) => node.command('CLUSTER', 'MYID'))
  to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '')
  from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '')
  const keys = from.command('CLUSTER', 'GETKEYSINSLOT', slot, '1000').split('\n')
  from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys)
  await meanwhile()
  for (const node of [to, from, ...others]) node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '')
}

export interface Sentinels {
  readonly primary: Redis
  readonly replica: Redis
  readonly sentinel: Redis
}

/** What the sentinel calls the primary and its replica. */
export const SENTINEL_NAME = 'mymaster'

/**
 * One sentinel that fails over when it has not heard of the primary for some time.
 *
 * @param afterMs A replica that has not heard of it for ten times as long before is never taken.
 */
export async function startSentinels(t: Cleanup, afterMs = 500): Promise<Sentinels> {
  // What a replica is sent it writes into its folder, from where any server that is started there would read it.
  const primary = await startRedis(t, ['--dir', folder(t)])
  const replica = await startRedis(t, [
    ...['--dir', folder(t), '--repl-diskless-sync-delay', '0'],
    ...['--replicaof', '127.0.0.1', String(primary.port)],
  ])
  const file = join(folder(t), 'sentinel.conf')
  writeFileSync(
    file,
    `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds ${SENTINEL_NAME} ${afterMs}
sentinel failover-timeout ${SENTINEL_NAME} 2000
`,
  )
  const sentinel = new Redis(await freePort(), [], [file, '--sentinel'])
  t.onTestFinished(() => sentinel.kill())
  await sentinel.start()
  await until('the replica', () => {
    const isKnown = sentinel.command('SENTINEL', 'REPLICAS', SENTINEL_NAME).includes(String(replica.port))
    return isKnown && replica.command('INFO', 'replication').includes('master_link_status:up')
      ? true
      : undefined
  })
  return { primary, replica, sentinel }
}
