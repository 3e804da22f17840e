/**
 * `mapgate compare` against a gateway's admin API that is played by a real HTTP service.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CompareOptions, compare } from '../../../src/commands/compare/compare.ts'
import { mapsIn } from '../../../src/commands/compare/map-list.ts'
import { PostmapSide } from '../../../src/commands/compare/postmap-side.ts'
import { SearchingSide } from '../../../src/commands/compare/searching-side.ts'
import { CommandError } from '../../../src/commands/exit-codes.ts'
import { POSTFIX_PARAMETERS } from '../../../src/config/postfix-parameters.ts'
import type { LookupResult } from '../../../src/core/result.ts'
import { outcomeOf } from '../../../src/core/shadow/comparison.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'

const TARGETS = { a: 'old', b: 'new' }
const BUSY = { kind: 'temporary', cause: 'overload', reason: 'too many lookups' } as const

/** Two tables by key; what is not there is not found. */
interface Tables {
  readonly old: Readonly<Record<string, string | object>>
  readonly new: Readonly<Record<string, string | object>>
}

async function gateway(tables: Tables): Promise<HttpService> {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = ({ url }) => {
    const { pathname, searchParams } = new URL(url, 'http://gateway.example')
    const name = pathname.split('/')[4] as keyof Tables
    if (tables[name] === undefined)
      return {
        status: 404,
        json: { title: 'Not Found', code: 'table-unknown', detail: `there is no table "${name}"` },
      }
    const entry = tables[name][searchParams.get('key') ?? '']
    const result =
      entry === undefined
        ? { kind: 'notfound' }
        : typeof entry === 'string'
          ? { kind: 'found', value: entry }
          : entry
    return { json: { result } }
  }
  return service
}

async function run(tables: Tables, list: string, options: Partial<CompareOptions> = {}, targets = TARGETS) {
  const service = await gateway(tables)
  const io = recordIo({ stdin: [list] })
  const code = await compare(targets, { keys: '-', admin: service.origin, ...options }, io)
  return { code, out: io.out(), err: io.err(), asked: service.requests.length }
}

