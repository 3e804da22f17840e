import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryAnswerStore } from '../../../src/core/cache/memory-answer-store.ts'
import { CacheFile, SAVE_AFTER_PURGE_MS, SAVE_EVERY_MS } from '../../../src/persistence/cache-file.ts'
import {
  BLOCK,
  block,
  endBlock,
  MAGIC,
  preamble,
  startBlock,
  tableBlock,
} from '../../../src/persistence/cache-file-format.ts'
import { MAX_PASSED_OVER } from '../../../src/persistence/cache-file-writer.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const freshness = { freshnessLifetimeMs: MINUTE, staleWhileRevalidateMs: 0, staleIfErrorMs: HOUR }

/** A directory of its own, and what a process has that starts in it. */
function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'mapgate-cache-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'cache')
  const start = (clock = new ManualClock(), fingerprint = 'f1', name = 'aliases') => {
    const warnings: string[] = []
    const store = new MemoryAnswerStore({
      clock,
      maxEntries: 10_000,
      maxNegativeEntries: 10_000,
      maxBytes: 1e8,
    })
    /** When the file was saved, as it was told. */
    const saves: number[] = []
    const file = new CacheFile({
      path,
      clock,
      onWarning: (message) => warnings.push(message),
      onSaved: (wallMs) => saves.push(wallMs),
    })
    const tables = [{ name, fingerprint, store }]
    const age = (key: string) => {
      const answer = store.get(key)
      return answer && store.ageMs(answer)
    }
    return { clock, store, file, warnings, saves, tables, age }
  }
  return { directory, path, start }
}

/** A file with three answers, written by a first process. */
async function written() {
  const place = setUp()
  const first = place.start()
  first.store.set('bob@a.example', { value: 'jürgen@b.example', freshness, ageMs: 5000, endpoint: 1 })
  first.store.set('eve@a.example', {
    value: 'x',
    freshness,
    ageMs: 0,
    validators: { etag: '"1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
  })
  first.store.set('nobody@a.example', { value: undefined, freshness, ageMs: 0 })
  expect(await first.file.save(first.tables)).toBe(3)
  return { ...place, first }
}

describe('a cache file', () => {
  test('brings every answer back as it was', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    expect(second.file.load(second.tables)).toStrictEqual({ loaded: 3, dropped: new Map(), expired: 0 })
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

  test('takes as much of the store for an answer as it took before', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    second.file.load(second.tables)
    expect(second.store.status()).toStrictEqual(first.store.status())
  })

  test('lets answers age by the wall clock while the program is down', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + 10 * MINUTE))
    second.file.load(second.tables)
    expect(second.age('bob@a.example')).toBe(10 * MINUTE + 5000)
  })

  test('makes no answer younger when the clock was set back', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() - HOUR))
    second.file.load(second.tables)
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
      expect(second.file.load(second.tables).expired).toBe(kept ? 0 : 1)
      expect(second.store.get('nobody@a.example') !== undefined).toBe(kept)
      expect(second.store.get('bob@a.example')?.value).toBe('jürgen@b.example')
    })
  }

  test('keeps only what can still be used, in writing and in reading', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + MINUTE + HOUR - 5000))
    expect(second.file.load(second.tables).expired).toBe(1)
    second.clock.advance(5000)
    expect(await second.file.save(second.tables)).toBe(0)
  })

  test('drops and counts the answers of another fingerprint and of a table that is gone', async () => {
    const { start } = await written()
    const changed = start(undefined, 'f2')
    expect(changed.file.load(changed.tables).dropped).toStrictEqual(new Map([['aliases', 3]]))
    const renamed = start(undefined, 'f1', 'other')
    expect(renamed.file.load(renamed.tables).dropped).toStrictEqual(new Map([['aliases', 3]]))
    expect(changed.store.size + renamed.store.size).toBe(0)
  })

  test('can be read by its owner only, and leaves no other file', async () => {
    const { directory, path } = await written()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toStrictEqual(['cache'])
  })

  test('that does not exist is an empty cache without a warning', () => {
    const { start } = setUp()
    const { file, tables, warnings, saves } = start()
    expect(file.load(tables).loaded).toBe(0)
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
    expect(second.file.load(second.tables).loaded).toBe(5001)
    expect(second.store.get('k4999')?.value).toBe('v4999'.repeat(10))
    expect(second.store.get('long')?.value?.length).toBe(1_000_000)
  })

  test('brings back any keys and values', async () => {
    const text = fc.string({ unit: 'binary' })
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          text,
          text.filter((value) => value !== ''),
        ),
        async (entries) => {
          const { start } = setUp()
          const first = start()
          for (const [key, value] of Object.entries(entries))
            first.store.set(key, { value, freshness, ageMs: 0 })
          await first.file.save(first.tables)
          const second = start()
          second.file.load(second.tables)
          for (const [key, value] of Object.entries(entries)) expect(second.store.get(key)?.value).toBe(value)
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('a cache file that cannot be used is set aside, and the start is cold:', () => {
  const damages: [name: string, damage: (path: string) => void, why: RegExp][] = [
    ['a foreign one', (path) => writeFileSync(path, 'root:x:0:0\n'), /no cache file/],
    ['an empty one', (path) => writeFileSync(path, ''), /no cache file/],
    ['one that ends in its version', (path) => truncateSync(path, MAGIC.length + 1), /version 0/],
    ['one of a later version', (path) => flip(path, MAGIC.length, 3), /version 3/],
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
      expect(file.load(tables).loaded).toBe(0)
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
      file.load(tables)
      expect([store.size, warnings.length]).toStrictEqual([0, 1])
    }
  })

  test('one that is a directory is reported and left alone', () => {
    const { path, start } = setUp()
    mkdirSync(path)
    const { file, tables, warnings } = start()
    file.load(tables)
    expect(warnings.join()).toMatch(/cannot be read \(EISDIR\)/)
  })
})

