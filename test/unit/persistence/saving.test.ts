import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CacheFile } from '../../../src/persistence/cache-file.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { freshness, HOUR, setUp, written } from './cache-file-set-up.ts'

/** Counts how often it is asked for the time: an answer's age is asked for once. */
class AskedClock extends ManualClock {
  asked = 0

  override monotonicMs(): number {
    this.asked++
    return super.monotonicMs()
  }
}

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
    clock.advance(299_999)
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
    first.clock.advance(9999)
    first.file.saveSoon(() => first.tables)
    expect(first.clock.timers).toBe(1)
    first.clock.advance(1)
    await first.file.save(first.tables)
    const second = start(new ManualClock(7, first.clock.wallMs()))
    expect((await second.file.load(second.tables)).loaded).toBe(2)
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
    first.store.set('a', { value: undefined, freshness: kept, ageMs: 0, confirmedByCanary: true })
    first.store.set('b', { value: undefined, freshness: kept, ageMs: 0 })
    first.store.set('c', { value: 'v', freshness: kept, ageMs: 0 })
    clock.advance(5000)
    first.store.set('c', { value: 'w', freshness: kept, ageMs: 0 })
    await first.file.save(first.tables)
    clock.advance(1000)
    const { store, file, tables } = start(clock)
    await file.load(tables)
    const answers = ['a', 'b', 'c'].flatMap((key) => store.get(key) ?? [])
    expect(
      answers.map((answer) => [answer.confirmedByCanary, store.ageMs(answer), store.foundForMs(answer)]),
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
    expect((await second.file.load(second.tables)).loaded).toBeGreaterThan(3000)
    expect(second.warnings).toStrictEqual([])
  })

  test('leaves lookups their turns among answers that are not written, too', async () => {
    const { start } = setUp()
    const clock = new AskedClock()
    const { file, tables, store } = start(clock)
    for (let index = 0; index < 6000; index++)
      store.set(`k${index}`, { value: 'v', freshness, ageMs: 10 * HOUR })
    const saving = file.save(tables)
    let most = 0
    for (let done = false; !done; most = Math.max(most, clock.asked)) {
      clock.asked = 0
      done = await Promise.race([saving.then(() => true), settle().then(() => false)])
    }
    expect(await saving).toBe(0)
    expect(most).toBe(2000)
  })
})
