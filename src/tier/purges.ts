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
import { ageMs, type Clock, type Instant, instant } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { PurgeReach } from '../core/status.ts'
import { Confirmations } from './confirmations.ts'
import type { Connection } from './connection.ts'
import { Floors } from './floors.ts'
import { fewer, idBefore, type Purge, purgeOf } from './purge-entry.ts'
import { PurgeHistory } from './purge-history.ts'
import { PurgeStream } from './purge-stream.ts'
import { RecentPurges } from './recent-purges.ts'
import { ID, isBefore } from './stream.ts'
import { Turns } from './turns.ts'
import { isFull } from './why.ts'

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
  readonly #history: PurgeHistory
  readonly #floors = new Map<string, Floors>()
  /** Of the last entry of the stream that was applied; undefined until the server's clock is known. */
  #lastId: string | undefined
  /** Of the oldest answers here that no look at the stream has vouched for. */
  #since: Instant
  /** What purges were applied lately, by what they purge: for a server that has lost them. */
  readonly #recent: RecentPurges
  /** What came in the place of this. */
  #successor: Purges | undefined
  #waiting: Purge[] = []
  /** Purges from here, which the stream gives back. */
  readonly #own = new Set<string>()
  readonly #confirmations: Confirmations
  readonly #turns: Turns

  constructor(options: PurgesOptions) {
    this.#options = options
    this.#stream = new PurgeStream(options)
    this.#history = new PurgeHistory(this.#stream, options.serverMs)
    this.#confirmations = new Confirmations(options.clock)
    this.#turns = new Turns(options.clock)
    this.#recent = new RecentPurges(options.clock)
    const { monotonicMs, wallMs } = instant(options.clock)
    const savedForMs = Math.max(0, wallMs - (options.savedMs ?? wallMs))
    this.#since = { monotonicMs: monotonicMs - savedForMs, wallMs: wallMs - savedForMs }
  }

  /** Another store, or another way to it, takes the place of this: what was not seen or sent here it sees and sends. */
  handOver(to: Purges): void {
    const { monotonicMs, wallMs } = this.#since
    to.#since = {
      monotonicMs: Math.min(monotonicMs, to.#since.monotonicMs),
      wallMs: Math.min(wallMs, to.#since.wallMs),
    }
    to.#recent.takeOver(this.#recent)
    for (const purge of this.#waiting.splice(0)) to.#wait(purge)
    this.#successor = to
  }

  get channels(): readonly string[] {
    return ['purged', 'confirmed'].map((name) => this.#options.prefix + name)
  }

  follow(table: string): void {
    if (this.#floors.has(table)) return
    this.#floors.set(table, new Floors())
    this.#history.startOver()
    this.#look() // before that it is not used
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

  /** The same for one key. */
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

  /** Tells every gateway; while the store cannot take it, as soon as it can. */
  async announce(purge: Purge): Promise<PurgeReach> {
    const current = this.#options.connection()
    try {
      if (current === undefined) throw new Error('not connected')
      const { id, others } = await this.#send(current, purge)
      const confirmed = await this.#confirmations.wait(id, others)
      return { state: 'sent', others, confirmed }
    } catch (error) {
      this.#wait(purge)
      return isFull(error) ? { state: 'later', why: 'full' } : { state: 'later' }
    }
  }

  onMessage(channel: string, message: string): void {
    if (channel === `${this.#options.prefix}confirmed`) {
      this.#confirmations.confirmed(message)
      return
    }
    if (ID.test(message)) {
      const isRead = this.#lastId !== undefined && !isBefore(this.#lastId, message)
      if (this.#confirmations.rung(message, isRead)) this.#confirm(this.#options.connection(), message)
    }
    this.#look()
  }

  /** Applies what the stream has and this gateway has not; one after the other. */
  catchUp(connection: Connection, isNew: boolean): Promise<void> {
    return this.#turns.run(() => this.#catchUp(connection, isNew))
  }

  /** Where it fails it is done again within two seconds. */
  #look(): void {
    this.#turns.soon(async () => {
      const connection = this.#options.connection()
      if (connection !== undefined) await this.#catchUp(connection, false)
    })
  }

  async #catchUp(connection: Connection, isNew: boolean): Promise<void> {
    await this.#sendWaiting(connection)
    await this.#history.read(connection, this.#floors)
    for (const [table, floors] of this.#floors)
      if (isNew || !floors.isRead) await floors.read(connection, this.#floorsName(table), this.#stream.latest)
    const looked = instant(this.#options.clock)
    this.#lastId ??= idBefore(this.#options.serverMs() - this.#awayMs())
    await this.#checkLast(connection)
    if (isNew) await this.#checkFirst(connection, this.#lastId)
    const changed = new Set<string>()
    for await (const page of this.#stream.after(connection, this.#lastId))
      for (const { id, fields } of page) {
        const purge = purgeOf(fields)
        this.#applied(connection, id, purge)
        if (purge !== undefined && purge.scope.kind !== 'key') changed.add(purge.table)
      }
    this.#since = looked
    // For gateways that come when the stream has it no more: a service that purges by itself writes no floor.
    for (const table of changed)
      await this.#floors
        .get(table)
        ?.merge(connection, this.#floorsName(table), this.#stream.latest)
        .catch(() => {}) // a full store; it is in the stream
  }

  /**
   * A server that has less than it had, since it was emptied, or has failed over to a replica that was behind: gateways that
   * were away meanwhile never hear of what it has lost, so that it is said again.
   */
  async #checkLast(connection: Connection): Promise<void> {
    const lastId = await this.#stream.lastId(connection)
    if (this.#lastId !== undefined && isBefore(lastId, this.#lastId)) this.#lastId = lastId
    if (!this.#recent.hasSince(lastId)) return
    this.#waiting.push(...this.#recent.takeSince(lastId))
    await this.#sendWaiting(connection)
  }

  #applied(connection: Connection, id: string, purge: Purge | undefined): void {
    this.#lastId = id
    if (this.#own.delete(id)) return
    if (purge !== undefined && this.#isForHere(purge)) {
      this.#recent.add(purge, id)
      this.#apply(purge, this.#stream.atMs(id))
    }
    if (this.#confirmations.applied(id)) this.#confirm(connection, id)
  }

  #confirm(connection: Connection | undefined, id: string): void {
    connection?.send('PUBLISH', `${this.#options.prefix}confirmed`, id).catch(() => {})
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
  async #checkFirst(connection: Connection, lastId: string): Promise<void> {
    const untilMs = await this.#stream.lostUntilMs(connection, lastId, this.#awayMs())
    if (untilMs === undefined) return
    for (const table of this.#floors.keys()) this.#apply({ table, scope: { kind: 'all' } }, untilMs)
  }

  async #sendWaiting(connection: Connection): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      for (; waiting[0] !== undefined; waiting.shift()) {
        const { id } = await this.#send(connection, waiting[0])
        this.#confirmations.end(id) // nobody waits for it
      }
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
    let id: string | undefined
    try {
      id = await this.#stream.append(connection, purge)
      this.#own.add(id)
      this.#recent.add(purge, id)
      this.#confirmations.expect(id)
      await floors?.write(
        connection,
        this.#floorsName(table),
        scope,
        this.#stream.atMs(id),
        this.#stream.latest,
      )
      // This gateway hears itself.
      const others = Number(await connection.send('PUBLISH', `${prefix}purged`, id)) - 1
      return { id, others: Math.max(0, others) }
    } catch (error) {
      if (id !== undefined) this.#confirmations.end(id)
      throw error
    } finally {
      if (floors !== undefined) floors.announcing--
    }
  }

  #wait(purge: Purge): void {
    if (this.#successor !== undefined) {
      this.#successor.#wait(purge)
      return
    }
    const floors = this.#floors.get(purge.table) // not used until the others have been told: when it was is not known
    if (floors !== undefined) floors.isRead = false
    this.#waiting = fewer([...this.#waiting, purge])
  }

  #awayMs = () => ageMs(this.#options.clock, this.#since)

  #floorsName(table: string): string {
    return `${this.#options.prefix}floors:${table}`
  }
}
