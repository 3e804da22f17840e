/**
 * A copy that is brought up to date by changes: what they do, and when the whole list is read instead.
 */
import { describe, expect, test } from 'vitest'
import { replica } from '../../../src/commands/replica/replica.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { type Behaviour, startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'
import { ALONE, asked, CHANGES, heldChanges, push, TEN, withCopy } from './changing-service.ts'
import { outageIsSeen } from './outage-is-seen.ts'
import { folderFor, refresh, replicaStatus, replicaYaml, settled, startReplicated } from './replicated.ts'

const TOO_MANY = 'there are more than 100000 changes, or more than 64 MiB of them; the whole list is read'

describe('changes', () => {
  test('are asked for by the cursor, and set and delete keys of the copy', async (t) => {
    const { http, service, gateway, client } = await withCopy(t)
    service.set('New@a.example', 'a/new/')
    service.set('user1@a.example', 'a/moved/')
    service.delete('user0@a.example')
    service.delete('never@a.example')
    expect(await refresh(gateway)).toMatchObject({
      state: 'ready',
      entries: 10,
      copies: 1,
      changes: { rounds: 1, set: 2, gone: 1, unusable: 0 },
    })
    expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
    expect(await client.lookup('mailboxes', 'user1@a.example')).toEqual({ kind: 'found', value: 'a/moved/' })
    expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
    expect(await client.lookup('mailboxes', 'user2@a.example')).toEqual({ kind: 'found', value: 'a/2/' })
    await refresh(gateway)
    expect(asked(http)).toEqual(['/mailboxes', '/mailboxes/changes?since=r0', '/mailboxes/changes?since=r4'])
  })

  test('go on after a restart where they were, and the copy is as young as the last ones', async (t) => {
    const { http, service, gateway, yaml } = await withCopy(t)
    service.delete('user0@a.example')
    await refresh(gateway)
    const { copiedAtMs } = replicaStatus(gateway)
    await gateway.gateway.stop()
    http.requests.length = 0
    service.set('new@a.example', 'a/new/')
    const again = await startReplicated(t, yaml.replace('every: 1h', 'every: 1s'))
    expect(asked(http)[0]).toBe('/mailboxes/changes?since=r1')
    expect(replicaStatus(again).copiedAtMs).toBeGreaterThan(copiedAtMs ?? 0)
    expect(await again.socketmap().lookup('mailboxes', 'new@a.example')).toMatchObject({ kind: 'found' })
    expect(await again.socketmap().lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'notfound' })
  })

  test('drop what the cache has of a key that is gone', async (t) => {
    const { http, service, gateway, client } = await withCopy(t, CHANGES)
    http.route('/mailboxes/new%40a.example', { json: 'a/new/' })
    expect(await client.lookup('mailboxes', 'new@a.example')).toMatchObject({ kind: 'found' })
    service.set('new@a.example', 'a/new/')
    await refresh(gateway)
    service.delete('new@a.example')
    http.route('/mailboxes/new%40a.example', { status: 404 })
    await refresh(gateway)
    expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'notfound' })
  })

  test('may come in pages, as lines of JSON, with the cursor in a header field', async (t) => {
    const http = await startHttpService(t)
    const lines = (entries: object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    const type = { 'content-type': 'application/x-ndjson' }
    http.route('/mailboxes', {
      text: lines(TEN.map(([address, mailbox]) => ({ address, mailbox }))),
      headers: { ...type, 'X-Cursor': 'a b/ü' },
    })
    http.route('/changes/a%20b%2F%C3%BC', {
      text: lines([{ address: 'user0@a.example', gone: 1 }]),
      headers: { ...type, 'x-cursor': 'ignored', link: '</page2>; rel="next"' },
    })
    http.route('/page2', {
      text: lines([
        { address: 'user1@a.example', mailbox: '' },
        { address: 'new@a.example', mailbox: 'new/' },
      ]),
      headers: { ...type, 'x-cursor': 'next' },
    })
    const settings =
      'authoritative: true\n      changes: /changes/{cursor}\n      cursor: x-cursor\n      deleted: $.gone\n      next: link'
    const gateway = await startReplicated(t, replicaYaml(http.origin, folderFor(t), settings))
    expect(await refresh(gateway)).toMatchObject({ entries: 9, changes: { set: 1, gone: 2 } })
    http.route('/changes/next', { text: '', headers: { ...type, 'x-cursor': 'next' } })
    expect(await refresh(gateway)).toMatchObject({ entries: 9, changes: { rounds: 2, set: 1, gone: 2 } })
  })

  test('are told by status, metrics, log, explanation and command', async (t) => {
    const { service, gateway } = await withCopy(t)
    service.delete('user0@a.example')
    const io = recordIo()
    expect(await replica('refresh', 'mailboxes', { admin: gateway.adminUrl }, io)).toBe(0)
    expect(io.out()).toMatch(
      /\nchanges: taken over once, 0 entries set, 1 deleted; the whole list was asked for .* ago\nnext question in /,
    )
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^mapgate_replica_changes_total\{table="mailboxes",result="taken"\} 1$/m)
    expect(metrics).toMatch(/^mapgate_replica_changes_total\{table="mailboxes",result="unusable"\} 0$/m)
    expect(metrics).toMatch(
      /^mapgate_replica_changed_entries_total\{table="mailboxes",change="deleted"\} 1$/m,
    )
    expect(metrics).toMatch(/^mapgate_replica_changed_entries_total\{table="mailboxes",change="set"\} 0$/m)
    expect(metrics).toMatch(/^mapgate_replica_last_whole_list_timestamp_seconds\{table="mailboxes"\} \d{10}/m)
    const logged = () => gateway.log().filter(({ event }) => event === 'replica')
    await until('both log lines', () => (logged().length === 2 ? true : undefined))
    expect(logged()).toMatchObject([
      { change: 'copied', entries: 10 },
      { change: 'changed', set: 0, gone: 1, msg: 'the changes of the table were taken over' },
    ])
    const url = `${gateway.adminUrl}/api/v1/tables/mailboxes/lookup?key=user1@a.example&explain=true`
    const { steps } = (await (await fetch(url)).json()) as { steps: object[] }
    expect(steps).toContainEqual(
      expect.objectContaining({ step: 'replica', entries: 9, listAgeMs: expect.any(Number) }),
    )
  })

  test('are left out when the whole list is wanted, or due', async (t) => {
    const { http, gateway } = await withCopy(t)
    expect(await replica('refresh', 'mailboxes', { admin: gateway.adminUrl, whole: true }, recordIo())).toBe(
      0,
    )
    gateway.gateway.tables.purge('mailboxes', { kind: 'all' })
    await settled(gateway, 3)
    gateway.gateway.tables.purge('mailboxes', { kind: 'key', key: Buffer.from('user0@a.example') })
    await settled(gateway, 4)
    expect(asked(http)).toEqual(['/mailboxes', '/mailboxes', '/mailboxes', '/mailboxes/changes?since=r0'])
  })
})

