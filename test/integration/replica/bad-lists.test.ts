/**
 * Whatever is wrong with a list: the copy in use stays, and the reason is told.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { BAD_LISTS, FIVE, JSON_TYPE, LIST, more, raw } from './bad-list-cases.ts'
import {
  folderFor,
  refresh as refreshed,
  replicaStatus,
  replicaYaml,
  settled,
  startReplicated,
} from './replicated.ts'

/** A small one, for every cut. */
const TWO = FIVE.slice(0, 2)
const TWO_LISTED = JSON.stringify(TWO)
const CUT = 'the list ends in the middle of an entry'

/** A gateway that has the five, and only its copy: its service is not asked for keys. */
async function withCopy(t: Cleanup, replica = ''): Promise<{ service: HttpService; gateway: TestGateway }> {
  const service = await startHttpService(t)
  service.otherwise = { json: FIVE }
  const settings = `authoritative: true\n      ${replica}`
  const gateway = await startReplicated(
    t,
    replicaYaml(service.origin, folderFor(t), settings, 'canary: { key: u0@a.example }'),
  )
  return { service, gateway }
}

async function expectOldCopy(gateway: TestGateway): Promise<void> {
  const client = gateway.socketmap()
  for (const { address, mailbox } of FIVE)
    expect(await client.lookup('mailboxes', address)).toEqual({ kind: 'found', value: mailbox })
  expect(await client.lookup('mailboxes', 'u5@a.example')).toEqual({ kind: 'notfound' })
  expect(replicaStatus(gateway).entries).toBe(5)
  client.close()
}

/** Asks for the list once more. @returns Why it was not taken over. */
async function refresh(gateway: TestGateway): Promise<string | undefined> {
  return (await refreshed(gateway)).lastFailure
}

function toRow({ address, mailbox }: (typeof FIVE)[number]): string {
  return `${address},${mailbox}\n`
}

function toLine(entry: object): string {
  return `${JSON.stringify(entry)}\n`
}

describe('what `response.error` selects beside the entries of a page', () => {
  for (const [error, reason] of [
    ['backend timeout', 'the list says that something went wrong: $.error is set'],
    [null, undefined],
    ['', undefined],
    [false, undefined],
  ] as const)
    test(`${JSON.stringify(error)} ${reason === undefined ? 'is no error' : 'keeps the copy'}`, async (t) => {
      const service = await startHttpService(t)
      service.otherwise = { json: { entries: FIVE, error: null } }
      const yaml = replicaYaml(
        service.origin,
        folderFor(t),
        'items: $.entries[*]',
        'response: { error: $.error }',
      )
      const gateway = await startReplicated(t, yaml)
      service.otherwise = { json: { entries: FIVE.slice(0, 4), error } }
      expect(await refresh(gateway)).toBe(reason)
      expect(replicaStatus(gateway).entries).toBe(reason === undefined ? 4 : 5)
    })
})

