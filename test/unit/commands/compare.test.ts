/**
 * `mapgate compare` against a gateway's admin API that is played by a real HTTP service.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CompareOptions, compare } from '../../../src/commands/compare/compare.ts'
import { PostmapSide } from '../../../src/commands/compare/postmap-side.ts'
import { CommandError } from '../../../src/commands/exit-codes.ts'
import type { LookupResult } from '../../../src/core/result.ts'
import { outcomeOf } from '../../../src/core/shadow/comparison.ts'
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

describe('postmap', () => {
  const keys = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text))

  /** postmap that has these entries, and breaks at the key `broken`. */
  function side(entries: Readonly<Record<string, string>>): { side: PostmapSide; calls: string[] } {
    const calls: string[] = []
    return {
      calls,
      side: new PostmapSide('hash:/x', async (_map, input) => {
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
