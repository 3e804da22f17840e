/**
 * What a service pushes while a list is kept aside, and a word about that list while another one is read.
 */
import { expect, test } from 'vitest'
import { replica } from '../../../src/commands/replica/replica.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'
import { asked, push, TEN, withCopy } from './changing-service.ts'
import { folderFor, refresh, replicaStatus, replicaYaml, settled, startReplicated } from './replicated.ts'

const listed = (mailboxes: readonly (readonly [string, string])[]) =>
  mailboxes.map(([address, mailbox]) => ({ address, mailbox }))

/** A gateway with a copy of ten, and a list of four that is kept aside. */
async function withHeld(t: Cleanup) {
  const service = await startHttpService(t)
  service.otherwise = { json: listed(TEN) }
  const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true')
  const gateway = await startReplicated(t, yaml)
  service.otherwise = { json: listed(TEN.slice(0, 4)) }
  expect(await refresh(gateway)).toMatchObject({ state: 'held', held: { entries: 4, lost: 6 } })
  const control = gateway.gateway.tables.replica('mailboxes')
  if (control === undefined || control === 'none') throw new TypeError('no replica')
  const client = gateway.socketmap()
  const find = async (...users: string[]) => {
    const answers: string[] = []
    for (const user of users) {
      const answer = await client.lookup('mailboxes', `${user}@a.example`)
      answers.push(answer.kind === 'found' ? answer.value : answer.kind)
    }
    return answers
  }
  /** Holds the next list. @returns What lets it go. */
  const hold = (mailboxes: readonly (readonly [string, string])[]): (() => void) => {
    let send = (): void => {}
    const after = new Promise<void>((resolve) => {
      send = resolve
    })
    service.otherwise = { json: listed(mailboxes), after }
    return send
  }
  return { service, gateway, control, find, hold }
}

test('what is pushed while a list is kept aside is there when it is accepted, and nothing speaks of a failure', async (t) => {
  const { gateway, control, find } = await withHeld(t)
  await push(gateway, 'PUT', 'new@a.example', 'a/new/')
  await push(gateway, 'DELETE', 'user1@a.example')
  expect(await find('new', 'user1', 'user9')).toEqual(['a/new/', 'notfound', 'a/9/'])
  expect(await control.settleHeld(true)).toMatchObject({ kind: 'done' })
  expect(await find('new', 'user1', 'user0', 'user9')).toEqual(['a/new/', 'notfound', 'a/0/', 'notfound'])
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })
  expect(replicaStatus(gateway)).not.toHaveProperty('lastFailure')
})

test('what is pushed while a list is kept aside stays when it is rejected', async (t) => {
  const { gateway, control, find } = await withHeld(t)
  await push(gateway, 'PUT', 'new@a.example', 'a/new/')
  expect(await control.settleHeld(false)).toMatchObject({ kind: 'done' })
  expect(await find('new', 'user9')).toEqual(['a/new/', 'a/9/'])
})

test('a list is accepted while the next one is asked for, which is then compared with it', async (t) => {
  const { service, gateway, control, find, hold } = await withHeld(t)
  const send = hold(TEN.slice(0, 5))
  control.refresh(false)
  await service.received(3)
  await push(gateway, 'PUT', 'new@a.example', 'a/new/')
  expect(replicaStatus(gateway)).toMatchObject({ state: 'copying', held: { entries: 4 } })
  expect(await control.settleHeld(true)).toMatchObject({ kind: 'done', status: { state: 'copying' } })
  expect(await find('new', 'user3', 'user9')).toEqual(['a/new/', 'a/3/', 'notfound'])
  send()
  expect(await settled(gateway, 3)).toMatchObject({ state: 'ready', entries: 6 })
  expect(await find('new', 'user3', 'user4', 'user9')).toEqual(['a/new/', 'a/3/', 'a/4/', 'notfound'])
})

test('a list is rejected while the next one is asked for', async (t) => {
  const { service, gateway, control, find, hold } = await withHeld(t)
  const send = hold(TEN)
  control.refresh(false)
  await service.received(3)
  expect(await control.settleHeld(false)).toMatchObject({ kind: 'done', status: { state: 'copying' } })
  expect(await find('user9')).toEqual(['a/9/'])
  send()
  expect(await settled(gateway, 3)).toMatchObject({ state: 'ready', entries: 10 })
})

test('an "unchanged" that was asked for by the copy before says nothing about the list that was accepted meanwhile', async (t) => {
  const service = await startHttpService(t)
  const etag = { etag: '"ten"' }
  service.otherwise = { json: listed(TEN), headers: etag }
  const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true')
  const gateway = await startReplicated(t, yaml)
  service.otherwise = { json: listed(TEN.slice(0, 4)), headers: { etag: '"four"' } }
  await refresh(gateway)
  let send = (): void => {}
  const after = new Promise<void>((resolve) => {
    send = resolve
  })
  service.otherwise = { status: 304, headers: etag, after }
  const control = gateway.gateway.tables.replica('mailboxes')
  if (control === undefined || control === 'none') throw new TypeError('no replica')
  control.refresh(false)
  await service.received(3)
  expect(service.requests.at(-1)?.headers['if-none-match']).toBe('"ten"')
  expect(await control.settleHeld(true)).toMatchObject({ kind: 'done' })
  send()
  expect(await settled(gateway, 3)).toMatchObject({ state: 'ready', entries: 4, failures: 1 })
})

test('changes that delete many keys again and again have the list read once, and it stays kept aside over others', async (t) => {
  const { http, service, gateway, client } = await withCopy(t)
  for (const [key] of TEN.slice(0, 3)) service.delete(key)
  expect(await refresh(gateway)).toMatchObject({ state: 'held', held: { entries: 7, lost: 3 } })
  expect(await refresh(gateway)).toMatchObject({
    state: 'held',
    entries: 10,
    held: { entries: 7, lost: 3 },
    lastFailure:
      'the changes since the last whole list delete 3 keys, more than replica.maxShrink; a list is kept aside, accept or reject it',
  })
  expect(asked(http).filter((url) => url === '/mailboxes')).toHaveLength(2)
  // It is said once, until it is something else.
  const said = () => gateway.log().flatMap(({ event, change }) => (event === 'replica' ? [change] : []))
  await refresh(gateway)
  await refresh(gateway)
  service.delete('user3@a.example')
  await refresh(gateway)
  await until('the last line', () => (said().length === 5 ? true : undefined))
  expect(said()).toEqual(['copied', 'whole', 'held', 'failed', 'failed'])
  service.changes = { json: { cursor: 'r9', entries: [] } }
  expect(await refresh(gateway)).toMatchObject({ state: 'held', held: { entries: 7 } })
  expect(await replica('accept', 'mailboxes', { admin: gateway.adminUrl }, recordIo())).toBe(0)
  expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
  expect(replicaStatus(gateway).entries).toBe(7)
})
