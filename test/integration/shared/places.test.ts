/**
 * A shared store that is more than one server: a real cluster of three nodes, and a primary that real sentinels replace.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, type Redis, startRedis } from '../../support/programs/redis.ts'
import {
  moveSlot,
  startRedisCluster,
  startSentinels,
  untilClusterIsWell,
} from '../../support/programs/redis-groups.ts'
import { suiteCleanup } from '../../support/programs/suite-cleanup.ts'
import { documentedCommands, documentedUser, PASSWORD, startShared, until } from './shared-gateways.ts'

const stateOf = ({ gateway }: TestGateway) => gateway.status().shared
const lookup = (gateway: TestGateway, key: string) => gateway.socketmap().lookup('aliases', key)
const FOUND = { kind: 'found', value: 'there' }

/** With a table of a store beside that of the service. */
function settingsFor({ origin }: HttpService, shared: string) {
  return {
    origin,
    shared: `${shared}, username: mapgate, password: ${PASSWORD}, timeout: 1s`,
    upstream: 'timeout: 2s }\n  learned: { store: {}',
    table: 'cache: { ttl: 1h }\n  verify: { upstream: learned }',
  }
}

function verifyOf({ gateway }: TestGateway) {
  const verify = gateway.tables.store('verify')
  if (verify === undefined || verify === 'read-only') return expect.unreachable()
  return verify
}

/** The user that the page has for such a place. */
function allow(redis: Redis, first: string): void {
  const commands = [...documentedCommands('+eval'), ...documentedCommands(first)]
  expect(redis.command('ACL', 'SETUSER', ...documentedUser(), ...commands)).toBe('OK')
}

async function purged(gateway: TestGateway, key: string): Promise<unknown> {
  const what = { kind: 'key', key: Buffer.from(key) } as const
  await gateway.gateway.tables.purge('aliases', what)
  return gateway.gateway.tables.purgeElsewhere('aliases', what)
}

describe.skipIf(missingRedis() !== undefined)('a cluster', () => {
  const suite = suiteCleanup()
  let nodes: readonly [Redis, Redis, Redis]
  beforeAll(async () => {
    nodes = await startRedisCluster(suite)
    for (const node of nodes) allow(node, '+cluster|slots')
  })

  test('a slot that moves takes its keys, its clock and its messages along', {
    timeout: 60_000,
  }, async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const settings = settingsFor(service, `cluster: ["${nodes[0].url}"]`)
    const [a, b] = [await startShared(t, settings), await startShared(t, settings)]
    expect(await purged(a, 'x')).toMatchObject({ confirmed: 1 })
    await verifyOf(a).put('a', '1', {})
    for (const key of ['mapgate:purges', 'mapgate:s:{learned}:values']) {
      const slot = nodes[0].command('CLUSTER', 'KEYSLOT', key)
      const from = nodes[Math.floor(Number(slot) / 5461.4)] ?? nodes[2]
      const to = nodes[(nodes.indexOf(from) + 1) % 3] ?? nodes[0]
      const others = nodes.filter((node) => node !== from && node !== to)
      await moveSlot(slot, from, to, others, () => verifyOf(a).put('a', '1', {}))
      expect(to.command('EXISTS', key)).toBe('1')
    }
    await until(
      async () => JSON.stringify(await purged(a, 'x')) === '{"state":"sent","others":1,"confirmed":1}',
      20_000,
    )
    expect(await verifyOf(b).put('b', '2', {})).toEqual({ kind: 'done' })
    expect(await verifyOf(a).entries(undefined, 10)).toMatchObject({ entries: [{ key: 'a' }, { key: 'b' }] })
    expect(stateOf(b)?.state).toBe('up')
    const stats = nodes.map((node) => node.command('INFO', 'commandstats')).join('\n')
    for (const command of documentedCommands('+cluster|slots'))
      expect(stats).toContain(`cmdstat_${command.slice(1)}:calls=`)
  })

  test('a wrong kind of server says what to write', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    const asOne = await startShared(t, { origin: service.origin, url: nodes[0].url }, { state: 'down' })
    await until(() => stateOf(asOne)?.lastFailure?.includes('write "cluster" in the place of "url"') === true)
    const asCluster = await startShared(
      t,
      { origin: service.origin, shared: `cluster: ["${redis.url}"]` },
      { state: 'down' },
    )
    await until(() => stateOf(asCluster)?.lastFailure?.includes('cluster support disabled') === true)
  })

  test('keeps answers, purges and what Postfix writes; a node that dies costs no lookup', {
    timeout: 60_000,
  }, async (t) => {
    const [one, , three] = nodes
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const places = [one, three].map(({ url }) => `"${url}"`)
    const settings = settingsFor(service, `cluster: [${places}]`)
    const [a, b] = [await startShared(t, settings), await startShared(t, settings)]
    expect(stateOf(a)?.address).toBe(`cluster of ${one.url}, ${three.url}`)

    const keys = Array.from({ length: 60 }, (_, n) => `user${n}@x.example`)
    for (const key of keys) expect(await lookup(a, key)).toEqual(FOUND)
    await until(() => stateOf(a)?.queuedWrites === 0)
    for (const key of keys) expect(await lookup(b, key)).toEqual(FOUND)
    expect(service.requests.length).toBe(60)
    const counts = nodes.map((node) => Number(node.command('DBSIZE')))
    expect(counts.every((count) => count > 5)).toBe(true)

    expect(await purged(a, 'user0@x.example')).toEqual({ state: 'sent', others: 1, confirmed: 1 })
    expect(await lookup(b, 'user0@x.example')).toEqual(FOUND)
    expect(service.requests.length).toBe(61)

    expect(await verifyOf(a).purge({ kind: 'all' })).toBe(2)
    for (const key of ['b', 'a', 'c']) expect((await verifyOf(a).put(key, key, {})).kind).toBe('done')
    expect(await verifyOf(b).delete('b')).toEqual({ kind: 'done' })
    expect(await verifyOf(b).entries(undefined, 10)).toMatchObject({ entries: [{ key: 'a' }, { key: 'c' }] })

    await three.kill()
    await until(() => stateOf(a)?.state === 'down' && stateOf(b)?.state === 'down')
    for (const key of ['new1', 'new2', 'new3']) expect(await lookup(b, key)).toEqual(FOUND)
    await three.start()
    allow(three, '+cluster|slots')
    await untilClusterIsWell(nodes)
    await until(() => stateOf(a)?.state === 'up' && stateOf(b)?.state === 'up')
  })
})