describe('a cache file that cannot be written', () => {
  test('is reported, the old one stays, and no unfinished file is left', async () => {
    const { path, directory, first } = await written()
    const before = readFileSync(path)
    rmSync(path)
    mkdirSync(path)
    writeFileSync(join(path, 'x'), before)
    expect(await first.file.save(first.tables)).toBeUndefined()
    expect(first.warnings.join()).toMatch(/cannot be written \(E/)
    expect(readdirSync(directory)).toStrictEqual(['cache'])
  })

  test('for want of its directory is reported and tried again next time', async () => {
    const { directory, first } = await written()
    rmSync(directory, { recursive: true })
    expect(await first.file.save(first.tables)).toBeUndefined()
    expect(first.warnings.join()).toMatch(/ENOENT/)
    mkdirSync(directory)
    expect(await first.file.save(first.tables)).toBe(3)
  })

  test('in a place that takes no files is reported', async () => {
    const { start } = setUp()
    const clock = new ManualClock()
    const warnings: string[] = []
    const file = new CacheFile({
      path: '/proc/mapgate-cache',
      clock,
      onWarning: (message) => warnings.push(message),
    })
    expect(await file.save(start(clock).tables)).toBeUndefined()
    expect(warnings.length).toBe(1)
  })
})

describe('saving', () => {
  test('happens regularly until it is stopped, one save at a time', async () => {
    const { path, start } = setUp()
    const { file, tables, clock, store, saves } = start()
    store.set('k', { value: 'v', freshness: { ...freshness, staleIfErrorMs: 100 * HOUR }, ageMs: 0 })
    file.saveRegularly(() => tables)
    clock.advance(SAVE_EVERY_MS - 1)
    expect(saves).toStrictEqual([])
    clock.advance(1)
    const [one, two] = await Promise.all([file.save(tables), file.save(tables)])
    await settle()
    expect([one, two, saves.at(-1)]).toStrictEqual([1, 1, clock.wallMs()])
    expect(statSync(path).size).toBeGreaterThan(0)
    expect(clock.timers).toBe(1)
    file.stop()
    expect(clock.timers).toBe(0)
  })

  test('happens soon after purges, once for many, so that no crash brings purged answers back', async () => {
    const { start, first } = await written()
    first.store.purge({ kind: 'key', key: 'bob@a.example' })
    first.file.saveSoon(() => first.tables)
    first.clock.advance(SAVE_AFTER_PURGE_MS - 1)
    first.file.saveSoon(() => first.tables)
    expect(first.clock.timers).toBe(1)
    first.clock.advance(1)
    await first.file.save(first.tables)
    const second = start(new ManualClock(7, first.clock.wallMs()))
    expect(second.file.load(second.tables).loaded).toBe(2)
    expect(second.store.get('bob@a.example')).toBeUndefined()
    first.file.saveSoon(() => first.tables)
    expect(first.clock.timers).toBe(1)
    first.file.stop()
    first.file.saveSoon(() => first.tables)
    expect(first.clock.timers).toBe(0)
  })

  test('keeps what the rules for outages need: who answered a "not found", and since when a key is found', async () => {
    const { start } = setUp()
    const clock = new ManualClock()
    const first = start(clock)
    const kept = { ...freshness, staleIfErrorMs: 10 * HOUR }
    first.store.set('a', { value: undefined, freshness: kept, ageMs: 0, isVouched: true })
    first.store.set('b', { value: undefined, freshness: kept, ageMs: 0 })
    first.store.set('c', { value: 'v', freshness: kept, ageMs: 0 })
    clock.advance(5000)
    first.store.set('c', { value: 'w', freshness: kept, ageMs: 0 })
    await first.file.save(first.tables)
    clock.advance(1000)
    const { store, file, tables } = start(clock)
    file.load(tables)
    const answers = ['a', 'b', 'c'].flatMap((key) => store.get(key) ?? [])
    expect(
      answers.map((answer) => [answer.isVouched, store.ageMs(answer), store.foundForMs(answer)]),
    ).toStrictEqual([
      [true, 6000, 6000],
      [false, 6000, 6000],
      [false, 1000, 6000],
    ])
  })

  test('leaves lookups their turns: answers change under it and the file is whole', async () => {
    const { start } = setUp()
    const { file, tables, store } = start()
    for (let index = 0; index < 8000; index++)
      store.set(`k${index}`, { value: 'v'.repeat(50), freshness, ageMs: 0 })
    const saving = file.save(tables)
    let turns = 0
    for (let done = false; !done; turns++) {
      store.set(`k${turns}`, { value: 'changed', freshness, ageMs: 0 })
      store.delete(`k${turns + 4000}`)
      done = await Promise.race([saving.then(() => true), settle().then(() => false)])
    }
    expect(turns).toBeGreaterThan(3)
    const second = start()
    expect(second.file.load(second.tables).loaded).toBeGreaterThan(3000)
    expect(second.warnings).toStrictEqual([])
  })

  test('leaves lookups their turns among answers that are not written, too', async () => {
    const { start } = setUp()
    const clock = new AskedClock()
    const { file, tables, store } = start(clock)
    for (let index = 0; index < 3 * MAX_PASSED_OVER; index++)
      store.set(`k${index}`, { value: 'v', freshness, ageMs: 10 * HOUR })
    const saving = file.save(tables)
    let most = 0
    for (let done = false; !done; most = Math.max(most, clock.asked)) {
      clock.asked = 0
      done = await Promise.race([saving.then(() => true), settle().then(() => false)])
    }
    expect(await saving).toBe(0)
    expect(most).toBe(MAX_PASSED_OVER)
  })
})

/** Counts how often it is asked for the time: an answer's age is asked for once. */
class AskedClock extends ManualClock {
  asked = 0

  override monotonicMs(): number {
    this.asked++
    return super.monotonicMs()
  }
}

/** Changes one byte of a file. */
function flip(path: string, at: number, to?: number): void {
  const bytes = readFileSync(path)
  bytes[at] = to ?? (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
