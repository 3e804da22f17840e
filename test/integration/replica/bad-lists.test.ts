/**
 * Whatever is wrong with a list: the copy in use stays, and the reason is told.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import type { Behaviour, Cleanup } from '../../support/http/http-service.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import {
  folderFor,
  refresh as refreshed,
  replicaStatus,
  replicaYaml,
  settled,
  startReplicated,
} from './replicated.ts'

const FIVE = Array.from({ length: 5 }, (_, at) => ({ address: `u${at}@a.example`, mailbox: `a/${at}/` }))
const LIST = JSON.stringify(FIVE)
/** A small one, for every cut. */
const TWO = FIVE.slice(0, 2)
const TWO_LISTED = JSON.stringify(TWO)
const CUT = 'the list ends in the middle of an entry'
const JSON_TYPE = { 'content-type': 'application/json' }

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

/** Sends these bytes, and the length of the whole. */
function raw(body: string | Buffer, head: string): Behaviour {
  return {
    act: 'raw',
    bytes: Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), Buffer.from(body)]),
  }
}

const more = (...entries: unknown[]): Behaviour => ({ json: [...FIVE, ...entries] })

const CASES: [name: string, list: Behaviour, reason: string, settings?: string][] = [
  [
    'a value that nothing can use where the table is used',
    more({ address: 'u5@a.example', mailbox: 'unavailable' }),
    "entry 6 of the list: the service's value makes no sense to Postfix where this table is used; see usedBy",
  ],
  [
    'a 404',
    { status: 404 },
    'the list route answered 404; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a 204',
    { status: 204 },
    'the list route answered 204; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a redirect',
    { status: 302, headers: { location: '/other' } },
    'the list route answered 302; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a 304 without a condition',
    { status: 304 },
    'the list route answered 304; it must answer 200, or 304 to a conditional request',
  ],
  ['a refusal', { status: 401 }, 'the list route answered 401; look at the credentials for it'],
  [
    'a web page',
    { text: '<!DOCTYPE html><p>error', headers: { 'content-type': 'text/html' } },
    'the list route answered with a web page',
  ],
  [
    'a web page that calls itself JSON',
    { text: '<html><p>error', headers: JSON_TYPE },
    'the list route answered with a web page',
  ],
  [
    'a type that says nothing',
    { text: LIST, headers: { 'content-type': 'application/octet-stream' } },
    'the content type of the list says nothing about its format; write replica.format',
  ],
  [
    'an end by the end of the connection',
    raw(LIST, 'content-type: application/json\r\nconnection: close'),
    'the list has no content-length and is not chunked, so it may be incomplete',
  ],
  [
    'no JSON',
    { text: 'ann@a.example', headers: JSON_TYPE },
    'the list cannot be read as JSON, at or before entry 1',
  ],
  [
    'other content',
    { json: { error: 'down for maintenance' } },
    'entry 1 of the list has no text where replica.key points',
  ],
  [
    'a list of something else, without the canary',
    { json: [{ address: 'x@b.example', mailbox: 'x' }] },
    "the list lacks the canary's key",
  ],
  [
    'a duplicate key',
    more({ address: 'u1@a.example', mailbox: 'other/' }),
    'entry 6 of the list has the key of another entry',
  ],
  [
    'a key that differs in case only',
    more({ address: 'U1@A.example', mailbox: 'other/' }),
    'entry 6 of the list has the key of another entry',
  ],
  [
    'an empty key',
    more({ address: '', mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: empty',
  ],
  [
    'a key with a line end',
    more({ address: 'a\nb', mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: control bytes',
  ],
  [
    'a key of 1025 bytes',
    more({ address: 'a'.repeat(1025), mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: too long',
  ],
  [
    'a value with a line end',
    more({ address: 'x@a.example', mailbox: 'a\nb' }),
    "entry 6 of the list: the service's reply has control characters in a value",
  ],
  [
    'a value that is an object',
    more({ address: 'x@a.example', mailbox: {} }),
    "entry 6 of the list: the service's reply has a value that is neither text nor a plain number",
  ],
  [
    'a list that is endless',
    { act: 'large', bytes: 5_000_000, announced: false },
    'the list has an entry larger than 1 MiB, at or after entry 0',
  ],
  [
    'a list that is too large',
    { text: `${LIST}${' '.repeat(3000)}`, headers: JSON_TYPE },
    'the list is larger than 2048 bytes; see replica.maxBytes',
    'maxBytes: 2KiB',
  ],
  [
    'a list that unpacks to too much',
    {
      body: gzipSync(`${LIST}${' '.repeat(10_000_000)}`),
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    },
    'the list is larger than 2048 bytes; see replica.maxBytes',
    'maxBytes: 2KiB',
  ],
  [
    'too many entries',
    more({ address: 'x@a.example', mailbox: 'x' }),
    'the list has more than 5 entries; see replica.maxEntries',
    'maxEntries: 5',
  ],
  [
    'a list that is too slow',
    { act: 'drip', everyMs: 50 },
    'the list was not complete within 1 s; see replica.timeout',
    'timeout: 1s',
  ],
  ['silence', { act: 'silence' }, 'the list was not complete within 1 s; see replica.timeout', 'timeout: 1s'],
  ['a reset', { act: 'reset' }, 'the service closed the connection without a complete reply'],
  [
    'a reset in the body',
    { act: 'reset-in-body' },
    'the service closed the connection without a complete reply',
  ],
  [
    'a compression that nobody asked for',
    { text: LIST, headers: { ...JSON_TYPE, 'content-encoding': 'zstd' } },
    'the list is compressed in a way that was not asked for',
  ],
  [
    'what is no gzip',
    { text: LIST, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
    'the compressed list is broken or cut',
  ],
  [
    'a gzip that is cut',
    { body: gzipSync(LIST).subarray(0, -4), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
    'the compressed list is broken or cut',
  ],
  [
    'a br that is cut',
    { body: brotliCompressSync(LIST).subarray(0, -4), headers: { ...JSON_TYPE, 'content-encoding': 'br' } },
    'the compressed list is broken or cut',
  ],
  [
    'pages in a circle',
    { json: FIVE, headers: { link: '</mailboxes>; rel="next"' } },
    'the pages of the list lead back to an earlier one',
    'next: link',
  ],
  [
    'a page of somebody else',
    { json: FIVE, headers: { link: '<http://127.0.0.1:1/>; rel="next"' } },
    'the next page of the list is at another origin, or is not a URL',
    'next: link',
  ],
  [
    'a page that was read already under another name',
    ({ url }) => ({
      json: FIVE,
      headers: { link: url.includes('page') ? '' : '</mailboxes?page=2>; rel="next"' },
    }),
    'entry 6 of the list has the key of another entry',
    'next: link',
  ],
  ['a list without entries', { json: [] }, "the list lacks the canary's key"],
]

describe('the copy in use stays, and the reason is told, for', () => {
  for (const [name, list, reason, settings] of CASES) {
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
