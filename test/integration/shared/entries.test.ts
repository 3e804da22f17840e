/**
 * What Postfix writes, in a real Redis: order, bounds, expiry, purges, damage.
 */
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { EntryTier } from '../../../src/core/store/entry-tier.ts'
import { SharedStore } from '../../../src/tier/shared-store.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { missingRedis, type Redis, startRedis } from '../../support/programs/redis.ts'
import { until } from './shared-gateways.ts'

const HOUR_MS = 3_600_000

async function open(t: Cleanup, { port }: Redis): Promise<EntryTier> {
  const url = { kind: 'inet', host: '127.0.0.1', port, database: 0, tls: false } as const
  const store = new SharedStore({
    settings: { url, prefix: 'mapgate:', timeoutMs: 1000 },
    tls: undefined,
    hashKey: undefined,
    clock: systemClock,
    observer: silentObserver.tier,
    onPurge: () => {},
    fingerprintOf: () => undefined,
  })
  t.onTestFinished(() => store.close())
  store.start()
  await until(() => store.status().state === 'up')
  const entries = store.entriesOf('learned')
  entries.bounds = { maxEntries: 1000, maxBytes: 1_000_000, ttlMs: HOUR_MS }
  return entries
}

/** Every entry of a table, page by page. */
async function scanned(entries: EntryTier, table = 'verify', limit = 2): Promise<string[]> {
  const seen: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await entries.page(table, after, limit)
    seen.push(...page.entries.map(({ key, value }) => `${key}=${value}`))
    if (!page.hasMore) return seen
    after = page.entries.at(-1)?.key
  }
}

