import assert from 'node:assert/strict'
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
import { describe, onTestFinished, test } from 'vitest'
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
  assert.equal(await first.file.save(first.tables), 3)
  return { ...place, first }
}

describe('a cache file', () => {
  test('brings every answer back as it was', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    assert.deepEqual(second.file.load(second.tables), { loaded: 3, dropped: new Map(), expired: 0 })
    const bob = second.store.get('bob@a.example')
    assert.deepEqual(
      [bob?.value, bob?.endpoint, bob?.freshnessLifetimeMs, bob?.staleIfErrorMs],
      ['jürgen@b.example', 1, MINUTE, HOUR],
    )
    assert.deepEqual(second.store.get('eve@a.example')?.validators, {
      etag: '"1"',
      lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT',
    })
    assert.equal(second.store.get('nobody@a.example')?.result.kind, 'notfound')
    assert.deepEqual(second.saves, [first.clock.wallMs()])
  })

  test('takes as much of the store for an answer as it took before', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs()))
    second.file.load(second.tables)
    assert.deepEqual(second.store.status(), first.store.status())
  })

  test('lets answers age by the wall clock while the program is down', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + 10 * MINUTE))
    second.file.load(second.tables)
    assert.equal(second.age('bob@a.example'), 10 * MINUTE + 5000)
  })

  test('makes no answer younger when the clock was set back', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() - HOUR))
    second.file.load(second.tables)
    assert.equal(second.age('bob@a.example'), 5000)
    second.clock.advance(1000)
    assert.equal(second.age('bob@a.example'), 6000)
  })

  for (const [setBackMs, kept] of [
    [0, true],
    [1, false],
  ] as const) {
    test(`has "not found" answers ${kept ? 'used' : 'dropped'} by a clock set back by ${setBackMs} ms`, async () => {
      const { start, first } = await written()
      const second = start(new ManualClock(7, first.clock.wallMs() - setBackMs))
      assert.equal(second.file.load(second.tables).expired, kept ? 0 : 1)
      assert.equal(second.store.get('nobody@a.example') !== undefined, kept)
      assert.equal(second.store.get('bob@a.example')?.value, 'jürgen@b.example')
    })
  }

  test('keeps only what can still be used, in writing and in reading', async () => {
    const { start, first } = await written()
    const second = start(new ManualClock(7, first.clock.wallMs() + MINUTE + HOUR - 5000))
    assert.equal(second.file.load(second.tables).expired, 1)
    second.clock.advance(5000)
    assert.equal(await second.file.save(second.tables), 0)
  })

  test('drops and counts the answers of another fingerprint and of a table that is gone', async () => {
    const { start } = await written()
    const changed = start(undefined, 'f2')
    assert.deepEqual(changed.file.load(changed.tables).dropped, new Map([['aliases', 3]]))
    const renamed = start(undefined, 'f1', 'other')
    assert.deepEqual(renamed.file.load(renamed.tables).dropped, new Map([['aliases', 3]]))
    assert.equal(changed.store.size + renamed.store.size, 0)
  })

  test('can be read by its owner only, and leaves no other file', async () => {
    const { directory, path } = await written()
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(directory), ['cache'])
  })

  test('that does not exist is an empty cache without a warning', () => {
    const { start } = setUp()
    const { file, tables, warnings, saves } = start()
    assert.equal(file.load(tables).loaded, 0)
    assert.deepEqual([warnings, saves], [[], []])
  })

  test('holds thousands of answers and long values in many blocks', async () => {
    const { start } = setUp()
    const first = start()
    for (let index = 0; index < 5000; index++)
      first.store.set(`k${index}`, { value: `v${index}`.repeat(10), freshness, ageMs: 0 })
    first.store.set('long', { value: 'x'.repeat(1_000_000), freshness, ageMs: 0 })
    first.store.set(`huge${'x'.repeat(30_000)}`, { value: 'does not fit', freshness, ageMs: 0 })
    assert.equal(await first.file.save(first.tables), 5001)
    const second = start()
    assert.equal(second.file.load(second.tables).loaded, 5001)
    assert.equal(second.store.get('k4999')?.value, 'v4999'.repeat(10))
    assert.equal(second.store.get('long')?.value?.length, 1_000_000)
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
          for (const [key, value] of Object.entries(entries))
            assert.equal(second.store.get(key)?.value, value)
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
      assert.equal(file.load(tables).loaded, 0)
      assert.equal(store.size, 0)
      assert.match(warnings.join(), why)
      assert.deepEqual(readdirSync(directory), [`cache.damaged-${clock.wallMs()}`])
    })
  }

  test('one cut off anywhere is never half read', async () => {
    const { path, start } = await written()
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      const { file, tables, store, warnings } = start()
      file.load(tables)
      assert.deepEqual([store.size, warnings.length], [0, 1])
    }
  })

  test('one that is a directory is reported and left alone', () => {
    const { path, start } = setUp()
    mkdirSync(path)
    const { file, tables, warnings } = start()
    file.load(tables)
    assert.match(warnings.join(), /cannot be read \(EISDIR\)/)
  })
})

