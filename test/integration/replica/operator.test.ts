/**
 * What an operator sees of a copy and may do with it, and changes that a service pushes.
 */
import { expect, test } from 'vitest'
import { replica } from '../../../src/commands/replica/replica.ts'
import type { ReplicaStatus } from '../../../src/core/replica/replica-status.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'
import {
  folderFor,
  replicaStatus,
  replicaYaml,
  serveMailboxes,
  settled,
  startReplicated,
} from './replicated.ts'

const TEN = Array.from({ length: 10 }, (_, index) => [`user${index}@a.example`, `a/${index}/`] as const)

async function run(gateway: TestGateway, action: 'status' | 'refresh' | 'accept' | 'reject') {
  const io = recordIo()
  const code = await replica(action, 'mailboxes', { admin: gateway.adminUrl }, io).catch(
    (error: unknown) => error,
  )
  return { code, out: io.out() }
}

function entry(gateway: TestGateway, method: 'PUT' | 'DELETE', key: string, value?: unknown) {
  const url = `${gateway.adminUrl}/api/v1/tables/mailboxes/replica/entries/${encodeURIComponent(key)}`
  return fetch(url, {
    method,
    headers: { 'x-mapgate': '1', ...(value !== undefined && { 'content-type': 'application/json' }) },
    ...(value !== undefined && { body: JSON.stringify({ value }) }),
  })
}

async function metricsOf(gateway: TestGateway): Promise<string> {
  return (await fetch(`${gateway.adminUrl}/metrics`)).text()
}

test('a list that lacks many keys is kept aside until one command accepts it', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(TEN)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  expect((await run(gateway, 'status')).out).toMatch(
    /^mailboxes: 10 entries, copied or confirmed .* ago, changed .* ago\nlast list: 471 B, read in .*\nnext list in .*\n$/,
  )
  for (const [key] of TEN.slice(0, 3)) mailboxes.delete(key)

  const held = await run(gateway, 'refresh')
  expect(held.code).toBe(75)
  expect(held.out).toContain(
    'kept aside: a list of 7, which lacks 3 keys of the copy; mapgate replica accept mailboxes, or reject\n  it lacks user0@a.example, user1@a.example, user2@a.example\n',
  )
  expect(await metricsOf(gateway)).toContain('mapgate_replica_held{table="mailboxes"} 1')
  expect(gateway.gateway.status().degraded).toEqual([
    'table mailboxes: a list is kept aside, since it lacks 3 keys of the copy; mapgate replica accept mailboxes, or reject',
  ])
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'found', value: 'a/0/' })

  expect(await run(gateway, 'accept')).toMatchObject({ code: 0 })
  expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
  expect(await client.lookup('mailboxes', 'user9@a.example')).toEqual({ kind: 'found', value: 'a/9/' })
  expect((await run(gateway, 'accept')).code).toMatchObject({ exitCode: 77 })
})

for (const [keys, missing] of [
  ['plain', ['user0@a.example', 'user1@a.example', 'user2@a.example']],
  ['hash, hashKey: a-key-of-16-chars', ['0cacddc55bf8529d', '5406c4fc34d251a2', 'd96a33c3ab7d7089']],
  ['none', undefined],
] as const) {
  test(`a list that is kept aside names some keys that it lacks, as the log shows keys: ${keys}`, async (t) => {
    const service = await startHttpService(t)
    const mailboxes = new Map<string, string>(TEN)
    serveMailboxes(service, mailboxes)
    const yaml = replicaYaml(service.origin, folderFor(t))
    const gateway = await startReplicated(t, `log: { keys: ${keys} }\n${yaml}`)
    for (const [key] of TEN.slice(0, 4)) mailboxes.delete(key)
    const { out } = await run(gateway, 'refresh')
    if (missing === undefined) expect(out).not.toContain('it lacks')
    else expect(out).toContain(`\n  it lacks, for example, ${missing.join(', ')}\n`)
    const reply = await fetch(`${gateway.adminUrl}/api/v1/tables/mailboxes`)
    const { replica: shown } = (await reply.json()) as { replica: ReplicaStatus }
    expect(shown.held).toMatchObject({ entries: 6, lost: 4 })
    expect(shown.held?.missing).toEqual(missing)
    const held = await until('the log line', () => gateway.log().find(({ change }) => change === 'held'))
    expect(held.missing).toEqual(missing)
    expect(held.msg).toBe(
      `the list of the table is kept aside: the list lacks 4 keys of the copy, more than replica.maxShrink${
        missing === undefined ? '' : `, such as ${missing.join(', ')}`
      }; mapgate replica accept mailboxes, or reject`,
    )
    // What a command answers is shown the same way.
    const changed = await entry(gateway, 'DELETE', 'nobody@a.example')
    expect(((await changed.json()) as ReplicaStatus).held?.missing).toEqual(missing)
  })
}