describe('mapgate compare', () => {
  test('says that there is no difference', async () => {
    const entries = { 'a@x.example': 'b@y.example' }
    const { code, out, err } = await run({ old: entries, new: entries }, 'a@x.example\nnobody@x.example\n')
    expect(out).toBe(
      'A is old, B is new\n2 keys: 2 the same (1 found, 1 not found), 0 only in A, 0 only in B, 0 with different values, 0 failed\nno difference\n',
    )
    expect([code, err]).toEqual([0, ''])
  })

  test('prints each key that is not the same, in the order of the list, and exits 1', async () => {
    const tables = {
      old: {
        'left@x.example': 'l@y.example',
        'other@x.example': 'a@y.example',
        'busy@x.example': 'z@y.example',
      },
      new: { 'right@x.example': 'r@y.example', 'other@x.example': 'b@y.example', 'busy@x.example': BUSY },
    }
    const { code, out } = await run(
      tables,
      'right@x.example\n\nleft@x.example\nother@x.example\nbusy@x.example\nnobody@x.example',
    )
    expect(out.split('\n')).toEqual([
      'only in B  right@x.example: r@y.example',
      'only in A  left@x.example: l@y.example',
      'different  other@x.example: A has a@y.example; B has b@y.example',
      'failed     busy@x.example: A has z@y.example; B has temporary (overload): too many lookups',
      'A is old, B is new',
      '5 keys: 1 the same (0 found, 1 not found), 1 only in A, 1 only in B, 1 with different values, 1 failed',
      '3 differences',
      '',
    ])
    expect(code).toBe(1)
  })

  test('a key that failed is no difference, and no agreement either', async () => {
    const { code, out } = await run({ old: {}, new: { a: BUSY } }, 'a\nb\n')
    expect(code).toBe(75)
    expect(out).toContain('no difference among the keys that were answered; 1 key could not be compared\n')
  })

  test('an empty list compares nothing', async () => {
    const { code, out } = await run({ old: {}, new: {} }, '\n\n')
    expect(code).toBe(75)
    expect(out).toContain('nothing was compared: the list has no keys\n')
  })

  test('prints JSON for programs', async () => {
    const { out } = await run({ old: { a: '1' }, new: {} }, 'a\nb\n', { json: true })
    expect(
      out
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { key: 'a', outcome: 'only in A', a: { kind: 'found', value: '1' }, b: { kind: 'notfound' } },
      {
        a: 'old',
        b: 'new',
        complete: true,
        totals: { same: 1, 'only in A': 1, 'only in B': 0, different: 0, failed: 0, 'found in both': 0 },
      },
    ])
  })

  test('a table that is not there ends it at once', async () => {
    const promise = run({ old: {}, new: {} }, 'a\n', {}, { a: 'old', b: 'nwe' })
    await expect(promise).rejects.toThrow(new CommandError(77, 'nwe: there is no table "nwe"'))
  })

  test('a server without keys is refused', async () => {
    const targets = { a: 'old', b: 'policy:inet:127.0.0.1:9' }
    await expect(run({ old: {}, new: {} }, 'a\n', {}, targets)).rejects.toThrow(
      'policy:inet:127.0.0.1:9: is asked by attributes, and has no keys to compare',
    )
  })

  test('stops when a table fails for 50 keys in a row, and the next call goes on from there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const list = join(folder, 'keys')
    const resume = join(folder, 'place')
    const keys = Array.from({ length: 250 }, (_, at) => `key${at}`)
    await writeFile(list, keys.map((key) => `${key}\n`).join(''))
    const broken: Record<string, string | object> = { key3: 'only here' }
    for (const key of keys.slice(150, 200)) broken[key] = BUSY
    const first = await run({ old: {}, new: broken }, '', { keys: list, resume })
    expect(first.code).toBe(1)
    expect(first.err).toBe(
      'mapgate compare: stopped: B (new) failed for 50 keys in a row; the same call goes on from there\n',
    )
    expect(JSON.parse(await readFile(resume, 'utf8')).progress.lines).toBe(100)
    expect((await stat(resume)).mode & 0o777).toBe(0o600)

    const second = await run({ old: {}, new: { key3: 'only here' } }, '', { keys: list, resume })
    expect(second.out.split('\n').slice(0, 3)).toEqual([
      'A is old, B is new',
      '250 keys: 249 the same (0 found, 249 not found), 0 only in A, 1 only in B, 0 with different values, 0 failed',
      '1 difference',
    ])
    expect(second.asked).toBe(300)
    await expect(stat(resume)).rejects.toThrow('ENOENT')
  })

  test('a place of another comparison is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const resume = join(folder, 'place')
    await writeFile(resume, '{"a":"old","b":"another"}')
    await expect(run({ old: {}, new: {} }, 'a\n', { resume })).rejects.toThrow(
      'is not the place of this comparison; name another file, or delete it to start over',
    )
  })

  test.each([
    ['a file', 150, 'stopped before the end: no difference so far, and 50 keys were not asked'],
    [
      'a file with one key more',
      101,
      'stopped before the end: no difference so far, and 1 key was not asked',
    ],
    [
      'standard input',
      undefined,
      'stopped before the end: no difference so far, and the rest of the keys was not asked',
    ],
  ])('says that it was stopped, and how much of %s was not asked', async (_what, lines, told) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const list = Array.from({ length: lines ?? 150 }, (_, at) => `key${at}\n`).join('')
    await writeFile(join(folder, 'keys'), list)
    const service = await gateway({ old: {}, new: {} })
    const io = recordIo({ stdin: [list] })
    const end = { promise: Promise.resolve('SIGTERM' as const), dispose: () => {} }
    const options = { keys: lines === undefined ? '-' : join(folder, 'keys'), admin: service.origin }
    const parts = { protocols: PROTOCOLS, endRequest: () => end }
    expect(await compare(TARGETS, options, io, parts)).toBe(75)
    expect(io.out().split('\n').slice(1)).toEqual([
      '100 keys so far: 100 the same (0 found, 100 not found), 0 only in A, 0 only in B, 0 with different values, 0 failed',
      told,
      '',
    ])
    expect(io.err()).toBe(
      'mapgate compare: stopped before the end of the list; with --resume FILE the next call goes on from there\n',
    )
  })

  test.each([
    ['pgsql:/etc/postfix/a.cf', 'pgsql:/etc/postfix/a.cf: did you mean postmap:pgsql:/etc/postfix/a.cf?'],
    ['proxy:pgsql:/a.cf', 'proxy:pgsql:/a.cf: did you mean postmap:proxy:pgsql:/a.cf?'],
    ['hash:/a, pgsql:/b', 'hash:/a, pgsql:/b: did you mean postmap:hash:/a, pgsql:/b?'],
  ])('takes %s for a map of Postfix, and says how it is named', async (target, message) => {
    await expect(run({ old: {}, new: {} }, 'a\n', {}, { a: target, b: 'new' })).rejects.toThrow(message)
  })

  test.each<[options: Partial<CompareOptions>, message: string]>([
    [{ recipientDelimiter: '+' }, '--recipient-delimiter is only for --used-by; add it'],
    [
      { usedBy: 'virtual_alias_map' },
      '--used-by virtual_alias_map: is not a parameter that mapgate knows; did you mean "virtual_alias_maps"',
    ],
  ])('refuses %j', async (options, message) => {
    await expect(run({ old: {}, new: {} }, 'a\n', options)).rejects.toThrow(message)
  })

  test('asks for no more keys a second than it may', async () => {
    const from = performance.now()
    await run({ old: {}, new: {} }, 'a\nb\nc\n', { rate: 10 })
    // A timer may fire a millisecond early.
    expect(performance.now() - from).toBeGreaterThan(298)
  })

  test('a list that is not there is named', async () => {
    await expect(run({ old: {}, new: {} }, '', { keys: '/nonexistent/keys' })).rejects.toThrow(
      '/nonexistent/keys: cannot be read: ENOENT; name a file with a key a line, or -',
    )
  })
})

