/**
 * What a table with a copy of its own answers, while its service is there and while it is not.
 */
import { expect, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import {
  folderFor,
  replicaStatus,
  replicaYaml,
  serveMailboxes,
  settled,
  startReplicated,
} from './replicated.ts'

const MAILBOXES = [
  ['ann@a.example', 'a/ann/'],
  ['Bob@A.example', 'a/bob/'],
  ['@catch.example', 'catch/all/'],
  ['ivy@bücher.example', 'b/ivy/'],
] as const

test('a key of the list is found without asking, also a key that nobody has asked for before', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(MAILBOXES))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const client = gateway.socketmap()
  const before = service.requests.length
  expect(await client.lookup('mailboxes', 'ann@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await client.lookup('mailboxes', 'ANN@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await client.lookup('mailboxes', 'bob@a.example')).toEqual({ kind: 'found', value: 'a/bob/' })
  expect(await client.lookup('mailboxes', 'ivy@bücher.example')).toEqual({ kind: 'found', value: 'b/ivy/' })
  expect(await client.lookup('mailboxes', 'ivy@xn--bcher-kva.example')).toEqual({
    kind: 'found',
    value: 'b/ivy/',
  })
  expect(service.requests.length).toBe(before)
})

test('the service dies at once after one copy: everything flows, and an unknown key is not found', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(MAILBOXES))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  await service.stop()
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', 'ann@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await client.lookup('mailboxes', 'ann+news@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await client.lookup('mailboxes', 'whoever@catch.example')).toEqual({
    kind: 'found',
    value: 'catch/all/',
  })
  expect(await client.lookup('mailboxes', 'nobody@a.example')).toEqual({ kind: 'notfound' })
})

test('a user made after the copy is found at once, and one that is deleted is not found after the next copy', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(MAILBOXES)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'maxShrink: 50%'))
  const client = gateway.socketmap()
  mailboxes.set('new@a.example', 'a/new/')
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
  mailboxes.delete('ann@a.example')
  await gateway.gateway.tables.purge('mailboxes', { kind: 'all' })
  await settled(gateway, 2)
  expect(await client.lookup('mailboxes', 'ann@a.example')).toEqual({ kind: 'notfound' })
})

test('with notFoundFor: 0ms an absent key is temporary while the service is gone', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(MAILBOXES))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'notFoundFor: 0ms'))
  await service.stop()
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', 'ann@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect((await client.lookup('mailboxes', 'nobody@a.example')).kind).toBe('temporary')
})

test('with authoritative: true the service is never asked for a key, and needs no route for it', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(MAILBOXES))
  const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true').replace(
    / {4}request: .*\n/,
    '',
  )
  const gateway = await startReplicated(t, yaml)
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', 'ann@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await client.lookup('mailboxes', 'nobody@a.example')).toEqual({ kind: 'notfound' })
  expect(service.requests.map(({ url }) => url)).toEqual(['/mailboxes'])
})

test('without any copy an authoritative table says that it does not know', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { status: 503 }
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'authoritative: true'))
  expect(await gateway.socketmap().lookup('mailboxes', 'ann@a.example')).toMatchObject({
    kind: 'temporary',
    reason: 'the replica of this table has no copy of the list yet; see mapgate replica status',
  })
  expect(replicaStatus(gateway)).toMatchObject({
    state: 'empty',
    failures: 1,
    lastFailure: 'the list route answered 503; it must answer 200, or 304 to a conditional request',
  })
})

test('a restart finds the copy, and an unchanged list is not fetched again', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(MAILBOXES))
  const folder = folderFor(t)
  const first = await startReplicated(t, replicaYaml(service.origin, folder))
  await first.gateway.stop()
  const gateway = await startGateway(t, replicaYaml(service.origin, folder))
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })
  await gateway.gateway.tables.purge('mailboxes', { kind: 'all' })
  await settled(gateway, 1)
  expect(service.requests.at(-1)?.headers['if-none-match']).toMatch(/^"/)
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4, copies: 1, failures: 0 })
  expect(await gateway.socketmap().lookup('mailboxes', 'ann@a.example')).toEqual({
    kind: 'found',
    value: 'a/ann/',
  })
})

test('a key of any length that Postfix may send has an answer', async (t) => {
  const service = await startHttpService(t)
  const long = `${'a'.repeat(1014)}@a.example`
  serveMailboxes(service, new Map([...MAILBOXES, [long, 'a/long/']]))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'authoritative: true'))
  const client = gateway.socketmap()
  expect(await client.lookup('mailboxes', long)).toEqual({ kind: 'found', value: 'a/long/' })
  for (const key of [`a${long}`, 'x'.repeat(10_000), 'é'.repeat(1024), '\u{1F600}'.repeat(2500)])
    expect([key.length, await client.lookup('mailboxes', key)]).toEqual([key.length, { kind: 'notfound' }])
})
