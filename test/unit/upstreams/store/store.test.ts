/**
 * A store on a real disk, with a clock that the test moves.
 */
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { StoreBounds, StoredEntry } from '../../../../src/core/store/store.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import { StoreFile } from '../../../../src/upstreams/store/store-file.ts'
import { StoredTable } from '../../../../src/upstreams/store/stored-table.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { question } from '../../../support/core/question.ts'

const BOUNDS: StoreBounds = { maxEntries: 1000, maxBytes: 10_000_000, ttlMs: 60_000 }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-store-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(bounds: Partial<StoreBounds> = {}, path = folder()) {
  const file = await StoreFile.open(path, { ...BOUNDS, ...bounds })
  onTestFinished(() => file.close())
  const clock = new ManualClock()
  const failures: unknown[] = []
  const table = (name: string) =>
    new StoredTable('learned', name, file, clock, (error) => failures.push(error))
  return { path, file, clock, failures, table, verify: table('verify') }
}

const value = (table: StoredTable, key: string) => {
  const { result } = table.ask(question(key))
  return result.kind === 'found' ? result.value : result.kind
}

/** One step of a cursor as a client has it. */
async function scan(table: StoredTable, after?: string): Promise<StoredEntry | undefined> {
  const page = await table.entries(after, 1)
  return page.kind === 'page' ? page.entries[0] : expect.unreachable(page.reason)
}

/** Every entry, by a cursor as a client has it. */
async function scanned(table: StoredTable): Promise<string[]> {
  const seen: string[] = []
  for (let next = await scan(table); next !== undefined; next = await scan(table, next.key))
    seen.push(`${next.key}=${next.value}`)
  return seen
}

