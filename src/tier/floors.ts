/**
 * Since when the answers of one table count: what was asked for before a purge is worthless. Instants are server ms.
 *
 * Purges of the table and of its domains are kept in the store, too, as long as any answer may live. Those of keys are in the
 * stream, for a week, and kept here for as long: everybody who heard of one has deleted the answer that it would use itself, and not
 * those of gateways of another configuration, which may be back.
 */
import type { PurgeScope } from '../core/cache/purge-log.ts'
import { comparableDomain } from '../core/key/idn.ts'
import type { Connection } from './connection.ts'
import { pairsOf } from './stream.ts'

/** Domains with a floor of their own. Ours: more become a purge of the whole table. */
const MAX_DOMAINS = 1000

/** How long a purge of a key is remembered, ms: as long as the stream has it (purge-stream.ts). */
const KEY_REMEMBERED_MS = 7 * 86_400_000

/** Keys remembered, most. Ours: twice as many as the stream has entries, which a server trims roughly. */
const MAX_KEYS = 20_000

/** The field of the whole table; those of domains begin with `@`. */
const WHOLE_TABLE = ''

/** The latest floor that the store can have: beyond it somebody has made it up. */
export interface LatestFloor {
  /** Server ms. */
  readonly atMs: number
  /** Called where there was a later one, which is ignored. */
  readonly onLater: () => void
}

const NEVER = Number.NEGATIVE_INFINITY

export class Floors {
  /** False until it is known what the store says: nothing may be used before. */
  isRead = false
  /** Purges that are on their way. */
  announcing = 0
  #all = NEVER
  /** Of this gateway alone: before this there may be purges that it has not heard of. */
  #unknownUntilMs = NEVER
  readonly #domains = new Map<string, number>()
  readonly #keys = new Map<string, number>()

  isPurged(key: string, askedAtMs: number): boolean {
    if (askedAtMs <= this.#all || askedAtMs <= this.#unknownUntilMs) return true
    if (askedAtMs <= (this.#keys.get(key) ?? NEVER)) return true
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

  /** Nothing counts here that was asked for before; what counts for others stays. */
  ignoreBefore(atMs: number): void {
    this.#unknownUntilMs = Math.max(this.#unknownUntilMs, atMs)
  }

  /** As {@link raise}, and in the store. */
  async write(
    connection: Connection,
    name: string,
    scope: PurgeScope,
    atMs: number,
    latest: LatestFloor,
  ): Promise<void> {
    this.raise(scope, atMs)
    if (scope.kind !== 'key') await this.merge(connection, name, latest)
  }

  /** As {@link merge}, and from now on the table may be used. */
  async read(connection: Connection, name: string, latest: LatestFloor): Promise<void> {
    await this.merge(connection, name, latest)
    this.isRead = true
  }

  /** Takes the later of what the store and this gateway know; a store that knows less is told. */
  async merge(connection: Connection, name: string, latest: LatestFloor): Promise<void> {
    const stored = new Map<string, number>()
    let isLater = false
    for (const [field, text] of pairsOf(await connection.send('HGETALL', name))) {
      const atMs = Number(text)
      if (atMs > latest.atMs) isLater = true
      else if (!Number.isNaN(atMs)) stored.set(field, atMs)
    }
    if (isLater) latest.onLater()
    for (const [field, atMs] of stored)
      this.raise(field === WHOLE_TABLE ? { kind: 'all' } : { kind: 'domain', domain: field.slice(1) }, atMs)
    const missing = this.#entries().filter(([field, atMs]) => atMs > (stored.get(field) ?? NEVER))
    if (missing.length > 0) {
      await connection.send('HSET', name, ...missing.flatMap(([field, atMs]) => [field, String(atMs)]))
    }
    const needless = Array.from(stored).filter(([field, atMs]) => field !== WHOLE_TABLE && atMs <= this.#all)
    if (needless.length > 0) await connection.send('HDEL', name, ...needless.map(([field]) => field))
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
