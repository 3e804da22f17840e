/**
 * Purges that reach every gateway.
 *
 *   PREFIXpurges         stream: each purge, as the fields `table`, and `key`, `domain` or neither: the whole table; with a key
 *                        perhaps `fingerprint`, of the gateways that it is for, and `entry`, what the list of their service has
 *                        for it by now: JSON, or nothing
 *   PREFIXpurged         channel: rung after each, so that nobody waits for the look every two seconds
 *   PREFIXconfirmed      channel: an id of the stream that a gateway has applied
 *   PREFIXfloors:TABLE   hash: server ms of the last purge of the table, and of each domain (floors.ts)
 *
 * The stream is the truth and a message only a bell, so that what was missed is caught up with.
 */
import type { Clock } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { PurgeReach } from '../core/status.ts'
import type { Connection } from './connection.ts'
import { Floors } from './floors.ts'
import { idBefore, type Purge, purgeOf, wholeTables } from './purge-entry.ts'
import { PAGE, PurgeStream } from './purge-stream.ts'
import { RecentPurges } from './recent-purges.ts'
import { idMs, isBefore } from './stream.ts'

/** Purges that wait for the store to be reached. Ours: more become purges of whole tables. */
const MAX_WAITING = 1000

/** How long the others have to confirm, ms. */
const CONFIRM_WITHIN_MS = 1000

/** How often it is looked whether they have, ms. */
const LOOK_EVERY_MS = 5

interface PurgesOptions {
  readonly prefix: string
  readonly clock: Clock
  readonly observer: TierObserver
  /** The server's clock, ms. */
  readonly serverMs: () => number
  /** Undefined while the store is not used. */
  readonly connection: () => Connection | undefined
  /** Wall clock ms of the oldest answers that are here from the start on; default now, since which they may have been purged. */
  readonly savedMs?: number | undefined
  /** Forgets what is stored here, and what the store has of a key. */
  readonly onPurge: (purge: Purge) => void
  /** Of a table as it runs now, in the store; undefined where it shares nothing. */
  readonly fingerprintOf: (table: string) => string | undefined
}

export class Purges {
  readonly #options: PurgesOptions
  readonly #stream: PurgeStream
  readonly #floors = new Map<string, Floors>()
  /** Of the last entry of the stream that was applied. */
  #lastId: string
  /** Wall clock ms of the oldest answers here that no look at the stream has vouched for. */
  #sinceMs: number
  /** What purges were applied lately, by what they purge: for a server that has lost them. */
  readonly #recent: RecentPurges
  /** What came in the place of this. */
  #successor: Purges | undefined
  #waiting: Purge[] = []
  /** Purges from here, which the stream gives back. */
  readonly #own = new Set<string>()
  /** How many gateways have confirmed a purge from here, by id. */
  readonly #confirmed = new Map<string, number>()
  /** Ids that a message told of. */
  readonly #rung = new Set<string>()
  #catching: Promise<void> = Promise.resolve()

  constructor(options: PurgesOptions) {
    this.#options = options
    this.#stream = new PurgeStream(options)
    this.#recent = new RecentPurges(options.clock)
    this.#sinceMs = Math.min(options.savedMs ?? Number.POSITIVE_INFINITY, options.clock.wallMs())
    this.#lastId = idBefore(this.#sinceMs)
  }

