/**
 * The real postmap asks tables that Postfix searches as it searches its indexed files: over memcache, over
 * Postfix's own proxymap in front of it, and over ours.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type HttpService,
  type Misbehaviour,
  type Reply,
  startHttpService,
} from '../support/http/http-service.ts'
import { type PostfixFiles, writePostfixFiles } from '../support/postfix/files.ts'
import { postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import {
  type PostmapResult,
  postmapDelete,
  postmapQuery,
  postmapQueryAll,
} from '../support/postfix/postmap.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { memcacheFile, type Serving, socketFolder, startServing } from './serving.ts'

const KEYS = 10_000
const NEVER_ASKED = 'never asks for a key with white space, and says "not found" by itself'

/** The directory: everything else is 404. */
const ENTRIES: Readonly<Record<string, Reply | Misbehaviour>> = {
  'info@a.example': { json: { value: 'bob@b.example' } },
  'several@a.example': { json: { value: ['bob@b.example', 'carl@b.example'] } },
  '50%off@a.example': { json: { value: '50% off' } },
  'bob+news@a.example': { json: { value: 'plus+sign' } },
  'jürgen@a.example': { json: { value: 'Jürgen Übel' } },
  'upper@a.example': { json: { value: 'Folded' } },
  '<>': { json: { value: 'null sender' } },
  '*': { json: { value: 'wildcard' } },
  'a&b=c/d?e#f@a.example': { json: { value: 'reserved' } },
  '"john doe"@a.example': { json: { value: 'quotes' } },
  'max@a.example': { json: { value: 'x'.repeat(100_000) } },
  'over@a.example': { json: { value: 'x'.repeat(100_001) } },
  'large@a.example': { json: { value: 'x'.repeat(1_000_000) } },
  'body-over@a.example': { json: { value: 'x'.repeat(1_048_576) } },
  'temporary@a.example': { status: 503 },
  'reset@a.example': { act: 'reset' },
  'refused@a.example': { status: 400 },
}

const cleanup = suiteCleanup()
let service: HttpService
let serving: Serving
let files: PostfixFiles
/** Of a Postfix whose proxymap is ours, */
let own: PostfixFiles
/** and of the same without SMTPUTF8. */
let withoutUtf8: PostfixFiles

const kinds = ['memcache:inet', 'memcache:unix', 'proxy:memcache', 'proxy:mapgate'] as const
type Kind = (typeof kinds)[number]
const tables = new Map<string, string>()

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  service = await startHttpService(cleanup)
  service.otherwise = ({ url }): Reply | Misbehaviour => {
    const key = new URL(url, 'http://service.example').searchParams.get('key') ?? ''
    const bulk = /^bulk(\d+)@a\.example$/.exec(key)
    if (bulk !== null) {
      return Number(bulk[1]) % 3 === 0 ? { status: 404 } : { json: { value: `box${bulk[1]}@b.example` } }
    }
    return ENTRIES[key] ?? { status: 404 }
  }
  files = await writePostfixFiles(cleanup)
  const services = {
    proxymap_service_name: '../mapgate/proxymap',
    proxywrite_service_name: '../mapgate/proxymap',
  }
  own = await writePostfixFiles(cleanup, services)
  withoutUtf8 = await writePostfixFiles(cleanup, {
    ...services,
    queue_directory: own.queueDirectory,
    smtputf8_enable: 'no',
  })
  await mkdir(join(own.queueDirectory, 'private'))
  // `search` has no say: Postfix searches itself.
  const settings = { cache: 'off', search: 'address' }
  serving = await startServing(
    cleanup,
    service,
    { directory: settings, bulk: {} },
    {
      listeners: [
        { protocol: 'memcache', listen: `unix:${await socketFolder(files)}/memcache`, mode: '0666' },
        { protocol: 'proxymap', listen: `unix:${await socketFolder(own)}/proxymap`, write: ['learned'] },
      ],
      upstreams: { store: { store: { directory: join(files.directory, 'store') } } },
      written: { learned: { upstream: 'store' } },
    },
  )
  for (const table of ['directory', 'bulk', 'nosuch', 'learned']) {
    const inet = await memcacheFile(files, serving.memcache, table)
    const unix = await memcacheFile(files, 'unix:mapgate/memcache', table)
    tables.set(`memcache:inet ${table}`, `memcache:${inet}`)
    tables.set(`memcache:unix ${table}`, `memcache:${unix}`)
    tables.set(`proxy:memcache ${table}`, `proxy:memcache:${inet}`)
    tables.set(`proxy:mapgate ${table}`, `proxy:mapgate:${table}`)
  }
  const proxied = [...tables.values()].filter((table) => table.startsWith('proxy:memcache:'))
  await startPostfix(
    cleanup,
    { proxy_read_maps: proxied.join(' '), proxy_write_maps: proxied.join(' ') },
    { files, services: ['proxymap unix - - n - - proxymap', 'proxywrite unix - - n - 1 proxymap'] },
  )
})

beforeEach((context) => requirePostfix(context))