describe('a store', () => {
  test('writes the whole of what is under way when it is closed, and says so', async () => {
    const { path, file, verify, failures } = await open()
    const writing = verify.put('a', '1', {})
    const closed = file.close()
    expect(await writing).toEqual({ kind: 'done' })
    await closed
    expect(failures).toEqual([])
    const again = await open({}, path)
    expect(value(again.verify, 'a')).toBe('1')
    expect(again.file.totals()).toMatchObject({ entries: 1, bytes: 102 })
  })

  test('has what was written, the last value of each key, and nothing that was deleted', async () => {
    const { verify } = await open()
    expect(value(verify, 'a')).toBe('notfound')
    expect(await verify.put('a', '1', {})).toEqual({ kind: 'done' })
    expect(value(verify, 'a')).toBe('1')
    await verify.put('a', '2', {})
    expect(value(verify, 'a')).toBe('2')
    expect(await verify.delete('a')).toEqual({ kind: 'done' })
    expect(await verify.delete('a')).toEqual({ kind: 'notfound' })
    expect(value(verify, 'a')).toBe('notfound')
  })

  test('says that its file was removed, at the first write ten seconds after it looked last', async () => {
    const { path, file, verify, clock } = await open()
    const told: string[] = []
    file.onLost = (trouble) => told.push(trouble)
    await verify.put('a', '1', {})
    expect(file.trouble).toBeUndefined()
    renameSync(path, `${path}.old`)
    onTestFinished(() => rmSync(`${path}.old`, { recursive: true, force: true }))
    clock.advance(9999)
    await verify.put('b', '2', {})
    expect(told).toEqual([])
    clock.advance(1)
    expect(await verify.put('c', '3', {})).toEqual({ kind: 'done' })
    expect(told).toEqual([
      `its file ${path}/data.mdb was removed while it was open: what Postfix writes is lost when mapgate ends; restart mapgate`,
    ])
    expect(file.trouble).toBe(told[0])
    expect(value(verify, 'c')).toBe('3')
  })

  test('keeps tables apart, also in scans and purges', async () => {
    const { verify, table } = await open()
    const other = table('verify2')
    await verify.put('a', '1', {})
    await other.put('b', '2', {})
    expect([value(verify, 'b'), await scanned(verify), await scanned(other)]).toEqual([
      'notfound',
      ['a=1'],
      ['b=2'],
    ])
    expect(await verify.purge({ kind: 'all' })).toBe(1)
    expect(await scanned(other)).toEqual(['b=2'])
  })

  test('keeps the case of keys', async () => {
    const { verify } = await open()
    await verify.put('_LAST_CACHE_CLEANUP_COMPLETED_', '1', {})
    expect(value(verify, '_last_cache_cleanup_completed_')).toBe('notfound')
    expect(await scanned(verify)).toEqual(['_LAST_CACHE_CLEANUP_COMPLETED_=1'])
  })

  test('is there again when it is opened again, in a folder that only its owner may enter', async () => {
    const { path, file, verify } = await open()
    await verify.put('a', 'é', {})
    await file.close()
    const again = await open({}, path)
    expect(value(again.verify, 'a')).toBe('é')
    expect(again.file.totals().entries).toBe(1)
    expect([statSync(path).mode & 0o777, statSync(join(path, 'data.mdb')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ])
  })

  test('says "try again later" when it is closed, and neither dies nor forgets', async () => {
    const { file, verify } = await open()
    await verify.put('a', '1', {})
    await file.close()
    expect(value(verify, 'a')).toBe('temporary')
    for (const result of [
      await verify.put('b', '1', {}),
      await verify.delete('a'),
      await verify.entries(undefined, 1),
      await verify.purge({ kind: 'all' }),
    ])
      expect(result).toMatchObject({ kind: 'temporary', cause: 'stopping' })
  })
})

describe('a disk that fails', () => {
  test('makes everything temporary, with its code, and is reported', async () => {
    const { verify, file, failures, clock } = await open()
    await verify.put('a', '1', {})
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    for (const method of ['put', 'delete', 'purge'] as const) vi.spyOn(file, method).mockRejectedValue(full)
    for (const method of ['get', 'page'] as const)
      vi.spyOn(file, method).mockImplementation(() => {
        throw full
      })
    const results: unknown[] = [await verify.put('b', '1', {})]
    clock.advance(1000)
    results.push(await verify.delete('a'))
    results.push(
      await verify.purge({ kind: 'all' }),
      await verify.entries(undefined, 1),
      verify.ask(question('a')).result,
    )
    for (const result of results)
      expect(result).toMatchObject({ kind: 'temporary', reason: expect.stringContaining('(ENOSPC)') })
    expect(failures).toEqual([full, full, full, full, full])
  })

  test('is not written to again for a second, and read all the same', async () => {
    const { verify, file, failures, clock } = await open()
    await verify.put('a', '1', {})
    const put = vi.spyOn(file, 'put').mockRejectedValueOnce(new Error('Input/output error\nmore'))
    const failed = { kind: 'temporary', reason: expect.stringContaining('(Input/output error)') }
    expect(await verify.put('b', '1', {})).toMatchObject(failed)
    clock.advance(999)
    expect(await verify.put('b', '1', {})).toMatchObject(failed)
    expect(await verify.delete('a')).toMatchObject(failed)
    expect(value(verify, 'a')).toBe('1')
    expect([put.mock.calls.length, failures.length]).toEqual([1, 1])
    clock.advance(1)
    expect(await verify.put('b', '1', {})).toEqual({ kind: 'done' })
  })
})

describe('an entry', () => {
  test('is gone at the end of its time, to the millisecond, in lookups, scans and deletions', async () => {
    const { verify, clock } = await open()
    await verify.put('a', '1', {})
    clock.advance(59_999)
    expect([value(verify, 'a'), await scanned(verify)]).toEqual(['1', ['a=1']])
    clock.advance(1)
    expect([value(verify, 'a'), await scanned(verify)]).toEqual(['notfound', []])
    expect(await verify.delete('a')).toEqual({ kind: 'notfound' })
  })

  test('lives as long as its client says, and never longer than the store', async () => {
    const { verify, clock } = await open()
    await verify.put('short', '1', { ttlMs: 1000 })
    await verify.put('long', '1', { ttlMs: 100_000 })
    await verify.put('date', '1', { expiresAtMs: clock.wallMs() + 2000 })
    await verify.put('over', '1', { ttlMs: 0 })
    expect(await scanned(verify)).toEqual(['date=1', 'long=1', 'short=1'])
    clock.advance(1000)
    expect(await scanned(verify)).toEqual(['date=1', 'long=1'])
    clock.advance(1000)
    expect(await scanned(verify)).toEqual(['long=1'])
    clock.advance(58_000)
    expect(await scanned(verify)).toEqual([])
  })

  test('that has expired leaves the disk with later writes', async () => {
    const { verify, clock, file } = await open()
    for (let n = 0; n < 100; n++) await verify.put(`k${n}`, '1', { ttlMs: 1000 })
    clock.advance(1000)
    expect(file.totals().entries).toBe(100)
    for (let n = 0; n < 8; n++) await verify.put(`new${n}`, '1', {})
    expect(file.totals()).toMatchObject({ entries: 8, evicted: 0 })
  })
})

describe('a full store', () => {
  test('holds as many entries as it may; those that expire first go', async () => {
    const { verify, file } = await open({ maxEntries: 3 })
    let dropped = 0
    file.onFull = () => dropped++
    for (const [key, ttlMs] of [
      ['a', 3000],
      ['b', 1000],
      ['c', 2000],
      ['d', 4000],
    ] as const)
      await verify.put(key, '1', { ttlMs })
    expect([await scanned(verify), file.totals()]).toMatchObject([
      ['a=1', 'c=1', 'd=1'],
      { entries: 3, evicted: 1 },
    ])
    expect(dropped).toBe(1)
  })

  test('holds as many bytes as it may, counted right over changes and deletions', async () => {
    const { verify, file } = await open({ maxBytes: 3000 })
    for (let n = 0; n < 50; n++) await verify.put(`key${n % 10}`, 'v'.repeat(100 + n), { ttlMs: 1000 + n })
    expect(file.totals().bytes).toBeLessThanOrEqual(3000)
    expect(file.totals().entries).toBe((await scanned(verify)).length)
    expect(await verify.purge({ kind: 'all' })).toBeGreaterThan(5)
    expect(file.totals()).toMatchObject({ entries: 0, bytes: 0 })
  })
})

describe('a page', () => {
  test('has the entries behind a key, with the time at which each is gone, and says whether there are more', async () => {
    const { verify, table, clock } = await open()
    for (const key of ['a', 'b', 'c']) await verify.put(key, `${key}1`, { ttlMs: 5000 })
    await verify.put('gone', '1', { ttlMs: 0 })
    await table('verify2').put('x', '1', {})
    const expiresAtMs = clock.wallMs() + 5000
    const [a, b, c] = ['a', 'b', 'c'].map((key) => ({ key, value: `${key}1`, expiresAtMs }))
    expect(await verify.entries(undefined, 2)).toEqual({ kind: 'page', entries: [a, b], hasMore: true })
    expect(await verify.entries('b', 2)).toEqual({ kind: 'page', entries: [c], hasMore: false })
    expect(await verify.entries(undefined, 3)).toEqual({ kind: 'page', entries: [a, b, c], hasMore: false })
    expect(await verify.entries('bb', 1)).toEqual({ kind: 'page', entries: [c], hasMore: false })
    expect(await verify.entries('z', 1)).toEqual({ kind: 'page', entries: [], hasMore: false })
  })

  test('ends after a megabyte, and goes on where it ended', async () => {
    const { verify } = await open()
    for (let n = 10; n < 40; n++) await verify.put(`k${n}`, 'v'.repeat(100_000), {})
    const first = await verify.entries(undefined, 1000)
    expect(first).toMatchObject({ kind: 'page', hasMore: true })
    const keys = first.kind === 'page' ? first.entries.map(({ key }) => key) : []
    expect([keys.length, keys.at(-1)]).toEqual([11, 'k20'])
    expect(await verify.entries('k20', 1)).toMatchObject({ entries: [{ key: 'k21' }] })
  })
})

describe('a scan', () => {
  test('over many entries that have expired lets others have their turn', async () => {
    const { verify, clock } = await open({ maxEntries: 10_000 })
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        verify.put(`k${String(n).padStart(3, '0')}`, '1', { ttlMs: 1000 }),
      ),
    )
    await verify.put('last', '1', {})
    clock.advance(1000)
    const order: string[] = []
    const page = verify.entries(undefined, 1)
    setImmediate(() => order.push('other'))
    expect(await page).toMatchObject({ entries: [{ key: 'last' }], hasMore: false })
    order.push('page')
    expect(order).toEqual(['other', 'page'])
  })

  test('gives each entry once, in order, and goes on when the one it stands at is deleted', async () => {
    const { verify } = await open()
    const keys = Array.from({ length: 600 }, (_, n) => `k${String(n).padStart(3, '0')}`)
    await Promise.all(keys.map((key) => verify.put(key, '1', {})))
    const seen: string[] = []
    for (let next = await scan(verify); next !== undefined; next = await scan(verify, next.key)) {
      seen.push(next.key)
      await verify.delete(next.key)
      if (seen.length === 300) await verify.put('k000', 'again', {})
    }
    expect(seen).toEqual(keys)
    expect(await scanned(verify)).toEqual(['k000=again'])
  })
})