describe.skipIf(missingRedis() !== undefined)('sentinels', () => {
  test('lead to the primary, and after a failover to the next one', { timeout: 60_000 }, async (t) => {
    const { primary, replica, sentinel } = await startSentinels(t)
    for (const redis of [primary, replica]) allow(redis, '+role')
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const settings = settingsFor(
      service,
      `sentinel: { name: mymaster, servers: ["redis://127.0.0.1:1", "${sentinel.url}"] }`,
    )
    const [a, b] = [await startShared(t, settings), await startShared(t, settings)]
    expect(stateOf(a)?.address).toBe(`"mymaster" of the sentinels redis://127.0.0.1:1, ${sentinel.url}`)
    expect(await lookup(a, 'before')).toEqual(FOUND)
    expect(await verifyOf(a).put('a', '1', {})).toEqual({ kind: 'done' })
    expect(await purged(a, 'other')).toMatchObject({ confirmed: 1 })
    await until(() => replica.command('EXISTS', 'mapgate:s:{learned}:values', 'mapgate:purges') === '2')
    await until(() => replica.command('KEYS', '*:before') !== '')

    const other = await startShared(
      t,
      { origin: service.origin, shared: `sentinel: { name: other, servers: ["${sentinel.url}"] }` },
      { state: 'down' },
    )
    await until(() => stateOf(other)?.lastFailure === 'the sentinels know no "other"')
    expect(documentedCommands('+role')).toEqual(['+role'])
    expect(primary.command('INFO', 'commandstats')).toContain('cmdstat_role:calls=')

    await primary.kill()
    await until(() => stateOf(a)?.state === 'down' && stateOf(b)?.state === 'down')
    expect(await lookup(b, 'meanwhile')).toEqual(FOUND)
    expect((await verifyOf(b).put('b', '2', {})).kind).toBe('temporary')
    await until(() => replica.command('ROLE').startsWith('master'), 20_000)
    await until(() => stateOf(a)?.state === 'up' && stateOf(b)?.state === 'up')
    const asked = service.requests.length
    expect(await lookup(b, 'before')).toEqual(FOUND)
    expect(service.requests.length).toBe(asked)
    await until(async () => (await verifyOf(b).put('b', '2', {})).kind === 'done')
    expect(await verifyOf(a).entries(undefined, 10)).toMatchObject({ entries: [{ key: 'a' }, { key: 'b' }] })
    expect(await purged(b, 'other')).toEqual({ state: 'sent', others: 1, confirmed: 1 })
  })

  test('a primary that becomes a replica is left for the new one at the first write', {
    timeout: 60_000,
  }, async (t) => {
    const { primary, replica, sentinel } = await startSentinels(t)
    for (const redis of [primary, replica]) allow(redis, '+role')
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const gateway = await startShared(
      t,
      settingsFor(service, `sentinel: { name: mymaster, servers: ["${sentinel.url}"] }`),
    )
    expect(await verifyOf(gateway).put('a', '1', {})).toEqual({ kind: 'done' })
    expect(sentinel.command('SENTINEL', 'FAILOVER', 'mymaster')).toBe('OK')
    await until(() => replica.command('ROLE').startsWith('master'), 20_000)
    // As the sentinel does ten seconds later.
    primary.command('REPLICAOF', '127.0.0.1', String(replica.port))
    await until(async () => (await verifyOf(gateway).put('b', '2', {})).kind === 'done', 10_000)
    expect(replica.command('HLEN', 'mapgate:s:{learned}:values')).toBe('2')
    expect(replica.command('ROLE')).toMatch(/^master/)
  })
})