describe.each(kinds)('postmap over %s', (kind: Kind) => {
  const tableOf = (table: string) => tables.get(`${kind} ${table}`) ?? ''
  const isOurs = kind === 'proxy:mapgate'
  const place = () => (isOurs ? own : files)
  const query = (key: string): Promise<PostmapResult> => postmapQuery(place(), tableOf('directory'), key)

  const found: [sentence: string, key: string, value: string][] = [
    ['prints the value of a key', 'info@a.example', 'bob@b.example'],
    ['prints several values with commas', 'several@a.example', 'bob@b.example, carl@b.example'],
    ['asks with a percent sign and prints one', '50%off@a.example', '50% off'],
    ['asks with a plus sign and prints one', 'bob+news@a.example', 'plus+sign'],
    ['asks in UTF-8 and prints it', 'jürgen@a.example', 'Jürgen Übel'],
    ['asks in upper case for a folded key', 'UPPER@A.Example', 'Folded'],
    ['asks for the null sender', '<>', 'null sender'],
    ['asks for the wildcard', '*', 'wildcard'],
    ['asks with the reserved characters of a URL', 'a&b=c/d?e#f@a.example', 'reserved'],
  ]
  for (const [sentence, key, value] of found) {
    test(sentence, async () => {
      expect(await query(key)).toEqual({ status: 0, stdout: Buffer.from(`${value}\n`), stderr: '' })
    })
  }

  test('prints nothing for a key that the service does not have, and asks for that key alone', async () => {
    const before = service.requests.length
    expect(await query('nobody+ext@a.example')).toEqual({ status: 1, stdout: Buffer.alloc(0), stderr: '' })
    const asked = service.requests.slice(before).map(({ url }) => decodeURIComponent(url))
    expect(asked).toEqual(['/directory?key=nobody+ext@a.example'])
  })

  test('finds nothing for an empty key', async () => {
    const result = await postmapQueryAll(place(), tableOf('directory'), Buffer.from('\ninfo@a.example\n'))
    expect(result.stdout.toString()).toBe('info@a.example\tbob@b.example\n')
  })

  test(isOurs ? 'asks for a key with white space' : NEVER_ASKED, async () => {
    const before = service.requests.length
    if (isOurs) {
      expect((await query('"john doe"@a.example')).stdout.toString()).toBe('quotes\n')
      return
    }
    expect(await query('"john doe"@a.example')).toMatchObject({ status: 1, stdout: Buffer.alloc(0) })
    expect(service.requests.length).toBe(before)
  })

  // Together, because postmap sleeps for a second before it ends with an error.
  const failures: [sentence: string, table: string, key: string][] = [
    ['the service is unwell', 'directory', 'temporary@a.example'],
    ['the connection breaks', 'directory', 'reset@a.example'],
    ['the service refuses', 'directory', 'refused@a.example'],
    ['a value is too long', 'directory', isOurs ? 'body-over@a.example' : 'over@a.example'],
    ['there is no such table', 'nosuch', 'info@a.example'],
  ]
  for (const [sentence, table, key] of failures) {
    test.concurrent(`fails when ${sentence}, and does not say "not found"`, async () => {
      const result = await postmapQuery(place(), tableOf(table), key)
      expect(result).toMatchObject({ status: 1, stdout: Buffer.alloc(0) })
      expect(result.stderr).toMatch(/query error|lookup error/)
    })
  }

  test('prints the longest value that fits', async () => {
    const [key, bytes] = isOurs ? ['large@a.example', 1_000_000] : ['max@a.example', 100_000]
    expect((await query(key)).stdout.toString()).toBe(`${'x'.repeat(bytes)}\n`)
  })

  test('deletes nothing in a table that takes no changes', async () => {
    const result = await postmapDelete(place(), tableOf('directory'), 'info@a.example')
    expect(result.status).toBe(1)
    expect((await query('info@a.example')).status).toBe(0)
  })

  const written = async (key: string) => {
    const store = serving.gateway.tables.store('learned')
    if (typeof store !== 'object') return expect.unreachable(store)
    expect(await store.put(key, `0:1:2:${key}`, {})).toEqual({ kind: 'done' })
  }

  if (isOurs)
    test('leaves folding to the gateway where Postfix has no SMTPUTF8, and deletes what it finds', async () => {
      await written('dora@a.example')
      const place = { ...withoutUtf8, queueDirectory: own.queueDirectory }
      const [table, key] = ['proxy:mapgate:learned', 'DORA@A.Example']
      expect((await postmapQuery(place, table, key)).stdout.toString()).toBe('0:1:2:dora@a.example\n')
      expect((await postmapDelete(place, table, key)).status).toBe(0)
      expect((await postmapQuery(place, table, 'dora@a.example')).stdout.toString()).toBe('')
    })

  test('finds an entry of a store as it was written, and deletes it', async () => {
    await written('bob@a.example')
    await written('carl@a.example')
    const ask = async (key: string) =>
      (await postmapQuery(place(), tableOf('learned'), key)).stdout.toString()
    expect(await ask('bob@a.example')).toBe('0:1:2:bob@a.example\n')
    expect((await postmapDelete(place(), tableOf('learned'), 'bob@a.example')).status).toBe(0)
    expect([await ask('bob@a.example'), await ask('carl@a.example')]).toEqual(['', '0:1:2:carl@a.example\n'])
    expect((await postmapDelete(place(), tableOf('learned'), 'bob@a.example')).status).toBe(1)
  })

  test(`answers ${KEYS} keys in order`, async () => {
    const numbers = Array.from({ length: KEYS }, (_, number) => number)
    const keys = numbers.map((number) => `bulk${number}@a.example\n`).join('')
    const result = await postmapQueryAll(place(), tableOf('bulk'), Buffer.from(keys))
    const expected = numbers
      .filter((number) => number % 3 !== 0)
      .map((number) => `bulk${number}@a.example\tbox${number}@b.example\n`)
    expect(result.stderr).toBe('')
    expect(result.stdout.toString()).toBe(expected.join(''))
  })
})
