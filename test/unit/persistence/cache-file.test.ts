import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { whyNoValue } from '../../../src/core/value/value-text.ts'
import {
  BLOCK,
  block,
  endBlock,
  preamble,
  startBlock,
  tableBlock,
} from '../../../src/persistence/cache-file-format.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { freshness, HOUR, MINUTE, setUp, written } from './cache-file-set-up.ts'

/** Changes one byte of a file. */
function flip(path: string, at: number, to?: number): void {
  const bytes = readFileSync(path)
  bytes[at] = to ?? (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('a cache file', () => {
  test('brings every answer back as it was', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    expect(await second.file.load(second.tables)).toStrictEqual({ loaded: 3, dropped: new Map(), expired: 0 })
    const bob = second.store.get('bob@a.example')
    expect([bob?.value, bob?.endpoint, bob?.freshnessLifetimeMs, bob?.staleIfErrorMs]).toStrictEqual([
      'jürgen@b.example',
      1,
      MINUTE,
      HOUR,
    ])
    expect(second.store.get('eve@a.example')?.validators).toStrictEqual({
      etag: '"1"',
      lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT',
    })
    expect(second.store.get('nobody@a.example')?.result.kind).toBe('notfound')
    expect(second.saves).toStrictEqual([first.clock.wallMs()])
  })

  test('begins with its name and the version of its layout', async () => {
    const { path } = await written()
    expect(readFileSync(path).toString('latin1', 0, 16)).toBe('mapgate-cache\n\x02\x00')
  })

  test('takes as much of the store for an answer as it took before', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    await second.file.load(second.tables)
    expect(second.store.status()).toStrictEqual(first.store.status())
  })

  test('lets answers age by the wall clock while the program is down', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + 10 * MINUTE))
    await second.file.load(second.tables)
    expect(second.age('bob@a.example')).toBe(10 * MINUTE + 5000)
  })

  test('makes no answer younger when the clock was set back', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() - HOUR))
    await second.file.load(second.tables)
    expect(second.age('bob@a.example')).toBe(5000)
    second.clock.advance(1000)
    expect(second.age('bob@a.example')).toBe(6000)
  })

  for (const [setBackMs, kept] of [
    [0, true],
    [1, false],
  ] as const) {
    test(`has "not found" answers ${kept ? 'used' : 'dropped'} by a clock set back by ${setBackMs} ms`, async () => {
      const { start, first } = await written()
      const second = start(new ManualClock(7, first.clock.wallMs() - setBackMs))
      expect((await second.file.load(second.tables)).expired).toBe(kept ? 0 : 1)
      expect(second.store.get('nobody@a.example') !== undefined).toBe(kept)
      expect(second.store.get('bob@a.example')?.value).toBe('jürgen@b.example')
    })
  }

  test('keeps only what can still be used, in writing and in reading', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + MINUTE + HOUR - 5000))
    expect((await second.file.load(second.tables)).expired).toBe(1)
    second.clock.advance(5000)
    expect(await second.file.save(second.tables)).toBe(0)
  })

  test('drops and counts the answers of another fingerprint and of a table that is gone', async () => {
    const { start } = await written()
    const changed = start(undefined, 'f2')
    expect((await changed.file.load(changed.tables)).dropped).toStrictEqual(new Map([['aliases', 3]]))
    const renamed = start(undefined, 'f1', 'other')
    expect((await renamed.file.load(renamed.tables)).dropped).toStrictEqual(new Map([['aliases', 3]]))
    expect(changed.store.size + renamed.store.size).toBe(0)
  })

  test('can be read by its owner only, and leaves no other file', async () => {
    const { directory, path } = await written()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toStrictEqual(['cache'])
  })

  test('that does not exist is an empty cache without a warning', async () => {
    const { start } = setUp()
    const { file, tables, warnings, saves } = start()
    expect((await file.load(tables)).loaded).toBe(0)
    expect([warnings, saves]).toStrictEqual([[], []])
  })

  test('holds thousands of answers and long values in many blocks', async () => {
    const { start } = setUp()
    const first = start()
    for (let index = 0; index < 5000; index++)
      first.store.set(`k${index}`, { value: `v${index}`.repeat(10), freshness, ageMs: 0 })
    first.store.set('long', { value: 'x'.repeat(1_000_000), freshness, ageMs: 0 })
    first.store.set(`huge${'x'.repeat(30_000)}`, { value: 'does not fit', freshness, ageMs: 0 })
    expect(await first.file.save(first.tables)).toBe(5001)
    const second = start()
    expect((await second.file.load(second.tables)).loaded).toBe(5001)
    expect(second.store.get('k4999')?.value).toBe('v4999'.repeat(10))
    expect(second.store.get('long')?.value?.length).toBe(1_000_000)
  })

  test('brings back any keys and values', async () => {
    const text = fc.string({ unit: 'binary' })
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => whyNoValue(one) === undefined)
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, value), async (entries) => {
        const { start } = setUp()
        const first = start()
        for (const [key, value] of Object.entries(entries))
          first.store.set(key, { value, freshness, ageMs: 0 })
        await first.file.save(first.tables)
        const second = start()
        await second.file.load(second.tables)
        for (const [key, value] of Object.entries(entries)) expect(second.store.get(key)?.value).toBe(value)
      }),
      { numRuns: 20 },
    )
  })

  test('leaves out values that no reply may have any more', async () => {
    const { start } = setUp()
    const first = start()
    for (const value of ['a@b.example', 'a\ufffd', 'a\u200b', 'a\tb', '  '])
      first.store.set(value, { value, freshness, ageMs: 0 })
    await first.file.save(first.tables)
    const second = start()
    expect(await second.file.load(second.tables)).toMatchObject({ loaded: 1, expired: 4 })
    expect(second.store.get('a@b.example')?.value).toBe('a@b.example')
  })
})