describe('a cache file that cannot be written', () => {
  test('is reported, the old one stays, and no unfinished file is left', async () => {
    const { path, directory, first } = await written()
    const before = readFileSync(path)
    rmSync(path)
    mkdirSync(path)
    writeFileSync(join(path, 'x'), before)
    assert.equal(await first.file.save(first.tables), undefined)
    assert.match(first.warnings.join(), /cannot be written \(E/)
    assert.deepEqual(readdirSync(directory), ['cache'])
  })

  test('for want of its directory is reported and tried again next time', async () => {
    const { directory, first } = await written()
    rmSync(directory, { recursive: true })
    assert.equal(await first.file.save(first.tables), undefined)
    assert.match(first.warnings.join(), /ENOENT/)
    mkdirSync(directory)
    assert.equal(await first.file.save(first.tables), 3)
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
    assert.equal(await file.save(start(clock).tables), undefined)
    assert.equal(warnings.length, 1)
  })
})

describe('saving', () => {
  test('happens regularly until it is stopped, one save at a time', async () => {
    const { path, start } = setUp()
    const { file, tables, clock, store, saves } = start()
    store.set('k', { value: 'v', freshness: { ...freshness, staleIfErrorMs: 100 * HOUR }, ageMs: 0 })
    file.saveRegularly(() => tables)
    clock.advance(SAVE_EVERY_MS - 1)
    assert.deepEqual(saves, [])
    clock.advance(1)
    const [one, two] = await Promise.all([file.save(tables), file.save(tables)])
    await settle()
    assert.deepEqual([one, two, saves.at(-1)], [1, 1, clock.wallMs()])
    assert.ok(statSync(path).size > 0)
    assert.equal(clock.timers, 1)
    file.stop()
    assert.equal(clock.timers, 0)
  })

  test('happens soon after purges, once for many, so that no crash brings purged answers back', async () => {
    const { start, first } = await written()
    first.store.purge({ kind: 'key', key: 'bob@a.example' })
    first.file.saveSoon(() => first.tables)
    first.clock.advance(SAVE_AFTER_PURGE_MS - 1)
    first.file.saveSoon(() => first.tables)
    assert.equal(first.clock.timers, 1)
    first.clock.advance(1)
    await first.file.save(first.tables)
    const second = start(new ManualClock(7, first.clock.wallMs()))
    assert.equal(second.file.load(second.tables).loaded, 2)
    assert.equal(second.store.get('bob@a.example'), undefined)
    first.file.saveSoon(() => first.tables)
    assert.equal(first.clock.timers, 1)
    first.file.stop()
    first.file.saveSoon(() => first.tables)
    assert.equal(first.clock.timers, 0)
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
    assert.deepEqual(
      answers.map((answer) => [answer.isVouched, store.ageMs(answer), store.foundForMs(answer)]),
      [
        [true, 6000, 6000],
        [false, 6000, 6000],
        [false, 1000, 6000],
      ],
    )
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
    assert.ok(turns > 3)
    const second = start()
    assert.ok(second.file.load(second.tables).loaded > 3000)
    assert.deepEqual(second.warnings, [])
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
    assert.equal(await saving, 0)
    assert.equal(most, MAX_PASSED_OVER)
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