const entries = (...more: object[]): Behaviour => ({ json: { cursor: 'r9', entries: more } })

describe('the whole list is read at once, and the reason is told, for changes', () => {
  const CASES: [name: string, changes: Behaviour, reason: string][] = [
    [
      'of a cursor that is not known any more',
      { status: 410 },
      'the service does not know the cursor any more (410); the whole list is read',
    ],
    [
      'without a route',
      { status: 404 },
      'the changes route answered 404; it must answer 200, or 410 for a cursor that it does not know',
    ],
    [
      'that fail',
      { status: 500 },
      'the changes route answered 500; it must answer 200, or 410 for a cursor that it does not know',
    ],
    [
      'that say "not modified"',
      { status: 304 },
      'the changes route answered 304; it must answer 200, or 410 for a cursor that it does not know',
    ],
    [
      'that are elsewhere',
      { status: 302, headers: { location: '/x' } },
      'the changes route answered 302; it must answer 200, or 410 for a cursor that it does not know',
    ],
    [
      'that are a web page',
      { text: '<html>', headers: { 'content-type': 'text/html' } },
      'the list route answered with a web page',
    ],
    ['without a cursor', { json: { entries: [] } }, 'the changes have no cursor where replica.cursor points'],
    [
      'with a cursor that is no text',
      { json: { cursor: {}, entries: [] } },
      'the changes have no cursor where replica.cursor points',
    ],
    [
      'with a cursor that is too long',
      { json: { cursor: 'x'.repeat(2049), entries: [] } },
      'the changes have no cursor where replica.cursor points',
    ],
    [
      'with a cursor that has control characters',
      { json: { cursor: 'a\nb', entries: [] } },
      'the changes have no cursor where replica.cursor points',
    ],
    [
      'that are cut',
      { text: '{"cursor":"r9","entries":[', headers: { 'content-type': 'application/json' } },
      'the list ends in the middle of an entry',
    ],
    [
      'with a key that cannot be',
      entries({ address: 'a\nb', mailbox: 'x' }),
      'entry 1 of the list has a key that cannot be asked for: control bytes',
    ],
    [
      'with a value that cannot be',
      entries({ address: 'x@a.example', mailbox: {} }),
      "entry 1 of the list: the service's reply has a value that is neither text nor a plain number",
    ],
    [
      'with a deletion that may mean either',
      entries({ address: 'user1@a.example', deleted: 'perhaps' }),
      'entry 1 of the changes does not say whether its key was deleted',
    ],
    [
      'that delete the canary',
      entries({ address: 'user9@a.example', deleted: true }),
      "the changes delete the canary's key; the whole list is read",
    ],
    [
      'of somebody else',
      { json: { cursor: 'r9', next: 'http://127.0.0.1:1/', entries: [] } },
      'the next page of the list is at another origin, or is not a URL',
    ],
    [
      'in a circle',
      { json: { cursor: 'r9', next: '/mailboxes/changes?since=r0', entries: [] } },
      'the pages of the list lead back to an earlier one',
    ],
  ]
  for (const [name, changes, reason] of CASES) {
    test(name, async (t) => {
      const settings = `${ALONE}\n      next: $.next`
      const { http, service, gateway, client } = await withCopy(
        t,
        settings,
        'canary: { key: user9@a.example }',
      )
      service.changes = changes
      service.set('new@a.example', 'a/new/')
      expect(await refresh(gateway)).toMatchObject({
        state: 'ready',
        entries: 11,
        copies: 2,
        changes: { rounds: 0, unusable: 1, lastProblem: reason },
      })
      expect(await client.lookup('mailboxes', 'new@a.example')).toMatchObject({ kind: 'found' })
      await until('the log line', () =>
        gateway.log().some((line) => line.change === 'whole' && line.reason === reason) ? true : undefined,
      )
      // And from the new cursor on.
      service.changes = undefined
      service.delete('new@a.example')
      const status = await refresh(gateway)
      expect(status).toMatchObject({ entries: 10, changes: { rounds: 1, gone: 1 } })
      expect(status.changes).not.toHaveProperty('lastProblem')
      expect(asked(http).at(-1)).toBe('/mailboxes/changes?since=r1')
    })
  }

  test('of a list without a cursor, each time', async (t) => {
    const { http, service, gateway } = await withCopy(t)
    service.list = { json: { entries: TEN.map(([address, mailbox]) => ({ address, mailbox })) } }
    for (const copies of [2, 3])
      expect(await refresh(gateway, copies === 2)).toMatchObject({
        copies,
        changes: { lastProblem: 'the list has no cursor where replica.cursor points' },
      })
    expect(asked(http)).toEqual(['/mailboxes', '/mailboxes', '/mailboxes'])
  })

  test('by more than 100,000 changes', async (t) => {
    const { service, gateway } = await withCopy(t)
    const many = (count: number) =>
      entries(...Array.from({ length: count }, (_, at) => ({ address: `x${at}`, deleted: true })))
    service.changes = many(100_000)
    expect(await refresh(gateway)).toMatchObject({ changes: { rounds: 1, unusable: 0 } })
    service.changes = many(100_001)
    expect(await refresh(gateway)).toMatchObject({
      changes: { rounds: 1, lastProblem: TOO_MANY },
    })
    const pad = 'x'.repeat(1_000_000)
    service.changes = entries(...Array.from({ length: 68 }, () => ({ address: 'x', deleted: true, pad })))
    expect(await refresh(gateway)).toMatchObject({
      changes: { rounds: 1, unusable: 2, lastProblem: TOO_MANY },
    })
  })

  test('that somebody wants, until it is there', async (t) => {
    const { http, service, gateway } = await withCopy(t)
    service.list = { status: 503 }
    expect(await refresh(gateway, true)).toMatchObject({ failures: 1 })
    service.list = undefined
    expect(await refresh(gateway)).toMatchObject({ copies: 2, changes: { rounds: 0 } })
    expect(await refresh(gateway)).toMatchObject({ copies: 2, changes: { rounds: 1 } })
    expect(asked(http).slice(1)).toEqual(['/mailboxes', '/mailboxes', '/mailboxes/changes?since=r0'])
  })
})