describe('a cache file that cannot be used is set aside, and the start is cold:', () => {
  const damages: [name: string, damage: (path: string) => void, why: RegExp][] = [
    ['a foreign one', (path) => writeFileSync(path, 'root:x:0:0\n'), /not a cache file/],
    ['an empty one', (path) => writeFileSync(path, ''), /not a cache file/],
    ['one that ends in its version', (path) => truncateSync(path, 15), /version 0/],
    ['one of a later version', (path) => flip(path, 14, 3), /version 3/],
    ['one with a wrong bit', (path) => flip(path, 100), /checksum/],
    ['one cut off in a block', (path) => truncateSync(path, statSync(path).size - 20), /cut off/],
    ['one cut off in a block header', (path) => truncateSync(path, statSync(path).size - 8), /cut off/],
    [
      'one cut off between two blocks',
      (path) => truncateSync(path, statSync(path).size - 13),
      /end is missing/,
    ],
    [
      'one without a start',
      (path) => writeFileSync(path, Buffer.concat([preamble(), endBlock(0)])),
      /start is missing/,
    ],
    [
      'one without a date',
      (path) => writeFileSync(path, Buffer.concat([preamble(), startBlock(Number.NaN), endBlock(0)])),
      /no date/,
    ],
    [
      'one with an entry that ends too early',
      (path) => {
        const entries = block(BLOCK.entries, Buffer.alloc(50, 0xff))
        writeFileSync(
          path,
          Buffer.concat([preamble(), startBlock(0), tableBlock('aliases', 'f1'), entries, endBlock(1)]),
        )
      },
      /past the end/,
    ],
  ]
  for (const [name, damage, why] of damages) {
    test(name, async () => {
      const { path, directory, start } = await written()
      damage(path)
      const { file, tables, warnings, store, clock } = start()
      expect((await file.load(tables)).loaded).toBe(0)
      expect(store.size).toBe(0)
      expect(warnings.join()).toMatch(why)
      expect(readdirSync(directory)).toStrictEqual([`cache.damaged-${clock.wallMs()}`])
    })
  }

  test('one cut off anywhere is never half read', async () => {
    const { path, start } = await written()
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      const { file, tables, store, warnings } = start()
      await file.load(tables)
      expect([store.size, warnings.length]).toStrictEqual([0, 1])
    }
  })

  test('one that is a directory is reported and left alone', async () => {
    const { path, start } = setUp()
    mkdirSync(path)
    const { file, tables, warnings } = start()
    await file.load(tables)
    expect(warnings.join()).toMatch(/cannot be read \(EISDIR\)/)
  })
})
