/**
 * The other rules of a table hold for its copy as they do for its service; and lists that have a date instead of an ETag.
 */
import { expect, test } from 'vitest'
import { startHttpService } from '../../support/http/http-service.ts'
import { outageIsSeen } from './outage-is-seen.ts'
import { folderFor, refresh, replicaStatus, replicaYaml, startReplicated } from './replicated.ts'

const found = (value: string) => ({ kind: 'found', value })

test('domains, recipientDelimiter, format and separator: a copy answers as the service does, and so in an outage', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) =>
    url === '/aliases'
      ? {
          json: {
            'sales@a.example': ['ann@b.example', 'bob@b.example'],
            'ann-news@a.example': 'news@b.example',
            'ann@other.example': 'x@b.example',
          },
        }
      : { status: 404 }
  const yaml = `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { directory: { endpoints: ["${service.origin}"], timeout: 1s } }
tables:
  mailboxes:
    upstream: directory
    usedBy: virtual_alias_maps
    recipientDelimiter: "+-"
    domains: [a.example]
    request: { path: "/aliases/{key}" }
    response: { format: "{valueUser}+{user}@{valueDomain}", separator: "," }
    replica: { path: /aliases, every: 1h, directory: ${folderFor(t)} }
    canary: { key: sales@a.example }
`
  const gateway = await startReplicated(t, yaml)
  expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 3 })
  await service.stop()
  const client = gateway.socketmap()
  for (const [key, value] of [
    ['sales@a.example', 'ann+sales@b.example,bob+sales@b.example'],
    // The extension that was not in the copy goes back on, as propagate_unmatched_extensions says.
    ['Sales+today@A.example', 'ann+sales+today@b.example,bob+sales+today@b.example'],
    ['sales-today@a.example', 'ann+sales-today@b.example,bob+sales-today@b.example'],
  ] as const)
    expect(await client.lookup('mailboxes', key)).toEqual(found(value))
  // The whole key comes before the one without its extension.
  expect(await client.lookup('mailboxes', 'ann-news@a.example')).toEqual(found('news+ann-news@b.example'))
  // A domain that is not ours is not looked for.
  expect(await client.lookup('mailboxes', 'ann@other.example')).toEqual({ kind: 'notfound' })
  expect(await client.lookup('mailboxes', 'nobody@a.example')).toEqual({ kind: 'notfound' })
})

test('a list with Last-Modified is asked for with If-Modified-Since, and 304 confirms the copy', async (t) => {
  const service = await startHttpService(t)
  const modified = { 'last-modified': 'Sat, 28 Nov 2026 07:00:00 GMT' }
  const list = [{ address: 'ann@a.example', mailbox: 'a/ann/' }]
  service.otherwise = ({ headers }) =>
    headers['if-modified-since'] === modified['last-modified']
      ? { status: 304, headers: modified }
      : { json: list, headers: modified }
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), 'authoritative: true'))
  const { changedAtMs } = replicaStatus(gateway)
  expect(service.requests.at(-1)?.headers).not.toHaveProperty('if-modified-since')
  expect(await refresh(gateway)).toMatchObject({ state: 'ready', entries: 1, copies: 2, changedAtMs })
  expect(service.requests.at(-1)?.headers).toMatchObject({
    'if-modified-since': 'Sat, 28 Nov 2026 07:00:00 GMT',
  })
  expect(service.requests.at(-1)?.headers).not.toHaveProperty('if-none-match')
})

test('a copy of other settings is dropped, and what it had is asked for again', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { json: [{ address: 'ann@a.example', mailbox: 'a/ann/', home: 'h/ann/' }] }
  const folder = folderFor(t)
  const yaml = replicaYaml(service.origin, folder, 'authoritative: true')
  const first = await startReplicated(t, yaml)
  expect(await first.socketmap().lookup('mailboxes', 'ann@a.example')).toEqual(found('a/ann/'))
  await first.gateway.stop()
  service.otherwise = { status: 503 }
  const second = await startReplicated(t, yaml.replace('value: $.mailbox', 'value: $.home'))
  expect(replicaStatus(second)).toMatchObject({ state: 'empty', entries: 0, failures: 1 })
  expect((await second.socketmap().lookup('mailboxes', 'ann@a.example')).kind).toBe('temporary')
  service.otherwise = { json: [{ address: 'ann@a.example', mailbox: 'a/ann/', home: 'h/ann/' }] }
  await refresh(second)
  expect(await second.socketmap().lookup('mailboxes', 'ann@a.example')).toEqual(found('h/ann/'))
})

test('the first list is named in the log: how many entries, and three keys', async (t) => {
  const service = await startHttpService(t)
  const list = ['d', 'a', 'c', 'b'].map((user) => ({ address: `${user}@a.example`, mailbox: `${user}/` }))
  service.otherwise = { json: list }
  for (const [keys, text] of [
    ['plain', '4 entries, such as d@a.example, a@a.example, c@a.example'],
    ['none', '4 entries'],
  ] as const) {
    const yaml = `log: { keys: ${keys} }\n${replicaYaml(service.origin, folderFor(t), 'authoritative: true')}`
    const gateway = await startReplicated(t, yaml)
    await refresh(gateway)
    await gateway.gateway.stop()
    const lines = gateway.log().flatMap(({ change, msg }) => (change === 'copied' ? [msg] : []))
    expect(lines).toEqual([
      `the first list of the table was taken over: ${text}`,
      'the list of the table was taken over',
    ])
  }
})

test('a key that fails alone while the service answers others waits, also where nobody was asked before', async (t) => {
  const service = await startHttpService(t)
  const list = [{ address: 'ann@a.example', mailbox: 'a/ann/' }]
  service.otherwise = ({ url }) => {
    if (url === '/mailboxes') return { json: list }
    if (url.includes('broken')) return { status: 500 }
    return url.includes('ann') ? { json: 'a/ann/' } : { status: 404 }
  }
  const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
  const client = gateway.socketmap()
  expect((await client.lookup('mailboxes', 'broken@a.example')).kind).toBe('temporary')
  expect(await client.lookup('mailboxes', 'nobody@a.example')).toEqual({ kind: 'notfound' })
  await service.stop()
  await outageIsSeen((key) => client.lookup('mailboxes', key))
  expect(await client.lookup('mailboxes', 'unknown@a.example')).toEqual({ kind: 'notfound' })
})