describe('the copy in use stays, and the reason is told, for', () => {
  for (const [name, list, reason, settings] of BAD_LISTS) {
    test(name, async (t) => {
      const { service, gateway } = await withCopy(t, settings === 'next: link' ? '' : settings)
      if (settings === 'next: link') {
        gateway.write(
          replicaYaml(
            service.origin,
            replicaFolder(gateway),
            'authoritative: true\n      next: link',
            'canary: { key: u0@a.example }',
          ),
        )
        await gateway.gateway.reload()
        await settled(gateway, 2)
      }
      service.otherwise = list
      expect(await refresh(gateway)).toBe(reason)
      await expectOldCopy(gateway)
    })
  }

  for (const [name, type, bytes] of [
    ['CSV', 'text/csv', Buffer.from(`address,mailbox\n${TWO.map(toRow).join('')}`)],
    ['NDJSON', 'application/x-ndjson', Buffer.from(TWO.map(toLine).join(''))],
  ] as const) {
    test(`a list of ${name} that is cut at any byte`, async (t) => {
      const { service, gateway } = await withCopy(t)
      for (let at = 0; at < bytes.length; at++) {
        service.otherwise = { body: bytes.subarray(0, at), headers: { 'content-type': type } }
        const why = await refresh(gateway)
        // Whole lines are a list, which only the canary and maxShrink can tell from the one before.
        const isWhole = at === 0 || bytes[at - 1] === 0x0a
        if (isWhole) expect([at, why]).toEqual([at, expect.stringMatching(/canary|maxShrink/)])
        else expect([at, why]).toEqual([at, CUT])
      }
      await expectOldCopy(gateway)
    })
  }

  test('a list behind gzip that is cut at any byte', async (t) => {
    const { service, gateway } = await withCopy(t)
    const bytes = gzipSync(TWO_LISTED)
    for (let at = 0; at < bytes.length; at++) {
      service.otherwise = {
        body: bytes.subarray(0, at),
        headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      }
      expect([at, await refresh(gateway)]).toEqual([at, 'the compressed list is broken or cut'])
    }
    await expectOldCopy(gateway)
  })

  test('a list that is cut at any byte', async (t) => {
    const { service, gateway } = await withCopy(t)
    for (let at = 0; at < TWO_LISTED.length; at++) {
      service.otherwise = raw(
        TWO_LISTED.slice(0, at),
        `content-type: application/json\r\ncontent-length: ${TWO_LISTED.length}`,
      )
      expect([at, await refresh(gateway)]).toEqual([
        at,
        'the service closed the connection without a complete reply',
      ])
      service.otherwise = { text: TWO_LISTED.slice(0, at), headers: JSON_TYPE }
      expect([at, await refresh(gateway)]).toEqual([at, CUT])
    }
    await expectOldCopy(gateway)
  })

  for (const [name, second, found] of [
    ['an error message', { error: 'rate limited' }, 'missing; there is "error"'],
    ['null', { entries: null }, 'null'],
  ] as const) {
    test(`a second page of ${name}, however little it would have`, async (t) => {
      const service = await startHttpService(t)
      const pages = (last: unknown): void => {
        service.otherwise = ({ url }) => ({
          json: url.includes('page') ? last : { entries: FIVE.slice(0, 4), next: '/mailboxes?page=2' },
        })
      }
      pages({ entries: FIVE.slice(4) })
      const settings = 'authoritative: true\n      items: $.entries[*]\n      next: $.next'
      const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), settings))
      pages(second)
      expect(await refresh(gateway)).toBe(
        `the list has no entries where replica.items points: $.entries is ${found}`,
      )
      await expectOldCopy(gateway)
      pages({ entries: [] })
      expect(await refresh(gateway)).toBeUndefined()
      expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })
    })
  }

  test('a list that has shrunk: it is kept aside', async (t) => {
    const { service, gateway } = await withCopy(t)
    service.otherwise = { json: FIVE.slice(0, 3) }
    expect(await refresh(gateway)).toBe('the list lacks 2 keys of the copy, more than replica.maxShrink')
    expect(replicaStatus(gateway)).toMatchObject({ state: 'held', held: { entries: 3, lost: 2 } })
    await expectOldCopy(gateway)
    service.otherwise = { json: FIVE.slice(0, 4) }
    expect(await refresh(gateway)).toBeUndefined()
    expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })
  })
})

describe('a first list without a canary', () => {
  for (const [name, list, isTaken] of [
    ['a word and its state', { status: 'ok' }, false],
    ['twenty words', Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`word${at}`, 'x'])), false],
    ['21 words', Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`word${at}`, 'x'])), true],
    ['an address', { 'ann@a.example': 'x', root: 'x' }, true],
    ['a domain', ['a.example'], true],
    ['a word of its own', ['hello'], false],
  ] as const) {
    test(`of ${name} is ${isTaken ? 'taken over' : 'kept aside until somebody accepts it'}`, async (t) => {
      const service = await startHttpService(t)
      service.otherwise = { json: list }
      const yaml = replicaYaml(service.origin, folderFor(t)).replace(/ +(?:key|value): \$.*\n/g, '')
      const gateway = await startReplicated(t, yaml)
      const status = replicaStatus(gateway)
      expect(status.state).toBe(isTaken ? 'ready' : 'held')
      if (isTaken) return
      expect(status).toMatchObject({
        entries: 0,
        held: {
          lost: 0,
          reason: 'the first list has no address or domain among its keys, and may be an error message',
        },
      })
      const control = gateway.gateway.tables.replica('mailboxes')
      if (control === undefined || control === 'none') throw new TypeError('no replica')
      expect(await control.settleHeld(true)).toMatchObject({ kind: 'done' })
      expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: status.held?.entries })
      expect(replicaStatus(gateway).lastFailure).toBeUndefined()
    })
  }

  test('is taken over where the keys are named, or the canary is in it', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { json: [{ address: 'root', mailbox: 'root/' }] }
    const named = await startReplicated(t, replicaYaml(service.origin, folderFor(t)))
    expect(replicaStatus(named)).toMatchObject({ state: 'ready', entries: 1 })
    service.otherwise = { json: { root: 'root/' } }
    const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true', 'canary: { key: root }')
    const guarded = await startReplicated(t, yaml.replace(/ +(?:key|value): \$.*\n/g, ''))
    expect(replicaStatus(guarded)).toMatchObject({ state: 'ready', entries: 1 })
  })
})

