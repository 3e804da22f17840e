/**
 * Since when the answers of one table count: what was asked for before a purge is worthless. Instants are server ms.
 *
 * Purges of the table and of its domains are kept in the store, too, as long as any answer may live. Purges of keys are kept here
 * for as long as a request can take; by then the key was deleted there by everybody who heard of it.
 */
import type { PurgeScope } from '../core/cache/purge-log.ts'
import { comparableDomain } from '../core/key/idn.ts'
import type { Connection } from './connection.ts'
import { pairsOf } from './stream.ts'

/** Domains with a floor of their own. Ours: more become a purge of the whole table. */
const MAX_DOMAINS = 1000

/** How long a purge of a key is remembered, ms: longer than a request can take (90 s). */
const KEY_REMEMBERED_MS = 180_000

/** Keys remembered, most. Ours: as many as the stream has entries. */
const MAX_KEYS = 10_000

/** The field of the whole table; those of domains begin with `@`. */
const WHOLE_TABLE = ''

const NEVER = Number.NEGATIVE_INFINITY

export class Floors {
  /** False until it is known what the store says: nothing may be used before. */
  isRead = false
  /** Purges that are on their way. */
  announcing = 0
  #all = NEVER
  readonly #domains = new Map<string, number>()
  readonly #keys = new Map<string, number>()

  isPurged(key: string, askedAtMs: number): boolean {
    if (askedAtMs <= this.#all || askedAtMs <= (this.#keys.get(key) ?? NEVER)) return true
    if (this.#domains.size === 0) return false
    return askedAtMs <= (this.#domains.get(comparable(key.slice(key.lastIndexOf('@') + 1))) ?? NEVER)
  }

  raise(scope: PurgeScope, atMs: number): void {
    if (scope.kind === 'key') this.#raiseKey(scope.key, atMs)
    else if (scope.kind === 'domain') this.#raiseDomain(comparable(scope.domain), atMs)
    else {
      this.#all = Math.max(this.#all, atMs)
      for (const [domain, sinceMs] of this.#domains) if (sinceMs <= this.#all) this.#domains.delete(domain)
      for (const [key, sinceMs] of this.#keys) if (sinceMs <= this.#all) this.#keys.delete(key)
    }
  }

  /** As {@link raise}, and in the store. */
  async write(connection: Connection, name: string, scope: PurgeScope, atMs: number): Promise<void> {
    this.raise(scope, atMs)
    if (scope.kind === 'key') return
    const domain = scope.kind === 'domain' ? comparable(scope.domain) : ''
    if (this.#domains.has(domain)) await connection.send('HSET', name, `@${domain}`, String(atMs))
    else {
      // The whole table, or so many domains that they became one.
      await connection.send('HSET', name, WHOLE_TABLE, String(atMs))
      const before = pairsOf(await connection.send('HGETALL', name)).filter(
        ([field, sinceMs]) => field !== WHOLE_TABLE && Number(sinceMs) <= atMs,
      )
      if (before.length > 0) await connection.send('HDEL', name, ...before.map(([field]) => field))
    }
  }

  /** Takes the later of what the store and this gateway know; a store that knows less is told. */
  async read(connection: Connection, name: string): Promise<void> {
    const stored = new Map(pairsOf(await connection.send('HGETALL', name)))
    const missing = this.#entries().filter(([field, atMs]) => !(Number(stored.get(field)) >= atMs))
    for (const [field, text] of stored) {
      const atMs = Number(text)
      if (Number.isNaN(atMs)) continue
      this.raise(field === WHOLE_TABLE ? { kind: 'all' } : { kind: 'domain', domain: field.slice(1) }, atMs)
    }
    if (missing.length > 0) {
      await connection.send('HSET', name, ...missing.flatMap(([field, atMs]) => [field, String(atMs)]))
    }
    this.isRead = true
  }

  #entries(): (readonly [field: string, atMs: number])[] {
    const domains = Array.from(this.#domains, ([domain, atMs]) => [`@${domain}`, atMs] as const)
    return this.#all === NEVER ? domains : [[WHOLE_TABLE, this.#all], ...domains]
  }

  #raiseDomain(domain: string, atMs: number): void {
    if (atMs <= this.#all) return
    this.#domains.set(domain, Math.max(this.#domains.get(domain) ?? NEVER, atMs))
    if (this.#domains.size > MAX_DOMAINS) this.raise({ kind: 'all' }, Math.max(...this.#domains.values()))
  }

  #raiseKey(key: string, atMs: number): void {
    // Behind the others: the first is the oldest.
    const sinceMs = this.#keys.get(key) ?? NEVER
    this.#keys.delete(key)
    this.#keys.set(key, Math.max(sinceMs, atMs))
    for (const [oldest, oldestMs] of this.#keys) {
      if (this.#keys.size <= MAX_KEYS && atMs - oldestMs < KEY_REMEMBERED_MS) return
      this.#keys.delete(oldest)
    }
  }
}

function comparable(domain: string): string {
  return comparableDomain(domain.toLowerCase())
}
