/**
 * Tables that are asked by attributes: gateways share what `cacheBy` stores, and nothing that a secret decides.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { PROTOCOLS, protocolsByName } from '../../../src/protocols/registry.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { toy } from '../../support/toy/protocol.ts'
import { talkTo } from '../../support/wire/sockets.ts'
import { until } from './shared-gateways.ts'

const protocols = protocolsByName([...PROTOCOLS.values(), toy])

async function start(cacheBy: string) {
  const redis = await startRedis({ onTestFinished })
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { json: 'yes' }
  const yaml = `
listeners: [{ protocol: toy, listen: "inet:127.0.0.1:0", table: greylist }]
shared: { url: "${redis.url}", timeout: 1s }
upstreams: { d: { endpoints: ["${service.origin}"] } }
tables:
  greylist:
    upstream: d
    request: { method: POST, path: /policy, json: { user: "{attribute.user}", password: "{attribute.password}" } }
    cacheBy: ${cacheBy}
    cache: { ttl: 1h }`
  const open = async () => {
    const gateway = await startGateway({ onTestFinished }, yaml, { protocols })
    await until(() => gateway.gateway.status().shared?.state === 'up')
    const client = await talkTo(gateway.address('toy'))
    await client.expect('TOY 1\n')
    return {
      ask: async (user: string) => {
        client.send(`user=${user}\npassword=geheim-77\nkey=x\n\n`)
        await client.expect('YES yes\n')
      },
      queuedWrites: () => gateway.gateway.status().shared?.queuedWrites,
    }
  }
  return { redis, service, one: await open(), two: await open() }
}

describe.skipIf(missingRedis() !== undefined)('answers by attributes', () => {
  test('are asked once for all gateways', async () => {
    const { redis, service, one, two } = await start('[user]')
    await one.ask('bob')
    await until(() => redis.command('DBSIZE') === '1')
    await two.ask('bob')
    expect(service.requests.length).toBe(1)
    await two.ask('ann')
    expect(service.requests.length).toBe(2)
  })

  test('that a secret decides are on no other machine, not even as a hash', async () => {
    const { redis, service, one, two } = await start('[user, password]')
    await one.ask('bob')
    await one.ask('bob')
    expect(service.requests.length).toBe(1)
    await two.ask('bob')
    expect(service.requests.length).toBe(2)
    await until(() => one.queuedWrites() === 0 && two.queuedWrites() === 0)
    expect(redis.command('KEYS', '*')).toBe('')
  })
})
