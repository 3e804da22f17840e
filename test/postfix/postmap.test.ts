/**
 * The real postmap asks the gateway over every kind of listener: what an administrator types
 * first, and the same client code that the mail daemons use.
 */
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compare } from '../../src/commands/compare/compare.ts'
import { recordIo } from '../support/gateway/command-io.ts'
import {
  type HttpService,
  type Misbehaviour,
  type Reply,
  startHttpService,
} from '../support/http/http-service.ts'
import { type PostfixFiles, writeOldFile, writePostfixFiles } from '../support/postfix/files.ts'
import { postfixMissing, requirePostfix } from '../support/postfix/postfix.ts'
import { type PostmapResult, postmapQuery, postmapQueryAll } from '../support/postfix/postmap.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { type Serving, startServing } from './serving.ts'

/** Longest value that the client accepts, bytes. Source: docs/postfix/wire.md, measured. */
const SOCKETMAP_MAX = 99_997
const TCP_MAX = 4_091
const BULK_KEYS = 10_000

/** The directory: everything else is 404. */
const ENTRIES: Readonly<Record<string, Reply | Misbehaviour>> = {
  'info@a.example': { json: { value: 'bob@b.example' } },
  'several@a.example': { json: { value: ['bob@b.example', 'carl@b.example'] } },
  'john doe@a.example': { json: { value: 'spaces' } },
  '"john doe"@a.example': { json: { value: 'quotes' } },
  '50%off@a.example': { json: { value: '50% off' } },
  'bob+news@a.example': { json: { value: 'plus+sign' } },
  'jürgen@a.example': { json: { value: 'Jürgen Übel' } },
  'upper@a.example': { json: { value: 'Folded' } },
  '<>': { json: { value: 'null sender' } },
  '*': { json: { value: 'wildcard' } },
  'a&b=c/d?e#f@a.example': { json: { value: 'reserved' } },
  'socketmap-max@a.example': { json: { value: 'x'.repeat(SOCKETMAP_MAX) } },
  'socketmap-over@a.example': { json: { value: 'x'.repeat(SOCKETMAP_MAX + 1) } },
  'tcp-max@a.example': { json: { value: 'x'.repeat(TCP_MAX) } },
  'tcp-over@a.example': { json: { value: 'x'.repeat(TCP_MAX + 1) } },
  'temporary@a.example': { status: 503 },
  'reset@a.example': { act: 'reset' },
  'refused@a.example': { status: 400 },
}

const cleanup = suiteCleanup()
let service: HttpService
let serving: Serving
let files: PostfixFiles

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
  const tables = { directory: { cache: 'off' }, bulk: {} }
  serving = await startServing(cleanup, service, tables, {
    socketPath: join(files.queueDirectory, 'mapgate'),
  })
})

beforeEach((context) => requirePostfix(context))

const kinds = ['socketmap:inet', 'socketmap:unix', 'tcp'] as const
type Kind = (typeof kinds)[number]

function tableOver(kind: Kind, name: string): string {
  switch (kind) {
    case 'socketmap:inet':
      return serving.socketmap(name)
    case 'socketmap:unix':
      return `socketmap:unix:mapgate:${name}` // relative: postmap runs in the queue directory
    case 'tcp':
      return serving.tcp(name)
  }
}