describe('the copy stays, and no list is asked for, while the service is away:', () => {
  const CASES: [name: string, changes: Behaviour, reason: string][] = [
    ['503', { status: 503 }, 'the changes route answered 503'],
    ['429', { status: 429 }, 'the changes route answered 429'],
    ['401', { status: 401 }, 'the changes route answered 401; look at the credentials for it'],
    ['a reset', { act: 'reset' }, 'the service closed the connection without a complete reply'],
    [
      'a reset in the body',
      { act: 'reset-in-body' },
      'the service closed the connection without a complete reply',
    ],
  ]
  for (const [name, changes, reason] of CASES) {
    test(name, async (t) => {
      const { http, service, gateway } = await withCopy(t)
      service.changes = changes
      expect(await refresh(gateway)).toMatchObject({ entries: 10, failures: 1, lastFailure: reason })
      expect(asked(http).filter((url) => url === '/mailboxes')).toHaveLength(1)
    })
  }
})

describe('changes that delete many keys', () => {
  test('in pieces since the last whole list: it decides, and is kept aside where it lacks them', async (t) => {
    const { http, service, gateway, client } = await withCopy(t)
    service.delete('user0@a.example')
    service.delete('user1@a.example')
    expect(await refresh(gateway)).toMatchObject({ state: 'ready', entries: 8 })
    service.delete('user2@a.example')
    expect(await refresh(gateway)).toMatchObject({
      state: 'held',
      entries: 8,
      held: { entries: 7, lost: 1 },
      lastFailure:
        'the list lacks 1 keys of the copy, and changes have deleted 2 since the last whole list: more than replica.maxShrink',
      changes: {
        lastProblem:
          'the changes since the last whole list delete 3 keys, more than replica.maxShrink; the whole list is read',
      },
    })
    expect(await client.lookup('mailboxes', 'user2@a.example')).toMatchObject({ kind: 'found' })
    expect(await replica('accept', 'mailboxes', { admin: gateway.adminUrl }, recordIo())).toBe(0)
    expect(await client.lookup('mailboxes', 'user2@a.example')).toEqual({ kind: 'notfound' })
    service.delete('user3@a.example')
    expect(await refresh(gateway)).toMatchObject({ state: 'ready', entries: 6, changes: { rounds: 2 } })
    expect(asked(http).at(-1)).toBe('/mailboxes/changes?since=r3')
  })

  test('delete what a lookup found and the copy never had', async (t) => {
    const { http, service, gateway, client } = await withCopy(t, CHANGES)
    http.route('/mailboxes/new%40a.example', { json: 'a/new/' })
    expect(await client.lookup('mailboxes', 'new@a.example')).toMatchObject({ kind: 'found' })
    service.delete('new@a.example')
    await refresh(gateway)
    await http.stop()
    await outageIsSeen((key) => client.lookup('mailboxes', key))
    expect(await client.lookup('mailboxes', 'new@a.example')).toEqual({ kind: 'notfound' })
  })

  test('that the list still has: the list is taken over', async (t) => {
    const { service, gateway } = await withCopy(t)
    service.changes = entries(...TEN.map(([address]) => ({ address, deleted: true })))
    expect(await refresh(gateway)).toMatchObject({ state: 'ready', entries: 10, copies: 2 })
  })
})