describe('a list is read', () => {
  for (const [name, encode] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const) {
    test(`that is compressed with ${name}`, async (t) => {
      const { service, gateway } = await withCopy(t)
      const list = JSON.stringify([...FIVE, { address: 'new@a.example', mailbox: 'a/new/' }])
      service.otherwise = { body: encode(list), headers: { ...JSON_TYPE, 'content-encoding': name } }
      expect(await refresh(gateway)).toBeUndefined()
      expect(replicaStatus(gateway)).toMatchObject({ entries: 6, bytes: list.length })
    })
  }

  for (const [name, type, body, settings] of [
    ['NDJSON', 'application/x-ndjson', FIVE.map(toLine).join(''), ''],
    ['CSV', 'text/csv; charset=utf-8', `address,mailbox\n${FIVE.map(toRow).join('')}`, ''],
    ['a format that is named', 'application/octet-stream', LIST, 'format: json'],
  ] as const) {
    test(`as ${name}`, async (t) => {
      const service = await startHttpService(t)
      service.otherwise = { text: body, headers: { 'content-type': type } }
      const settings2 = `authoritative: true\n      ${settings}`
      const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), settings2))
      await expectOldCopy(gateway)
    })
  }

  for (const [name, reply] of [
    ['says that it closes the connection', { headers: { connection: 'close' } }],
    ['closes it without a word', { thenClose: true }],
  ] as const) {
    test(`from a service that ${name}`, async (t) => {
      const { service, gateway } = await withCopy(t)
      service.otherwise = { json: FIVE.slice(0, 4), ...reply }
      expect(await refresh(gateway)).toBeUndefined()
      expect(replicaStatus(gateway)).toMatchObject({ entries: 4 })
    })
  }

  test('as lines of key and value', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = {
      text: `# all\n${FIVE.map(({ address, mailbox }) => `${address}\t${mailbox}\n`).join('')}`,
      headers: { 'content-type': 'text/plain' },
    }
    const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true').replace(
      / +(?:key|value): \$.*\n/g,
      '',
    )
    await expectOldCopy(await startReplicated(t, yaml))
  })

  test('with entries that stand twice with the same value, which count once', async (t) => {
    const { service, gateway } = await withCopy(t)
    service.otherwise = more({ address: 'U1@A.example', mailbox: 'a/1/' }, FIVE[2])
    expect(await refresh(gateway)).toBeUndefined()
    expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 5, copies: 2 })
    await expectOldCopy(gateway)
  })

  test('in pages, by a path and by the header field', async (t) => {
    for (const next of ['$.next', 'link']) {
      const service = await startHttpService(t)
      service.otherwise = ({ url }) => {
        const page = Number(new URL(url, 'http://x').searchParams.get('page') ?? 0)
        const address = page < 4 ? `/mailboxes?page=${page + 1}` : undefined
        return {
          json: { entries: [FIVE[page]], ...(next === '$.next' && { next: address ?? null }) },
          ...(next === 'link' && address !== undefined && { headers: { link: `<${address}>; rel="next"` } }),
        }
      }
      const settings = `authoritative: true\n      items: $.entries[*]\n      next: ${next}`
      const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), settings))
      await expectOldCopy(gateway)
      expect(service.requests.length).toBe(5)
    }
  })
})

/** The folder that the configuration of a gateway names. */
function replicaFolder(gateway: TestGateway): string {
  const config = JSON.stringify(gateway.gateway.redactedConfig())
  return /"directory":"([^"]+)"/.exec(config)?.[1] ?? ''
}
