/**
 * The entries of one store of the configuration, in the store that gateways share.
 *
 *   PREFIXs:{STORE}:values   hash        TABLE NUL KEY -> instant of its end, blank, value
 *   PREFIXs:{STORE}:order    sorted set  TABLE NUL KEY, all with one score: in the order of their bytes, for scans
 *   PREFIXs:{STORE}:expiry   sorted set  TABLE NUL KEY, with the instant of its end: which goes first
 *   PREFIXs:{STORE}:bytes    number
 *
 * None of them expires by itself, so that a server with `maxmemory-policy volatile-…` drops none. The braces keep them in one slot
 * of a cluster. Instants are ms on the clock of the store's server.
 */
import type { EntryTier } from '../core/store/entry-tier.ts'
import {
  MAX_PAGE_BYTES,
  type StoreBounds,
  type StoredEntry,
  type StorePage,
  type StoreTotals,
} from '../core/store/store.ts'
import type { Reply } from './connection.ts'
import { DELETE, PUT } from './entry-scripts.ts'
import type { Link } from './link.ts'

/** Entries that are read or removed in one go. Ours: some milliseconds of the server. */
const BATCH = 100

const BETWEEN = '\0'

const ENTRY = /^(\d+) (.+)$/s

const NO_BOUNDS: StoreBounds = { maxEntries: 0, maxBytes: 0, ttlMs: 0 }

export class SharedEntries implements EntryTier {
  readonly #link: Link
  readonly #values: string
  readonly #order: string
  readonly #expiry: string
  readonly #bytes: string
  #totals: Omit<StoreTotals, 'evicted'> | undefined
  #evicted = 0
  #isCounting = false
  /** Changes from here that have been answered. */
  #changes = 0
  bounds = NO_BOUNDS
  onFull = (): void => {}

  /** @param store Name of the upstream: gateways share the entries of those that are called the same. */
  constructor(link: Link, prefix: string, store: string) {
    this.#link = link
    const name = (what: string) => `${prefix}s:{${store}}:${what}`
    this.#values = name('values')
    this.#order = name('order')
    this.#expiry = name('expiry')
    this.#bytes = name('bytes')
  }

  nowMs(): number {
    return Math.ceil(this.#link.nowMs())
  }

  async get(table: string, key: string): Promise<string | undefined> {
    const reply = await this.#link.command('HGET', this.#values, table + BETWEEN + key)
    const entry = entryOf(key, reply, this.nowMs())
    if (entry === 'damaged') throw new Error('the entry is damaged: somebody else wrote it')
    return entry?.value
  }

  async put(table: string, key: string, value: string, expiresAtMs: number): Promise<void> {
    const { maxEntries, maxBytes } = this.bounds
    const endMs = String(Math.ceil(expiresAtMs))
    const bounds = [this.nowMs(), maxEntries, maxBytes].map(String)
    const evicted = await this.#change(PUT, table + BETWEEN + key, `${endMs} ${value}`, endMs, ...bounds)
    this.#evicted += evicted
    for (let n = 0; n < evicted; n++) this.onFull()
  }

  async delete(table: string, key: string): Promise<boolean> {
    return (await this.#change(DELETE, String(this.nowMs()), table + BETWEEN + key)) > 0
  }

  async page(table: string, after: string | undefined, limit: number): Promise<StorePage> {
    const entries: StoredEntry[] = []
    let bytes = 0
    let from = after
    for (;;) {
      const keys = await this.#keys(table, from, Math.min(BATCH, limit + 1))
      if (keys.length === 0) return { kind: 'page', entries, hasMore: false }
      const names = keys.map((key) => table + BETWEEN + key)
      const replies = listOf(await this.#link.command('HMGET', this.#values, ...names))
      for (const [index, key] of keys.entries()) {
        const entry = entryOf(key, replies[index], this.nowMs())
        if (entry === undefined || entry === 'damaged') continue // it has expired, or is gone by now
        if (entries.length === limit || bytes > MAX_PAGE_BYTES)
          return { kind: 'page', entries, hasMore: true }
        entries.push(entry)
        bytes += key.length + entry.value.length
      }
      from = keys.at(-1)
    }
  }

  async purge(table: string, isMeant: (key: string) => boolean): Promise<number> {
    let removed = 0
    for (let after: string | undefined; ; ) {
      const keys = await this.#keys(table, after, BATCH)
      if (keys.length === 0) return removed
      const names = keys.filter(isMeant).map((key) => table + BETWEEN + key)
      if (names.length > 0) removed += await this.#change(DELETE, String(this.nowMs()), ...names)
      after = keys.at(-1)
    }
  }

  totals(): StoreTotals | undefined {
    void this.#count()
    return this.#totals && { ...this.#totals, evicted: this.#evicted }
  }

  /** Others write, too: what was counted is told to the next one who asks. */
  async #count(): Promise<void> {
    if (this.#isCounting) return
    this.#isCounting = true
    const changes = this.#changes
    try {
      const [entries, bytes] = await Promise.all([
        this.#link.command('ZCARD', this.#expiry),
        this.#link.command('GET', this.#bytes),
      ])
      // What a change from here has said meanwhile is newer.
      if (changes === this.#changes) this.#totals = totalsOf(entries, bytes ?? 0)
    } catch {
      // The state of the shared store says why.
    }
    this.#isCounting = false
  }

  /** Runs a script. @returns The first number of what it says. */
  async #change(script: string, ...args: readonly string[]): Promise<number> {
    const keys = [this.#values, this.#order, this.#expiry, this.#bytes]
    const reply = await this.#link.command('EVAL', script, String(keys.length), ...keys, ...args)
    const [first, entries, bytes] = listOf(reply)
    this.#totals = totalsOf(entries, bytes)
    this.#changes++
    return Number(first)
  }

  async #keys(table: string, after: string | undefined, limit: number): Promise<readonly string[]> {
    const from = after === undefined ? `[${table}${BETWEEN}` : `(${table}${BETWEEN}${after}`
    // Behind every key of the table: the byte after NUL.
    const range = [from, `(${table}\x01`, 'LIMIT', '0', String(limit)]
    const names = listOf(await this.#link.command('ZRANGEBYLEX', this.#order, ...range))
    return names.map((name) => String(name).slice(table.length + BETWEEN.length))
  }
}

function listOf(reply: Reply): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Error('the reply is no list; is this Valkey, or Redis 6 or later?')
  return reply
}

function totalsOf(entries: Reply, bytes: Reply): Omit<StoreTotals, 'evicted'> {
  return { entries: Number(entries), bytes: Math.max(0, Number(bytes)) }
}

/** @returns Undefined for none, and for one that has expired. */
function entryOf(key: string, reply: Reply, nowMs: number): StoredEntry | 'damaged' | undefined {
  if (reply === null || reply === undefined) return undefined
  const [, instant, value] = ENTRY.exec(String(reply)) ?? []
  if (instant === undefined || value === undefined) return 'damaged'
  const expiresAtMs = Number(instant)
  return expiresAtMs > nowMs ? { key, value, expiresAtMs } : undefined
}