  /** Another store, or another way to it, takes the place of this: what was not seen or sent here it sees and sends. */
  handOver(to: Purges): void {
    to.#sinceMs = Math.min(to.#sinceMs, this.#sinceMs)
    to.#lastId = idBefore(to.#sinceMs)
    to.#recent.takeOver(this.#recent)
    for (const purge of this.#waiting.splice(0)) to.#wait(purge)
    this.#successor = to
  }

  get channels(): readonly string[] {
    const { prefix } = this.#options
    return [`${prefix}purged`, `${prefix}confirmed`]
  }

  follow(table: string): void {
    if (this.#floors.has(table)) return
    const floors = new Floors()
    this.#floors.set(table, floors)
    const connection = this.#options.connection()
    // Else it is read before the store is used. Where it fails, the next look reads it.
    if (connection !== undefined) floors.read(connection, this.#floorsName(table)).catch(() => {})
  }

  /** Returns whether nothing of a table may be read now. */
  isClosed(table: string): boolean {
    const floors = this.#floors.get(table)
    return floors === undefined || !floors.isRead || floors.announcing > 0
  }

  /** Returns whether an answer is worthless that was asked for at `askedAtMs`. */
  isPurged(table: string, key: string, askedAtMs: number): boolean {
    return this.#floors.get(table)?.isPurged(key, askedAtMs) ?? true
  }

  /** Nothing that was asked for before `atMs` counts for this gateway. */
  forget(table: string, atMs: number): void {
    this.#floors.get(table)?.raise({ kind: 'all' }, atMs)
  }

  /** The same for one key, until it is deleted in the store. */
  forgetKey(table: string, key: string, atMs: number): void {
    this.#floors.get(table)?.raise({ kind: 'key', key }, atMs)
  }

  /** The same for all tables, and for gateways that come later. The store is told at the next look. */
  forgetAll(atMs: number): void {
    for (const floors of this.#floors.values()) {
      floors.raise({ kind: 'all' }, atMs)
      floors.isRead = false
    }
  }

  /** Tells every gateway; while the store cannot be reached, as soon as it can. */
  async announce(purge: Purge): Promise<PurgeReach> {
    const { clock, connection } = this.#options
    const current = connection()
    try {
      if (current === undefined) throw new Error('not connected')
      const { id, others } = await this.#send(current, purge)
      const untilMs = clock.monotonicMs() + CONFIRM_WITHIN_MS
      while ((this.#confirmed.get(id) ?? 0) < others && clock.monotonicMs() < untilMs) await this.#pause()
      const confirmed = this.#confirmed.get(id) ?? 0
      this.#confirmed.delete(id)
      return { state: 'sent', others, confirmed }
    } catch {
      this.#wait(purge)
      return { state: 'later' }
    }
  }

  onMessage(channel: string, message: string): void {
    const { prefix, connection, clock } = this.#options
    if (channel === `${prefix}confirmed`) {
      const count = this.#confirmed.get(message)
      if (count !== undefined) this.#confirmed.set(message, count + 1)
      return
    }
    if (this.#rung.size < PAGE) this.#rung.add(message)
    clock.afterTurn(() => {
      const current = connection()
      if (current !== undefined) this.catchUp(current, false).catch(() => {}) // looked again within two seconds
    })
  }

  /** Applies what the stream has and this gateway has not; one after the other. */
  catchUp(connection: Connection, isNew: boolean): Promise<void> {
    const caught = this.#catching.then(() => this.#catchUp(connection, isNew))
    this.#catching = caught.catch(() => {}) // told to its caller
    return caught
  }

  async #catchUp(connection: Connection, isNew: boolean): Promise<void> {
    await this.#sendWaiting(connection)
    for (const [table, floors] of this.#floors)
      if (isNew || !floors.isRead) await floors.read(connection, this.#floorsName(table))
    const lookedMs = this.#options.clock.wallMs()
    await this.#checkLast(connection)
    if (isNew) await this.#checkFirst(connection)
    let count: number
    do {
      const entries = await this.#stream.after(connection, this.#lastId)
      for (const { id, fields } of entries) this.#applied(connection, id, purgeOf(fields))
      count = entries.length
    } while (count === PAGE)
    this.#sinceMs = lookedMs
  }

  /**
   * A server that has less than it had, since it was emptied, or has failed over to a replica that was behind: gateways that
   * were away meanwhile never hear of what it has lost, so that it is said again.
   */
  async #checkLast(connection: Connection): Promise<void> {
    const lastId = await this.#stream.lastId(connection)
    if (isBefore(lastId, this.#lastId)) this.#lastId = lastId
    if (!this.#recent.hasSince(lastId)) return
    this.#waiting.push(...this.#recent.takeSince(lastId))
    await this.#sendWaiting(connection)
  }

  #applied(connection: Connection, id: string, purge: Purge | undefined): void {
    this.#lastId = id
    const isRung = this.#rung.delete(id)
    if (this.#own.delete(id)) return
    if (purge !== undefined && this.#isForHere(purge)) {
      this.#recent.add(purge, id)
      this.#apply(purge, idMs(id))
    }
    // Who purged waits for a second, and says what it has heard.
    if (isRung) connection.send('PUBLISH', `${this.#options.prefix}confirmed`, id).catch(() => {})
  }

  /** Gateways that share a store may have other services, or be others to the same service, and then have other lists. */
  #isForHere({ table, fingerprint }: Purge): boolean {
    if (fingerprint === undefined || !this.#floors.has(table)) return true
    const own = this.#options.fingerprintOf(table)
    if (own !== undefined && own !== fingerprint) this.#options.observer.foreignEntry()
    return own === fingerprint
  }

  #apply(purge: Purge, atMs: number): void {
    const floors = this.#floors.get(purge.table)
    if (floors === undefined) return
    floors.raise(purge.scope, atMs)
    this.#options.observer.purged()
    this.#options.onPurge(purge)
  }

  /** A stream without entries that this gateway has not seen: any answer may have been purged. */
  async #checkFirst(connection: Connection): Promise<void> {
    const untilMs = await this.#stream.lostUntilMs(connection, this.#lastId, this.#sinceMs)
    if (untilMs === undefined) return
    for (const table of this.#floors.keys()) this.#apply({ table, scope: { kind: 'all' } }, untilMs)
  }

  async #sendWaiting(connection: Connection): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      for (; waiting[0] !== undefined; waiting.shift()) await this.#send(connection, waiting[0])
    } finally {
      this.#waiting = [...waiting, ...this.#waiting]
    }
  }

  /** Puts a purge into the stream, and rings. */
  async #send(
    connection: Connection,
    purge: Purge,
  ): Promise<{ readonly id: string; readonly others: number }> {
    const { prefix } = this.#options
    const { table, scope } = purge
    const floors = this.#floors.get(table)
    if (floors !== undefined) floors.announcing++
    try {
      const id = await this.#stream.append(connection, purge)
      this.#own.add(id)
      this.#recent.add(purge, id)
      this.#confirmed.set(id, 0)
      await floors?.write(connection, this.#floorsName(table), scope, idMs(id))
      // This gateway hears itself.
      const others = Number(await connection.send('PUBLISH', `${prefix}purged`, id)) - 1
      return { id, others: Math.max(0, others) }
    } finally {
      if (floors !== undefined) floors.announcing--
    }
  }

  #wait(purge: Purge): void {
    if (this.#successor !== undefined) {
      this.#successor.#wait(purge)
      return
    }
    const floors = this.#floors.get(purge.table)
    // When it was on the server's clock is not known: nothing of the table is used until the others have been told.
    if (floors !== undefined) floors.isRead = false
    const all = [...this.#waiting, purge]
    this.#waiting = all.length > MAX_WAITING ? wholeTables(all) : all
  }

  #floorsName(table: string): string {
    return `${this.#options.prefix}floors:${table}`
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(LOOK_EVERY_MS, resolve))
  }
}
