/**
 * What a reload in an outage does to a copy, and how long a user is found whom only a lookup had found.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startHttpService } from '../../support/http/http-service.ts'
import { outageIsSeen } from './outage-is-seen.ts'
import {
  folderFor,
  replicaStatus,
  replicaYaml,
  serveMailboxes,
  settled,
  startReplicated,
} from './replicated.ts'

const TEN = Array.from({ length: 10 }, (_, at) => [`user${at}@a.example`, `a/${at}/`] as const)
const FOUND = { kind: 'found', value: 'a/1/' }

test('a copy survives a reload in an outage, or is used again when its settings come back', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true')
  const gateway = await startReplicated(t, yaml)
  const client = gateway.socketmap()
  await service.stop()
  const change = async (text: string) => {
    gateway.write(text)
    const report = await gateway.gateway.reload()
    return [report.ok && report.changes, await client.lookup('mailboxes', 'user1@a.example')]
  }
  for (const [before, after] of [
    ['usedBy: virtual_mailbox_maps', 'usedBy: [virtual_mailbox_maps, smtpd_sender_login_maps]'],
    ['path: "/mailboxes/{key}"', 'path: "/v2/mailboxes/{key}"'],
    ['timeout: 1s', 'timeout: 2s'],
  ] as const)
    expect((await change(yaml.replace(before, after)))[1]).toEqual(FOUND)

  const [changes, answer] = await change(yaml.replace(/(endpoints: \["[^"]*")/, '$1, "http://127.0.0.1:9"'))
  expect(answer).toMatchObject({ kind: 'temporary' })
  expect(changes).toContain(
    'table mailboxes: the copy of 10 entries is not used any more, since its list is another one now (changed: the endpoints, host or identity of the upstream); put it back before a new list is there, and the copy is used again',
  )
  expect((await change(yaml))[1]).toEqual(FOUND)
  expect(replicaStatus(gateway).entries).toBe(10)
})

test('a reload to a folder that another process has open is refused, and the copy goes on', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const [own, taken] = [folderFor(t), folderFor(t)]
  const yaml = replicaYaml(service.origin, own, 'authoritative: true')
  const gateway = await startReplicated(t, yaml)
  const script = `
    const { open } = require('lmdb')
    open({ path: process.argv[1], noSubdir: false, maxDbs: 7, encoding: 'string' }).get('state')
    console.log('open')
    setInterval(() => {}, 1000)`
  const args = ['-e', script, join(taken, 'mailboxes')]
  const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.onTestFinished(() => void other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  gateway.write(yaml.replace(own, taken))
  expect(await gateway.gateway.reload()).toMatchObject({
    ok: false,
    issues: [
      expect.stringContaining(
        `the folder of the replica, ${join(taken, 'mailboxes')}, cannot be used: process ${other.pid} uses it already; give each mapgate a folder of its own (replica.directory), or end that process`,
      ),
    ],
  })
  expect(await gateway.socketmap().lookup('mailboxes', 'user1@a.example')).toEqual(FOUND)
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 10 })
})

test('with an identity of the upstream, the endpoints may change', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true').replace(
    'timeout: 1s',
    'timeout: 1s, identity: directory',
  )
  const gateway = await startReplicated(t, yaml)
  await service.stop()
  gateway.write(yaml.replace(/endpoints: \["[^"]*"/, 'endpoints: ["http://127.0.0.1:9"'))
  expect((await gateway.gateway.reload()).ok).toBe(true)
  expect(await gateway.socketmap().lookup('mailboxes', 'user1@a.example')).toEqual(FOUND)
})

test('a user who was found after the copy is not, when a list that was asked for later lacks him', async (t) => {
  const service = await startHttpService(t)
  const mailboxes = new Map<string, string>(TEN)
  serveMailboxes(service, mailboxes)
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const client = gateway.socketmap()
  mailboxes.set('new@a.example', 'n/')
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'found', value: 'n/' })
  mailboxes.delete('new@a.example')
  await gateway.gateway.tables.purge('mailboxes', { kind: 'all' })
  await settled(gateway, 2)
  await service.stop()
  await outageIsSeen((key) => client.lookup('mailboxes', key))
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'notfound' })
})

test('a lookup that was under way does not bring back what was deleted', async (t) => {
  const service = await startHttpService(t)
  serveMailboxes(service, new Map(TEN))
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const client = gateway.socketmap()
  let send = (): void => {}
  const after = new Promise<void>((resolve) => {
    send = resolve
  })
  service.route('/mailboxes/new%40a.example', { json: 'n/', after })
  const asked = client.lookup('mailboxes', 'new@a.example')
  await service.received(2)
  const control = gateway.gateway.tables.replica('mailboxes')
  if (control === undefined || control === 'none') throw new TypeError('no replica')
  expect(await control.change('new@a.example', undefined)).toMatchObject({ kind: 'done' })
  send()
  expect(await asked).toEqual({ kind: 'found', value: 'n/' })
  await service.stop()
  await outageIsSeen((key) => client.lookup('mailboxes', key))
  expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'notfound' })
})
