/**
 * The shared store as one table uses it: names, ages, purges.
 *
 *   name = PREFIX a: TABLE : FINGERPRINT : KEY      an answer
 *          PREFIX l: …                              the lease of a refresh
 *
 * The fingerprint is that of the table's configuration and of what a gateway sends to say who it is, so that gateways share answers
 * only where they would get the same. Where
 * `log.keys` hides keys, an HMAC is in the place of the key; values stay as they are.
 */
import { createHmac } from 'node:crypto'
import type { NewAnswer } from '../core/cache/answer-store.ts'
import type { AnswerTier, TierWait } from '../core/cache/answer-tier.ts'
import type { Clock } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { Reply } from './connection.ts'
import { decodeEntry, encodeEntry, usefulForMs } from './entry-format.ts'
import type { Link } from './link.ts'
import type { Purges } from './purges.ts'
import type { WriteQueue } from './write-queue.ts'

/** Hex digits of the fingerprint in a name: 64 bits are far from any accident. */
const FINGERPRINT_LENGTH = 16

/** Before the key in the store key of a second or later upstream of a table. */
const UPSTREAM = /^\x01\d+\x01/

interface TableTierOptions {
  readonly table: string
  readonly fingerprint: string
  readonly prefix: string
  /** Key of the HMAC that stands for keys; undefined: they stand as they are. */
  readonly hashKey: string | undefined
  readonly clock: Clock
  readonly observer: TierObserver
  readonly link: Link
  readonly purges: Purges
  readonly writes: WriteQueue
}

export class TableTier implements AnswerTier {
  readonly #options: TableTierOptions
  /** Of the table, without that of the store and the letter. */
  readonly #prefix: string
  /** As in the names. */
  readonly fingerprint: string

  constructor(options: TableTierOptions) {
    this.#options = options
    this.fingerprint = options.fingerprint.slice(0, FINGERPRINT_LENGTH)
    this.#prefix = `:${options.table}:${this.fingerprint}:`
  }

  find(storeKey: string, wait: TierWait | undefined): Promise<NewAnswer | undefined> | undefined {
    const { link, purges, table } = this.#options
    if (purges.isClosed(table)) return undefined
    const name = this.#name(storeKey)
    return link.read(wait, 'GET', name)?.then((reply) => this.#read(name, storeKey, reply))
  }

  store(storeKey: string, answer: NewAnswer, askedMs: number): void {
    const { link, clock, writes, observer } = this.#options
    const forMs = usefulForMs(answer)
    const nowMs = link.earliestMs()
    const name = this.#name(storeKey)
    const askedAtMs = nowMs - (clock.monotonicMs() - askedMs)
    const entry = forMs > 0 ? encodeEntry(name, answer, askedAtMs, nowMs) : undefined
    if (entry !== undefined) writes.store(name, entry, forMs)
    else {
      if (forMs > 0) observer.wrote('dropped', 1, 0)
      writes.delete(name)
    }
  }

  async lease(storeKey: string, forMs: number): Promise<boolean> {
    const name = this.#name(storeKey, 'l')
    const reply = await this.#options.link.read(undefined, 'SET', name, '', 'NX', 'PX', String(forMs))
    // Nil: somebody has it.
    return reply !== null
  }

  delete(storeKey: string): void {
    const { purges, link, table, writes } = this.#options
    purges.forgetKey(table, storeKey.replace(UPSTREAM, ''), link.nowMs())
    writes.delete(this.#name(storeKey))
  }

  forget(): void {
    const { purges, link, table } = this.#options
    purges.forget(table, link.nowMs())
  }

  #read(name: string, storeKey: string, reply: Reply | undefined): NewAnswer | undefined {
    if (!Buffer.isBuffer(reply)) return undefined
    const { link, purges, table, observer, writes } = this.#options
    const entry = decodeEntry(name, reply, link.nowMs())
    if (entry === undefined) {
      observer.failed('unreadable')
      return undefined
    }
    if (!purges.isPurged(table, storeKey.replace(UPSTREAM, ''), entry.askedAtMs)) return entry
    writes.delete(name)
    return undefined
  }

  #name(storeKey: string, kind: 'a' | 'l' = 'a'): string {
    const { hashKey, prefix } = this.#options
    const before = prefix + kind + this.#prefix
    if (hashKey === undefined) return before + storeKey
    return before + createHmac('sha256', hashKey).update(storeKey).digest('base64url')
  }
}
