/**
 * The compiled program, several times over, with a shared store: each gateway is a process of its own, as on several hosts.
 * Needs `npm run build`.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { ADMIN, type GatewayProcess, startGatewayProcess } from '../../support/gateway/gateway-process.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { startSentinels } from '../../support/programs/redis-groups.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'
import { until } from './shared-gateways.ts'

const built = fileURLToPath(new URL('../../../dist', import.meta.url))

/** 10,000 in a long run. */
const KEYS = process.env.MAPGATE_TEST_SECONDS === undefined ? 1000 : 10_000

/** Of which so many may be asked for twice: what two gateways are asked in the same moment are some five, however many keys there are. */
const TWICE = process.env.MAPGATE_TEST_SECONDS === undefined ? 20 : 100

/** Lookups that a client sends before it waits for a reply. */
const AT_ONCE = 10

const yamlOf = (origin: string, shared: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
${ADMIN.replace(' }', ', anonymous: operator }')}
${shared === '' ? '' : `shared: { ${shared} }`}
upstreams: { directory: { endpoints: ["${origin}"] } }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" }, cache: { ttl: 1h } }
`

async function start(t: Cleanup, origin: string, shared: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(t, built, yamlOf(origin, shared))
  if (shared !== '') await until(async () => (await gateway.metric('mapgate_shared_store_up')) === 1)
  return gateway
}

function clientOf(t: Cleanup, { ports: [port = 0] }: GatewayProcess): SocketmapClient {
  const client = new SocketmapClient({ address: { kind: 'inet', host: '127.0.0.1', port } })
  t.onTestFinished(() => client.close())
  return client
}

/** In another order each time, as mail comes. */
function shuffled(keys: readonly string[], seed: number): string[] {
  const random = seededRandom(seed)
  return keys
    .map((key) => ({ key, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ key }) => key)
}

async function askAll(
  t: Cleanup,
  gateway: GatewayProcess,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const client = clientOf(t, gateway)
  const answers = new Map<string, string>()
  const waiting = [...keys]
  const ask = async () => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const answer = await client.lookup('aliases', key)
      answers.set(key, answer.kind === 'found' ? answer.value : answer.kind)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, ask))
  return answers
}

describe.skipIf(missingRedis() !== undefined)('gateways in processes of their own', () => {
  test('three that are asked for the same keys at the same time ask the service for hardly any of them twice, and a fourth needs no service', {
    timeout: 120_000,
  }, async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    service.otherwise = ({ url }) => ({ text: `value${url}` })
    // Three processes and a server on the processors of a test machine: with 50 ms each would leave the store alone now and then.
    const shared = `url: "${redis.url}", timeout: 1s`
    const three = await Promise.all([1, 2, 3].map(() => start(t, service.origin, shared)))
    const keys = Array.from({ length: KEYS }, (_, index) => `user${index}`)
    const expected = new Map(keys.map((key) => [key, `value/${key}`]))
    // In an order of its own each, as mail comes: of what two of them are asked in the same moment neither knows of the other.
    const answers = await Promise.all(
      three.map((gateway, index) => askAll(t, gateway, shuffled(keys, index))),
    )
    for (const some of answers) expect(some).toEqual(expected)
    expect(service.requests.length).toBeGreaterThanOrEqual(KEYS)
    expect(service.requests.length).toBeLessThanOrEqual(KEYS + TWICE)
    await until(() => redis.command('DBSIZE') === String(KEYS))
    await service.stop()
    const fourth = await start(t, service.origin, shared)
    expect(await askAll(t, fourth, keys)).toEqual(expected)
  })

  test('without `shared` the client of the store is not loaded', async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    const loaded = async (shared: string) => {
      const folder = mkdtempSync(join(tmpdir(), 'mapgate-loaded-'))
      t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const [script, list] = [join(folder, 'list.cjs'), join(folder, 'list')]
      writeFileSync(
        script,
        `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join('\\n')))`,
      )
      const prefix = ['env', `NODE_OPTIONS=--require=${script}`]
      const gateway = await startGatewayProcess(t, built, yamlOf(service.origin, shared), prefix)
      expect(await gateway.stop()).toBe(0)
      return readFileSync(list, 'utf8').split('\n')
    }
    const isClient = (file: string) => file.includes('/@redis/client/')
    expect((await loaded(`url: "${redis.url}"`)).filter(isClient)).not.toEqual([])
    expect((await loaded('')).filter(isClient)).toEqual([])
  })

  test('a purge that one of two others cannot confirm says so, and is said again after a failover that lost it', {
    timeout: 90_000,
  }, async (t) => {
    const { primary, replica, sentinel } = await startSentinels(t, 2000)
    const service = await startHttpService(t)
    let value = 'old'
    service.otherwise = () => ({ text: value })
    const shared = `sentinel: { name: mymaster, servers: ["${sentinel.url}"] }, timeout: 1s`
    const [one, two, paused] = await Promise.all([1, 2, 3].map(() => start(t, service.origin, shared)))
    if (one === undefined || two === undefined || paused === undefined) return expect.unreachable()
    const clients = [one, two, paused].map((gateway) => clientOf(t, gateway))
    const ask = () => Promise.all(clients.map((client) => client.lookup('aliases', 'a')))
    expect(await ask()).toEqual(Array(3).fill({ kind: 'found', value: 'old' }))
    value = 'new'
    paused.process.kill('SIGSTOP')
    // From here on the replica learns nothing.
    replica.command('CONFIG', 'SET', 'masterauth', 'wrong', 'masteruser', 'nobody')
    primary.command('CLIENT', 'KILL', 'TYPE', 'replica')
    await until(() => replica.command('INFO', 'replication').includes('master_link_status:down'))
    const purge = ['purge', 'aliases', 'a', '--admin', `unix:${join(one.folder, 'admin')}`]
    const { stdout } = await promisify(execFile)(process.execPath, [join(built, 'cli.js'), ...purge])
    expect(stdout).toBe('aliases: 1 answer forgotten; 1 of 2 other gateways did the same\n')
    expect(replica.command('XLEN', 'mapgate:purges')).toBe('0')
    await primary.kill()
    await until(() => replica.command('ROLE').startsWith('master'), 30_000)
    // Said again by one that knows of it, as soon as it uses the new primary.
    await until(() => replica.command('XLEN', 'mapgate:purges') !== '0')
    paused.process.kill('SIGCONT')
    const isNew = { kind: 'found', value: 'new' }
    await until(async () => isDeepStrictEqual(await ask(), [isNew, isNew, isNew]))
  })
})