describe.each(kinds)('postmap over %s', (kind) => {
  const query = (key: string): Promise<PostmapResult> =>
    postmapQuery(files, tableOver(kind, 'directory'), key)
  const queryAll = (keys: Buffer): Promise<PostmapResult> =>
    postmapQueryAll(files, tableOver(kind, 'directory'), keys)

  const found: [sentence: string, key: string, value: string][] = [
    ['prints the value of a key', 'info@a.example', 'bob@b.example'],
    ['prints several values with commas', 'several@a.example', 'bob@b.example, carl@b.example'],
    ['asks with spaces', 'john doe@a.example', 'spaces'],
    ['asks with quotes', '"john doe"@a.example', 'quotes'],
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
      const result = await query(key)
      expect(result.stderr).toBe('')
      expect(result.stdout.toString()).toBe(`${value}\n`)
      expect(result.status).toBe(0)
    })
  }

  test('prints nothing for a key that the service does not have', async () => {
    expect(await query('nobody@a.example')).toEqual({ status: 1, stdout: Buffer.alloc(0), stderr: '' })
  })

  test('finds nothing for an empty key', async () => {
    const result = await queryAll(Buffer.from('\ninfo@a.example\n'))
    expect(result.stdout.toString()).toBe('info@a.example\tbob@b.example\n')
    expect(result.stderr).toBe('')
  })

  test('finds nothing for a key that is not UTF-8', async (context) => {
    // With SMTPUTF8 postmap would not even ask.
    const plain = await writePostfixFiles(context, { smtputf8_enable: 'no' })
    const place = { configDirectory: plain.configDirectory, queueDirectory: files.queueDirectory }
    const keys = Buffer.concat([Buffer.from([0x62, 0xff, 0x62]), Buffer.from('@a.example\ninfo@a.example\n')])
    const result = await postmapQueryAll(place, tableOver(kind, 'directory'), keys)
    expect(result.stdout.toString()).toBe('info@a.example\tbob@b.example\n')
    expect(result.stderr).toBe('')
  })

  // Together, because postmap sleeps for a second before it ends with an error.
  const failures: [sentence: string, key: string, severity: string][] = [
    ['fails when the service is unwell', 'temporary@a.example', 'temporary'],
    ['fails when the connection breaks', 'reset@a.example', 'temporary'],
    ['fails when the service refuses', 'refused@a.example', 'permanent'],
  ]
  for (const [sentence, key, severity] of failures) {
    test.concurrent(`${sentence}, and does not say "not found"`, async () => {
      const result = await query(key)
      expect(result.status).toBe(1)
      expect(result.stdout.toString()).toBe('')
      expect(result.stderr).toContain('query error')
      if (kind !== 'tcp') expect(result.stderr).toContain(`socketmap server ${severity} error: `)
    })
  }

  test('prints the longest value that fits, and fails for one byte more', async () => {
    const [name, bytes] = kind === 'tcp' ? ['tcp', TCP_MAX] : ['socketmap', SOCKETMAP_MAX]
    const longest = await query(`${name}-max@a.example`)
    expect(longest.stdout.toString()).toBe(`${'x'.repeat(bytes)}\n`)
    const over = await query(`${name}-over@a.example`)
    expect(over).toMatchObject({ status: 1, stdout: Buffer.alloc(0) })
    expect(over.stderr).not.toBe('')
  })

  test(`answers ${BULK_KEYS} keys in order`, async () => {
    const numbers = Array.from({ length: BULK_KEYS }, (_, number) => number)
    const keys = numbers.map((number) => `bulk${number}@a.example\n`).join('')
    const result = await postmapQueryAll(files, tableOver(kind, 'bulk'), Buffer.from(keys))
    const expected = numbers
      .filter((number) => number % 3 !== 0)
      .map((number) => `bulk${number}@a.example\tbox${number}@b.example\n`)
    expect(result.stderr).toBe('')
    expect(result.stdout.toString()).toBe(expected.join(''))
  })
})

test('mapgate compare says where a table of Postfix and a table of the gateway differ', async () => {
  const file = join(files.directory, 'aliases')
  await writeOldFile(
    file,
    'info@a.example bob@b.example\nseveral@a.example carl@b.example,bob@b.example\njohn@a.example x\n',
  )
  const compared = async (map: string, list: string) => {
    const io = recordIo({ env: { MAIL_CONFIG: files.configDirectory }, stdin: [list] })
    const targets = { a: `postmap:${map}`, b: serving.socketmap('directory') }
    return { code: await compare(targets, { keys: '-' }, io), lines: io.out().split('\n') }
  }
  const list =
    'info@a.example\nseveral@a.example\njohn@a.example\n<>\nnobody@a.example\ntemporary@a.example\n'
  const { code, lines } = await compared(`texthash:${file}`, list)
  expect(code).toBe(1)
  expect(lines.slice(0, 3)).toEqual([
    'only in A  john@a.example: x',
    'only in B  <>: null sender',
    'failed     temporary@a.example: A has not found; B has temporary (service): the service answered 503',
  ])
  expect(lines[4]).toBe(
    '6 keys: 3 the same (2 found, 1 not found), 1 only in A, 1 only in B, 0 with different values, 1 failed',
  )
  await expect(compared(`texthash:${file}-none`, list)).rejects.toThrow(
    /^postmap:texthash:\S+-none: open database \S+-none: No such file or directory$/,
  )
})

test('mapgate compare asks several maps as Postfix does for a parameter', async () => {
  const file = (name: string) => join(files.directory, name)
  await writeOldFile(file('first'), 'bob@b.example bob@c.example\nboth@b.example first@c.example\n')
  await writeOldFile(file('second'), '@b.example all@c.example\nboth@b.example second@c.example\n')
  await writeOldFile(
    file('whole'),
    'bob+news@b.example bob+news@c.example\nboth@b.example first@c.example\nnone@b.example all@c.example\n',
  )
  const list = 'Bob+news@b.example\nboth@b.example\nnone@b.example\nnone@d.example\n'
  const targets = {
    a: `postmap:texthash:${file('first')}, texthash:${file('second')}`,
    b: `postmap:texthash:${file('whole')}`,
  }
  const compared = async (options: object) => {
    const io = recordIo({ env: { MAIL_CONFIG: files.configDirectory }, stdin: [list] })
    return { code: await compare(targets, { keys: '-', ...options }, io), lines: io.out().split('\n') }
  }
  const { code, lines } = await compared({ usedBy: 'virtual_alias_maps', recipientDelimiter: '+' })
  expect(lines.slice(1, 3)).toEqual([
    '4 keys: 4 the same (3 found, 1 not found), 0 only in A, 0 only in B, 0 with different values, 0 failed',
    'no difference',
  ])
  expect(code).toBe(0)
  expect((await compared({})).lines[0]).toBe('only in B  Bob+news@b.example: bob+news@c.example')
})
