/**
 * What every {@link TableStore} keeps to, whatever holds its entries.
 */
import { describe, expect, test } from 'vitest'
import type { StoreBounds, StoredEntry, TableStore } from '../../../src/core/store/store.ts'
import type { Upstream } from '../../../src/core/upstream.ts'
import { question } from '../core/question.ts'

/** An empty store whose entries live for a minute, with a table `verify` and a table `verify2`. */
export interface StoreUnderContract {
  readonly table: TableStore & Upstream
  readonly other: TableStore & Upstream
  /** Ms of the clock by which entries expire. */
  nowMs(): number
  advance(ms: number): void
  /** Changes how much it holds: by default far more than the tests write. */
  bound(bounds: Partial<StoreBounds>): void
  close(): Promise<void> | void
}

const DONE = { kind: 'done' }

export function tableStoreContract(what: string, open: () => Promise<StoreUnderContract>): void {
  describe(`the contract of a table that takes changes: ${what}`, () => {
    test('finds what was put last, and says "not found" for all else', async () => {
      const { table } = await open()
      expect(await lookUp(table, 'a')).toBe('notfound')
      expect(await table.put('a', 'one', {})).toEqual(DONE)
      expect(await table.put('a', 'zwölf', {})).toEqual(DONE)
      expect(await lookUp(table, 'a')).toBe('zwölf')
      expect(await lookUp(table, 'A')).toBe('notfound')
    })

    test('deletes what is there, and says when nothing is', async () => {
      const { table } = await open()
      await table.put('a', 'one', {})
      expect(await table.delete('a')).toEqual(DONE)
      expect(await table.delete('a')).toEqual({ kind: 'notfound' })
      expect(await lookUp(table, 'a')).toBe('notfound')
    })

    test('keeps its entries apart from those of other tables', async () => {
      const { table, other } = await open()
      await table.put('a', 'one', {})
      await other.put('b', 'two', {})
      expect([await lookUp(table, 'b'), await lookUp(other, 'a')]).toEqual(['notfound', 'notfound'])
      expect(await other.delete('a')).toEqual({ kind: 'notfound' })
      expect(await table.purge({ kind: 'all' })).toBe(1)
      expect([await scanned(table), await scanned(other)]).toEqual([[], ['b=two']])
    })

    test('gives pages in the order of the keys, with the end of each entry, and says which is the last', async () => {
      const { table, nowMs } = await open()
      const expiresAtMs = nowMs() + 5000
      for (const key of ['c', 'a', 'é', 'B']) await table.put(key, `1${key}`, { expiresAtMs })
      const [B, a, c, e] = ['B', 'a', 'c', 'é'].map((key) => ({ key, value: `1${key}`, expiresAtMs }))
      expect(await table.entries(undefined, 4)).toEqual({
        kind: 'page',
        entries: [B, a, c, e],
        hasMore: false,
      })
      expect(await table.entries(undefined, 3)).toEqual({ kind: 'page', entries: [B, a, c], hasMore: true })
      expect(await table.entries('b', 1)).toEqual({ kind: 'page', entries: [c], hasMore: true })
      expect(await table.entries('c', 1)).toEqual({ kind: 'page', entries: [e], hasMore: false })
      expect(await table.entries('é', 1)).toEqual({ kind: 'page', entries: [], hasMore: false })
    })

    test('scans each entry once to the end while those behind and before the cursor are deleted', async () => {
      const { table } = await open()
      const keys = Array.from({ length: 20 }, (_, n) => `k${n + 10}`)
      for (const key of keys) await table.put(key, 'v', {})
      const seen: string[] = []
      for (let next = await first(table); next !== undefined; next = await first(table, next.key)) {
        seen.push(next.key)
        expect(await table.delete(next.key)).toEqual(DONE)
        if (next.key === 'k15') expect(await table.delete('k16')).toEqual(DONE)
      }
      expect(seen).toEqual(keys.filter((key) => key !== 'k16'))
      expect(await scanned(table)).toEqual([])
    })

    test('keeps an entry as long as its client says, and never longer than the store', async () => {
      const { table, nowMs, advance } = await open()
      await table.put('date', 'v', { expiresAtMs: nowMs() + 2000 })
      await table.put('default', 'v', {})
      await table.put('long', 'v', { ttlMs: 600_000 })
      await table.put('short', 'v', { ttlMs: 1000 })
      advance(999)
      expect(await scanned(table)).toEqual(['date=v', 'default=v', 'long=v', 'short=v'])
      advance(1)
      expect([await scanned(table), await lookUp(table, 'short')]).toEqual([
        ['date=v', 'default=v', 'long=v'],
        'notfound',
      ])
      expect(await table.delete('short')).toEqual({ kind: 'notfound' })
      advance(1000)
      expect(await scanned(table)).toEqual(['default=v', 'long=v'])
      advance(57_999)
      expect(await scanned(table)).toEqual(['default=v', 'long=v'])
      advance(1)
      expect(await scanned(table)).toEqual([])
    })

    test('holds as many entries as it may, of all its tables: those that expire first go', async () => {
      const { table, other, bound } = await open()
      bound({ maxEntries: 3 })
      await other.put('x', 'v', { ttlMs: 1000 })
      await table.put('a', 'v', { ttlMs: 20_000 })
      await table.put('b', 'v', { ttlMs: 10_000 })
      expect(await scanned(other)).toEqual(['x=v'])
      await table.put('c', 'v', { ttlMs: 30_000 })
      expect([await scanned(table), await scanned(other)]).toEqual([['a=v', 'b=v', 'c=v'], []])
      await table.put('d', 'v', { ttlMs: 40_000 })
      expect(await scanned(table)).toEqual(['a=v', 'c=v', 'd=v'])
    })

    test('holds as many bytes as it may: those that expire first go', async () => {
      const { table, bound } = await open()
      bound({ maxBytes: 2000 })
      await table.put('a', 'v'.repeat(600), { ttlMs: 10_000 })
      await table.put('b', 'v'.repeat(600), { ttlMs: 20_000 })
      expect((await scanned(table)).length).toBe(2)
      await table.put('c', 'v'.repeat(600), { ttlMs: 30_000 })
      expect((await scanned(table)).map((entry) => entry.slice(0, 3))).toEqual(['b=v', 'c=v'])
    })

    test('purges a key, a domain in any case, or all, and says how many', async () => {
      const { table } = await open()
      for (const key of ['a@x.example', 'b@X.example', 'x.example', 'c@y.example', 'A@z.example'])
        await table.put(key, 'v', {})
      expect(await table.purge({ kind: 'domain', domain: 'X.example' })).toBe(3)
      expect(await table.purge({ kind: 'key', key: 'a@z.example' })).toBe(0)
      expect(await table.purge({ kind: 'key', key: 'A@z.example' })).toBe(1)
      expect(await table.purge({ kind: 'all' })).toBe(1)
      expect(await scanned(table)).toEqual([])
    })

    test('neither throws nor says "not found" once it is closed', async () => {
      const { table, close } = await open()
      await table.put('a', 'v', {})
      await close()
      for (const result of [
        (await table.ask(question('a'))).result,
        await table.put('b', 'v', {}),
        await table.delete('b'),
        await table.entries(undefined, 1),
        await table.purge({ kind: 'all' }),
      ])
        expect(result).toMatchObject({ kind: 'temporary', reason: expect.stringMatching(/\S/) })
    })
  })
}

async function lookUp(table: Upstream, key: string): Promise<string> {
  const { result } = await table.ask(question(key))
  return result.kind === 'found' ? result.value : result.kind
}

/** One step of a cursor as a client has it. */
async function first(table: TableStore, after?: string): Promise<StoredEntry | undefined> {
  const page = await table.entries(after, 1)
  return page.kind === 'page' ? page.entries[0] : expect.unreachable(page.reason)
}

async function scanned(table: TableStore): Promise<string[]> {
  const seen: string[] = []
  for (let next = await first(table); next !== undefined; next = await first(table, next.key))
    seen.push(`${next.key}=${next.value}`)
  return seen
}