describe.skipIf(missingRedis() !== undefined)('entries in the shared store', () => {
  test('have what was written last, in the order of their keys, each table by itself', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    const put = (table: string, key: string, value: string) =>
      entries.put(table, key, value, entries.nowMs() + HOUR_MS)
    for (const key of ['b', 'a', 'ä', 'C', 'a.b']) await put('verify', key, `1 ${key}`)
    await put('verify', 'a', 'two\nlines')
    await put('verify2', 'a', 'other')
    expect(await scanned(entries)).toEqual(['C=1 C', 'a=two\nlines', 'a.b=1 a.b', 'b=1 b', 'ä=1 ä'])
    expect(await scanned(entries, 'verify2')).toEqual(['a=other'])
    expect(await entries.get('verify', 'c')).toBeUndefined()
    expect(await entries.get('verify', 'ä')).toBe('1 ä')
    expect(await entries.delete('verify', 'a')).toBe(true)
    expect(await entries.delete('verify', 'a')).toBe(false)
    expect(await entries.get('verify', 'a')).toBeUndefined()
    expect(await entries.get('verify2', 'a')).toBe('other')
  })

  test('go when their time is over, and the next writes remove them', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    const endMs = entries.nowMs() + 1000
    const old = Array.from({ length: 20 }, (_, n) => entries.put('verify', `old${n}`, 'v', endMs))
    await Promise.all(old)
    expect(entries.totals()?.entries).toBe(20)
    await until(async () => (await entries.get('verify', 'old19')) === undefined)
    expect(await scanned(entries)).toEqual([])
    expect(await entries.delete('verify', 'old0')).toBe(false)
    // One is gone, sixteen go by the first write, and the rest by the second.
    await entries.put('verify', 'new', 'v', entries.nowMs() + HOUR_MS)
    expect(entries.totals()).toMatchObject({ entries: 4 })
    await entries.put('verify', 'new', 'v', entries.nowMs() + HOUR_MS)
    // 100, the table, NUL and the key, an instant of 13 digits, a blank and the value.
    expect(entries.totals()).toEqual({ entries: 1, bytes: 100 + 10 + 15, evicted: 0 })
    await entries.delete('verify', 'new')
    expect(entries.totals()).toEqual({ entries: 0, bytes: 0, evicted: 0 })
  })

  test('those that expire first go when there are too many, or too much', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    let full = 0
    entries.onFull = () => full++
    const put = (key: string, inMs: number, value = 'v') =>
      entries.put('verify', key, value, entries.nowMs() + inMs)
    entries.bounds = { maxEntries: 3, maxBytes: 100_000, ttlMs: HOUR_MS }
    for (const [key, inMs] of [
      ['late', 90_000],
      ['soon', 60_000],
      ['mid', 70_000],
    ] as const)
      await put(key, inMs)
    expect(full).toBe(0)
    await put('new', 80_000)
    expect(await scanned(entries)).toEqual(['late=v', 'mid=v', 'new=v'])
    entries.bounds = { maxEntries: 3, maxBytes: 1000, ttlMs: HOUR_MS }
    await put('big', 85_000, 'v'.repeat(600))
    expect(await scanned(entries)).toEqual([`big=${'v'.repeat(600)}`, 'late=v', 'new=v'])
    await put('bigger', 95_000, 'v'.repeat(800))
    expect(await scanned(entries)).toEqual([`bigger=${'v'.repeat(800)}`])
    expect([full, entries.totals()?.evicted]).toEqual([5, 5])
  })

  test('a purge removes those that are meant, and no other', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    for (let n = 0; n < 250; n++)
      await entries.put('verify', `u${n}@${n % 5 === 0 ? 'a' : 'b'}.example`, 'v', entries.nowMs() + HOUR_MS)
    await entries.put('verify2', 'x@a.example', 'v', entries.nowMs() + HOUR_MS)
    expect(await entries.purge('verify', (key) => key.endsWith('@a.example'))).toBe(50)
    expect(await scanned(entries, 'verify', 1000)).toHaveLength(200)
    expect(await entries.purge('verify', () => true)).toBe(200)
    expect(await scanned(entries, 'verify2')).toEqual(['x@a.example=v'])
    expect(entries.totals()?.entries).toBe(1)
  })

  test('what somebody else wrote there is no answer, and no hindrance', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    const put = (key: string) => entries.put('verify', key, 'v', entries.nowMs() + HOUR_MS)
    for (const key of ['a', 'b', 'c']) await put(key)
    redis.command(
      'EVAL',
      "redis.call('HSET', KEYS[1], 'verify\\0b', 'nonsense')",
      '1',
      'mapgate:s:{learned}:values',
    )
    await expect(entries.get('verify', 'b')).rejects.toThrow('the entry is damaged')
    expect(await scanned(entries)).toEqual(['a=v', 'c=v'])
    await put('b')
    expect(await entries.get('verify', 'b')).toBe('v')
    redis.command('DEL', 'mapgate:s:{learned}:values')
    expect(await scanned(entries)).toEqual([])
    entries.bounds = { maxEntries: 1, maxBytes: 1_000_000, ttlMs: HOUR_MS }
    await put('d')
    expect(await entries.totals()?.entries).toBe(1)
    redis.command('DEL', 'mapgate:s:{learned}:values')
    redis.command('SET', 'mapgate:s:{learned}:values', 'a text')
    await expect(entries.get('verify', 'a')).rejects.toThrow('WRONGTYPE')
    await expect(put('a')).rejects.toThrow('WRONGTYPE')
  })

  test('a full server refuses an entry as a whole', async (t) => {
    const redis = await startRedis(t)
    const entries = await open(t, redis)
    const put = (key: string) => entries.put('verify', key, 'v', entries.nowMs() + HOUR_MS)
    await put('a')
    redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(put('b')).rejects.toThrow('OOM')
    expect(await scanned(entries)).toEqual(['a=v'])
    expect(await entries.delete('verify', 'a')).toBe(true)
    redis.command('CONFIG', 'SET', 'maxmemory', '0')
    await put('b')
    expect(await scanned(entries)).toEqual(['b=v'])
    expect(entries.totals()?.entries).toBe(1)
  })
})