test('a purge takes a key, a domain in any case, or all, and says how many', async () => {
  const { verify } = await open()
  for (const key of ['a@x.example', 'b@X.example', 'x.example', 'c@y.example', 'A@z.example'])
    await verify.put(key, '1', {})
  expect(await verify.purge({ kind: 'domain', domain: 'X.example' })).toBe(3)
  expect(await verify.purge({ kind: 'key', key: 'a@z.example' })).toBe(0)
  expect(await verify.purge({ kind: 'key', key: 'A@z.example' })).toBe(1)
  expect(await verify.purge({ kind: 'all' })).toBe(1)
})

test('a purge of many entries lets others have their turn, and leaves what is written meanwhile', async () => {
  const { verify } = await open({ maxEntries: 10_000 })
  await Promise.all(Array.from({ length: 2000 }, (_, n) => verify.put(`k${n}`, '1', {})))
  const purged = verify.purge({ kind: 'all' })
  expect(await verify.put('a', '1', {})).toEqual({ kind: 'done' })
  expect(value(verify, 'a')).toBe('1')
  expect(await purged).toBe(2000)
  expect(await scanned(verify)).toEqual(['a=1'])
})

for (const [what, text] of [
  ['something else', 'no database '.repeat(1000)],
  ['cut short', Buffer.from(`${'0'.repeat(48)}dec0efbe`, 'hex')],
] as const)
  test(`a file that is ${what} is refused, where LMDB would end the process`, async () => {
    const path = folder()
    writeFileSync(join(path, 'data.mdb'), text)
    const why = /its file data.mdb is damaged, or not a database; move it away/
    await expect(StoreFile.open(path, BOUNDS)).rejects.toThrow(why)
    expect(() => ReplicaFile.open(path)).toThrow(why)
    writeFileSync(join(path, 'data.mdb'), '')
    await (await StoreFile.open(path, BOUNDS)).close()
  })

test('a folder that cannot be used says so', async () => {
  const path = join(folder(), 'file')
  writeFileSync(path, '')
  await expect(StoreFile.open(join(path, 'store'), BOUNDS)).rejects.toThrow(
    /^the folder of the store, .*file\/store, cannot be used: ENOTDIR/,
  )
})