describe('two values are the same', () => {
  test.each<[a: string, b: string, isExact: boolean, outcome: string]>([
    ['a@x, b@x', 'b@x,a@x', false, 'same'],
    ['a@x,b@x', 'a@x', false, 'different'],
    ['a@x,a@x', 'a@x', false, 'different'],
    ['A@x', 'a@x', false, 'different'],
    ['a@x, b@x', 'a@x,b@x', true, 'different'],
    ['a@x,b@x', 'a@x,b@x', true, 'same'],
  ])('%j and %j, exact %j: %s', (a, b, isExact, outcome) => {
    expect(outcomeOf({ kind: 'found', value: a }, { kind: 'found', value: b }, isExact)).toBe(outcome)
  })
})

describe('the maps of a parameter', () => {
  test.each([
    ['pgsql:/a.cf', ['pgsql:/a.cf']],
    ['pgsql:/a.cf, pgsql:/b.cf\n hash:/c', ['pgsql:/a.cf', 'pgsql:/b.cf', 'hash:/c']],
    ['unionmap:{pgsql:/a.cf, {b c}}, hash:/d', ['unionmap:{pgsql:/a.cf, {b c}}', 'hash:/d']],
    [' , ', []],
  ])('%j', (text, maps) => {
    expect(mapsIn(text)).toEqual(maps)
  })
})

