/**
 * Entries that a service pushes to one gateway reach the copies of all that share a store.
 */
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { folderFor, replicaYaml, serveMailboxes, settled } from '../replica/replicated.ts'
import { until } from './shared-gateways.ts'

/** @param tenant As whom the service is asked. */
async function startReplicated(t: Cleanup, origin: string, url: string, tenant = 'first') {
  const yaml = replicaYaml(origin, folderFor(t)).replace(
    'timeout: 1s',
    `timeout: 1s, headers: { x-tenant: ${tenant} }`,
  )
  const gateway = await startGateway(t, `${yaml}\nshared: { url: "${url}", timeout: 1s }\n`)
  await settled(gateway, 1)
  await until(() => gateway.gateway.status().shared?.state === 'up')
  return gateway
}

/** What a gateway has of a key, and from where. */
async function sourceIn({ adminUrl }: TestGateway, key: string): Promise<string> {
  const url = `${adminUrl}/api/v1/tables/mailboxes/lookup?key=${encodeURIComponent(key)}`
  const { result, source: from } = (await (await fetch(url)).json()) as {
    result: { value?: string; kind: string }
    source: string
  }
  return `${from}: ${result.value ?? result.kind}`
}

describe.skipIf(missingRedis() !== undefined)('entries of a list', () => {
  test('one that is put or deleted here is there as well, and no list is asked for', {
    timeout: 30_000,
  }, async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    serveMailboxes(service, new Map([['old@x.example', 'old/']]))
    const one = await startReplicated(t, service.origin, redis.url)
    const two = await startReplicated(t, service.origin, redis.url)
    const lists = () => service.requests.filter(({ url }) => url === '/mailboxes').length
    const before = lists()
    const entry = `${one.adminUrl}/api/v1/tables/mailboxes/replica/entries`
    const change = async (method: string, key: string, body?: object) => {
      const headers = { 'x-mapgate': '1', ...(body && { 'content-type': 'application/json' }) }
      const url = `${entry}/${encodeURIComponent(key)}`
      const reply = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
      expect(reply.status).toBe(200)
    }
    const source = (key: string) => sourceIn(two, key)
    await change('PUT', 'new@x.example', { value: { address: 'new@x.example', mailbox: 'new/' } })
    await until(async () => (await source('new@x.example')) === 'replica: new/')
    await change('DELETE', 'old@x.example')
    await until(async () => (await source('old@x.example')) !== 'replica: old/')
    expect(lists()).toBe(before)
    expect(two.log().filter(({ event }) => event === 'defect')).toEqual([])
  })

  test('one that is too long for a message makes the others ask for their list', {
    timeout: 30_000,
  }, async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    serveMailboxes(service, new Map([['old@x.example', 'old/']]))
    const one = await startReplicated(t, service.origin, redis.url)
    await startReplicated(t, service.origin, redis.url)
    const lists = () => service.requests.filter(({ url }) => url === '/mailboxes').length
    const before = lists()
    one.gateway.tables.entryElsewhere('mailboxes', 'old@x.example', 'x'.repeat(20_000))
    await until(() => lists() === before + 1)
  })

  test('one that is pushed for one tenant of a service is not in the copy of another', {
    timeout: 30_000,
  }, async (t) => {
    const redis = await startRedis(t)
    const service = await startHttpService(t)
    serveMailboxes(service, new Map([['old@x.example', 'old/']]))
    const [one, same, other] = [
      await startReplicated(t, service.origin, redis.url),
      await startReplicated(t, service.origin, redis.url),
      await startReplicated(t, service.origin, redis.url, 'second'),
    ]
    const listsOf = (tenant: string) =>
      service.requests.filter(({ url, headers }) => url === '/mailboxes' && headers['x-tenant'] === tenant)
        .length
    const [listsOfFirst, listsOfSecond] = [listsOf('first'), listsOf('second')]
    one.gateway.tables.entryElsewhere('mailboxes', 'new@x.example', {
      address: 'new@x.example',
      mailbox: 'new/',
    })
    one.gateway.tables.entryElsewhere('mailboxes', 'old@x.example', undefined)
    one.gateway.tables.entryElsewhere('mailboxes', 'long@x.example', 'x'.repeat(20_000))
    const metric = async ({ adminUrl }: typeof one, name: string) =>
      new RegExp(`^mapgate_shared_store_${name}_total (\\d+)$`, 'm').exec(
        await (await fetch(`${adminUrl}/metrics`)).text(),
      )?.[1]
    await until(async () => (await metric(other, 'foreign_entries')) === '3')
    await until(async () => (await metric(same, 'purges')) === '3')
    expect([await metric(other, 'purges'), await metric(same, 'foreign_entries')]).toEqual(['0', '0'])
    expect(await sourceIn(same, 'new@x.example')).toBe('replica: new/')
    expect(await sourceIn(other, 'old@x.example')).toBe('replica: old/')
    expect(await sourceIn(other, 'new@x.example')).toMatch(/: notfound$/)
    // What was too long has its own gateways ask for their list.
    await until(() => listsOf('first') === listsOfFirst + 1)
    expect(listsOf('second')).toBe(listsOfSecond)
  })
})