test('a terminal shows a bar while a list is read, and a pipe does not', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(TEN)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  for (const isTTY of [true, false]) {
    let send = (): void => {}
    const after = new Promise<void>((resolve) => {
      send = resolve
    })
    service.route('/mailboxes', { json: TEN.map(([address, mailbox]) => ({ address, mailbox })), after })
    const io = recordIo()
    const stderr = { write: io.stderr.write, isTTY }
    const running = replica('refresh', 'mailboxes', { admin: gateway.adminUrl }, { ...io, stderr })
    if (isTTY)
      await until('a bar', () =>
        io.err().includes('\r\x1b[K[..............................] 0 % 0 entries, 0 B') ? true : undefined,
      )
    send()
    expect(await running).toBe(0)
    expect(io.out()).toContain('mailboxes: 10 entries')
    // The bar is gone when the command ends.
    expect(io.err().endsWith('\r\x1b[K')).toBe(isTTY)
    if (!isTTY) expect(io.err()).toBe('')
  }
})

test('a list that is kept aside can be rejected, and a whole one takes its place by itself', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(TEN)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  mailboxes.clear()
  expect((await run(gateway, 'refresh')).out).toContain('kept aside: a list of 0, which lacks 10 keys')
  expect((await run(gateway, 'reject')).code).toBe(0)
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 10 })
  expect((await run(gateway, 'refresh')).code).toBe(75)
  for (const [key, value] of TEN) mailboxes.set(key, value)
  mailboxes.set('new@a.example', 'a/new/')
  expect((await run(gateway, 'refresh')).code).toBe(0)
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 11 })
})

test('a service pushes what is new and what is gone, as often as it likes', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const client = gateway.socketmap()
  for (let time = 0; time < 2; time++) {
    expect((await entry(gateway, 'PUT', 'New@a.example', { mailbox: 'a/new/' })).status).toBe(200)
    expect((await entry(gateway, 'DELETE', 'user0@a.example')).status).toBe(200)
    expect(replicaStatus(gateway).entries).toBe(10)
  }
  await service.stop()
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
  expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
  expect((await entry(gateway, 'PUT', 'bad@a.example', { mailbox: 'a\u0000b' })).status).toBe(400)
  expect((await entry(gateway, 'PUT', 'a\nb', { mailbox: 'x' })).status).toBe(400)
})

test('a pushed value without any text is refused, and deletes nothing', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'notFoundFor: 1d'))
  for (const value of [{ mailbox: null }, { mailbox: '' }, { mailbox: [] }, {}, { mailBox: 'x' }, null]) {
    const reply = await entry(gateway, 'PUT', 'user1@a.example', value)
    expect([value, reply.status, await reply.json()]).toMatchObject([
      value,
      400,
      { code: 'invalid-parameter' },
    ])
  }
  const wrong = await entry(gateway, 'PUT', 'user1@a.example', { mailBox: 'x' })
  expect(await wrong.json()).toMatchObject({ detail: 'replica.value selects nothing in this value' })
  const refused = await entry(gateway, 'PUT', 'user1@a.example', { mailbox: null })
  expect(await refused.json()).toMatchObject({
    detail: 'this value is empty, and an entry needs one; to remove the entry, use DELETE',
  })
  await service.stop()
  expect(await gateway.socketmap().lookup('mailboxes', 'user1@a.example')).toEqual({
    kind: 'found',
    value: 'a/1/',
  })
})

test('what is pushed while a list is read is not lost with its exchange', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(TEN)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  let send = (): void => {}
  const after = new Promise<void>((resolve) => {
    send = resolve
  })
  service.route('/mailboxes', { json: TEN.map(([address, mailbox]) => ({ address, mailbox })), after })
  await gateway.gateway.tables.purge('mailboxes', { kind: 'all' })
  await service.received(2)
  expect(replicaStatus(gateway).state).toBe('copying')
  await entry(gateway, 'PUT', 'new@a.example', { mailbox: 'a/new/' })
  await entry(gateway, 'DELETE', 'user0@a.example')
  send()
  await settled(gateway, 2)
  await service.stop()
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
  expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
  expect(replicaStatus(gateway)).toMatchObject({ entries: 10, state: 'ready' })
})

test('metrics, log and explanation say what the copy is', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const text = await metricsOf(gateway)
  expect(text).toMatch(/^mapgate_replica_entries\{table="mailboxes"\} 10$/m)
  expect(text).toMatch(/^mapgate_replica_last_copy_timestamp_seconds\{table="mailboxes"\} \d{10}/m)
  expect(text).toMatch(/^mapgate_replica_interval_seconds\{table="mailboxes"\} 3600$/m)
  expect(text).toMatch(/^mapgate_replica_lists_total\{table="mailboxes",result="copied"\} 1$/m)
  expect(text).toMatch(/^mapgate_replica_lists_total\{table="mailboxes",result="failed"\} 0$/m)
  expect(text).toMatch(/^mapgate_replica_list_bytes\{table="mailboxes"\} 471$/m)
  expect(text).toMatch(/^mapgate_replica_list_duration_seconds\{table="mailboxes"\} 0\.\d+$/m)
  expect(gateway.log().filter(({ event }) => event === 'replica')).toMatchObject([
    { table: 'mailboxes', change: 'copied', entries: 10, lost: 0, bytes: 471 },
  ])
  const explained = (await (
    await fetch(`${gateway.adminUrl}/api/v1/tables/mailboxes/lookup?key=user1@a.example&explain=true`)
  ).json()) as { steps: object[] }
  expect(explained.steps).toContainEqual(
    expect.objectContaining({ step: 'replica', key: 'user1@a.example', entries: 10, upstream: 'directory' }),
  )
})