describe('a map asked as Postfix does', () => {
  const ENTRIES: Readonly<Record<string, string>> = {
    'ann@x.example': 'ann@y.example, bob@z.example',
    '@x.example': 'all@y.example',
    'whole+ext@x.example': 'whole@y.example',
  }

  async function ask(parameter: string, delimiter: string, ...keys: string[]) {
    const asked: string[][] = []
    const side = {
      shown: 'map',
      close: async () => {},
      ask: async (group: readonly Buffer[]) => {
        asked.push(group.map(String))
        return group.map((key): LookupResult => {
          if (String(key).startsWith('broken@')) return BUSY
          const value = ENTRIES[String(key)]
          return value === undefined ? { kind: 'notfound' } : { kind: 'found', value }
        })
      },
    }
    const used = POSTFIX_PARAMETERS.get(parameter)
    if (used === undefined) throw new TypeError(parameter)
    const results = await new SearchingSide(side, used, delimiter).ask(keys.map((key) => Buffer.from(key)))
    return { asked, results: results.map((one) => (one.kind === 'found' ? one.value : one.kind)) }
  }

  test('tries the key, then without extension, then the domain, and puts the extension back', async () => {
    const { asked, results } = await ask(
      'virtual_alias_maps',
      '+',
      'Ann+News@x.example',
      'none+a@X.example',
      'whole+ext@x.example',
      'ann@x.example',
      'ann@w.example',
      'broken@x.example',
    )
    expect(results).toEqual([
      'ann+News@y.example, bob+News@z.example',
      'all@y.example',
      'whole@y.example',
      'ann@y.example, bob@z.example',
      'notfound',
      'temporary',
    ])
    expect(asked.slice(1)).toEqual([['ann@x.example', 'none@x.example', '@w.example'], ['@x.example']])
  })

  test('puts nothing back for mailboxes, and has no extension without a delimiter', async () => {
    expect((await ask('virtual_mailbox_maps', '+', 'ann+n@x.example')).results).toEqual([
      'ann@y.example, bob@z.example',
    ])
    expect((await ask('virtual_mailbox_maps', '', 'ann+n@x.example')).results).toEqual(['all@y.example'])
  })

  test('tries nothing else of a domain', async () => {
    expect((await ask('virtual_mailbox_domains', '+', 'x.example')).asked).toEqual([['x.example']])
  })
})

describe('postmap', () => {
  const keys = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text))

  /** postmap that has these entries, and breaks at the key `broken`. */
  function side(entries: Readonly<Record<string, string>>): { side: PostmapSide; calls: string[] } {
    const calls: string[] = []
    return {
      calls,
      side: new PostmapSide(['hash:/x'], async (_maps, input) => {
        const asked = input.toString().split('\n').slice(0, -1)
        calls.push(asked.join(' '))
        if (asked.includes('broken'))
          return { stdout: Buffer.alloc(0), stderr: 'postmap: fatal: table hash:/x: query error: Success\n' }
        const lines = asked.flatMap((key) =>
          entries[key] === undefined ? [] : [`${key}\t${entries[key]}\n`],
        )
        return { stdout: Buffer.from(lines.join('')), stderr: 'postmap: warning: something\n' }
      }),
    }
  }

  const kinds = (results: readonly LookupResult[]): string[] => results.map(({ kind }) => kind)

  test('a line of output belongs to the key that it begins with', async () => {
    const { side: postmap } = side({ b: '1, 2', d: '' })
    expect(await postmap.ask(keys('a', 'b', 'c', 'd', 'b'))).toEqual([
      { kind: 'notfound' },
      { kind: 'found', value: '1, 2' },
      { kind: 'notfound' },
      { kind: 'found', value: '' },
      { kind: 'found', value: '1, 2' },
    ])
  })

  test('a key that fails takes nobody along', async () => {
    const { side: postmap, calls } = side({ a: '1' })
    const results = await postmap.ask(keys('a', 'b', 'broken', 'c'))
    expect(kinds(results)).toEqual(['found', 'notfound', 'temporary', 'notfound'])
    expect(results[2]).toEqual({
      kind: 'temporary',
      cause: 'service',
      reason: 'table hash:/x: query error: Success',
    })
    expect(calls).toEqual(['a b broken c', 'a b', 'broken c', 'broken', 'c'])
  })

  test('a table that is down is not asked for each key', async () => {
    const { side: postmap, calls } = side({})
    const results = await postmap.ask(keys(...Array.from({ length: 16 }, () => 'broken')))
    expect(results[5]).toEqual({
      kind: 'temporary',
      cause: 'service',
      reason: 'not asked, since postmap failed for 5 keys before it',
    })
    expect(results.length).toBe(16)
    expect(calls.filter((keysOfCall) => keysOfCall === 'broken').length).toBe(5)
    expect(calls.length).toBe(12)
    // The next group is a new try.
    expect(kinds(await postmap.ask(keys('a')))).toEqual(['notfound'])
  })

  test('a key with a tab is asked alone', async () => {
    const { side: postmap } = side({ 'a\tb': 'v' })
    expect(await postmap.ask(keys('a', 'a\tb'))).toEqual([
      { kind: 'notfound' },
      { kind: 'found', value: 'v' },
    ])
  })
})