describe('what is pushed while changes are asked for', () => {
  test('stays, and the next changes tell its key again', async (t) => {
    const { http, service, gateway, client } = await withCopy(t)
    service.set('user0@a.example', 'a/first/')
    service.set('user1@a.example', 'a/other/')
    const send = heldChanges(service, service.changedSince('r0'))
    const done = refresh(gateway)
    await http.received(2)
    await push(gateway, 'PUT', 'user0@a.example', 'a/second/')
    await push(gateway, 'DELETE', 'user9@a.example')
    send()
    expect(await done).toMatchObject({ entries: 9, changes: { set: 1 } })
    const value = async (key: string) => client.lookup('mailboxes', key)
    expect(await value('user0@a.example')).toEqual({ kind: 'found', value: 'a/second/' })
    expect(await value('user1@a.example')).toEqual({ kind: 'found', value: 'a/other/' })
    expect(await value('user9@a.example')).toEqual({ kind: 'notfound' })
    service.changes = undefined
    service.set('user0@a.example', 'a/second/')
    await refresh(gateway)
    await refresh(gateway)
    expect(asked(http).slice(1)).toEqual([
      '/mailboxes/changes?since=r0',
      '/mailboxes/changes?since=r0',
      '/mailboxes/changes?since=r3',
    ])
    expect(await value('user0@a.example')).toEqual({ kind: 'found', value: 'a/second/' })
  })

  test('and with a list: the changes since the copy before it have the last word', async (t) => {
    const { http, service, gateway, client } = await withCopy(t)
    service.set('user0@a.example', 'a/first/')
    service.set('user0@a.example', 'a/last/')
    const listed = service.listed()
    let send = (): void => {}
    service.list = { json: listed, after: new Promise<void>((resolve) => (send = resolve)) }
    const done = refresh(gateway, true)
    await http.received(2)
    await push(gateway, 'PUT', 'user0@a.example', 'a/first/')
    send()
    await done
    expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'found', value: 'a/first/' })
    await refresh(gateway)
    expect(await client.lookup('mailboxes', 'user0@a.example')).toEqual({ kind: 'found', value: 'a/last/' })
    expect(asked(http).at(-1)).toBe('/mailboxes/changes?since=r0')
  })
})
