/**
 * How many requests of one upstream may be under way, and who waits for a slot.
 *
 *   waiting lookup     a free slot, else the queue, else shed at once
 *   background         a free slot that is not the last, else nothing
 *   known question     a free slot, else the one of the slowest request
 *
 * Each table has a share of the slots for itself, and the next slot goes to the table that has the fewest, so
 * that no table can take them all. When slots are short, requests that nobody waits for are cancelled, oldest first:
 * one for each lookup in the queue; then requests that are slow when others are answered, as far as they have more
 * than half of the slots. A slot is free when its request has really ended, so the service never sees more than `maxConcurrent`.
 */
import type { Clock } from '../clock.ts'
import { SlotList } from '../slot-list.ts'
import type { Claim } from './claim.ts'
import { type Queued, TableQueue } from './table-queue.ts'

export interface LimiterLimits {
  /** Requests under way. */
  readonly maxConcurrent: number
  /** Lookups that wait for a slot. */
  readonly maxQueued: number
}

/** Part of the slots that is divided among the tables, each its own. Ours: a busy table still has three quarters and its own. */
const SHARED_OUT = 0.25

/** Part of the slots that slow requests may keep while others wait. Ours: it is not they who are in the way then. */
export const MOST_SLOW = 0.5

export class Limiter {
  readonly #clock: Clock
  readonly #holders = new SlotList<Claim>()
  /** Will give their slots back soon. */
  readonly #cancelled = new Set<Claim>()
  readonly #tables = new Map<string, TableQueue>()
  /** Known questions go before everything else. */
  readonly #checks = new Map<Claim, Queued>()
  /** By lookup, or claim where there is none: how many keys wait for it. */
  readonly #lookups = new Map<object, number>()
  #limits: LimiterLimits
  /** Slots that each table has for itself. */
  #share = 0
  /** Of those, the ones that are not in use. */
  #reserved = 0

  constructor(limits: LimiterLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  get limits(): LimiterLimits {
    return this.#limits
  }

  set limits(limits: LimiterLimits) {
    this.#limits = limits
    for (const [name, table] of this.#tables) if (table.held + table.size === 0) this.#tables.delete(name)
    this.#shareOut()
  }

  get inFlight(): number {
    return this.#holders.size
  }

  /** Lookups that wait. */
  get queued(): number {
    return this.#lookups.size
  }

  /** Oldest first. */
  holders(): readonly Claim[] {
    return this.#holders.toArray()
  }

  /**
   * Asks for a slot.
   *
   * @param deadlineMs Monotonic ms until which the claim waits in the queue.
   * @returns true: it has the slot and must {@link release} it. false: shed. A promise: it waits;
   *   false then means that its time ran out, or that it gave way to another.
   */
  take(claim: Claim, deadlineMs: number): boolean | Promise<boolean> {
    const table = this.#tableOf(claim)
    if (this.#hasRoomFor(table, claim.hasWaiters)) {
      this.#hold(claim)
      return true
    }
    if (!claim.hasWaiters || table === undefined) return false
    if (this.#isFull(claim) && !this.#dropFor(table)) return false
    return new Promise((done) => {
      const queued = this.#waiting(claim, deadlineMs, done)
      table.add(claim, queued)
      const lookup = claim.lookup ?? claim
      this.#lookups.set(lookup, (this.#lookups.get(lookup) ?? 0) + 1)
      this.makeRoom()
    })
  }

  /** Takes a slot only if it is free and not the last: for a hedge. */
  takeSpare(claim: Claim): boolean {
    if (!this.#hasRoomFor(this.#tableOf(claim), false)) return false
    this.#hold(claim)
    return true
  }

  /** Asks for a slot before everybody else: a request that is slow is ended for it where none is free. */
  takeFirst(claim: Claim, deadlineMs: number): boolean | Promise<boolean> {
    if (this.#holders.size < this.#limits.maxConcurrent) {
      this.#hold(claim)
      return true
    }
    return new Promise((done) => {
      this.#checks.set(claim, this.#waiting(claim, deadlineMs, done))
      const nowMs = this.#clock.monotonicMs()
      const slow = this.#holders
        .toArray()
        .find((holder) => !this.#cancelled.has(holder) && holder.pace(nowMs) !== 'usual')
      if (slow !== undefined) this.#end(slow)
    })
  }

  /** Returns whether {@link take} would shed. */
  wouldShed(claim: Pick<Claim, 'table' | 'lookup' | 'hasWaiters'>): boolean {
    const table = this.#tableOf(claim)
    if (this.#hasRoomFor(table, claim.hasWaiters)) return false
    if (!claim.hasWaiters || table === undefined) return true
    return this.#isFull(claim) && this.#abandoned() === undefined && this.#longerThan(table) === undefined
  }

  /** Gives a slot back. The next in the queue gets it. */
  release(claim: Claim): void {
    this.#cancelled.delete(claim)
    if (!this.#holders.delete(claim)) return
    const table = this.#tableOf(claim)
    if (table !== undefined && --table.held < this.#share) this.#reserved++
    while (this.#holders.size < this.#limits.maxConcurrent) {
      const next = this.#next()
      if (next === undefined) return
      this.#hold(next)
      this.#leaveQueue(next, true)
    }
  }

  /**
   * Cancels requests that nobody waits for, and then those that are far slower than others: as many as lookups
   * wait. To be called when one may have become so.
   */
  readonly makeRoom = (): void => {
    if (this.#lookups.size === 0) return
    const holders = this.#holders.toArray()
    let needed = this.#waitingUpTo(holders.length) - this.#cancelled.size
    for (const claim of holders) {
      if (needed <= 0) return
      const holds = this.#holders.has(claim) // cancelling another one may have ended it
      if (!holds || claim.hasWaiters || this.#cancelled.has(claim)) continue
      this.#cancelled.add(claim)
      claim.cancel()
      needed--
    }
    if (needed > 0) this.#endSlow(holders, needed)
  }

  /** Ends every request under way and turns everybody in the queue away: the program ends. */
  cancelAll(): void {
    for (const claim of this.#checks.keys()) this.#leaveQueue(claim, false)
    for (const table of this.#tables.values())
      for (const claim of table.claims()) this.#leaveQueue(claim, false)
    for (const claim of this.#holders.toArray()) claim.cancel()
  }

  #tableOf({ table: name }: Pick<Claim, 'table'>): TableQueue | undefined {
    if (name === undefined) return undefined
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new TableQueue()
    this.#tables.set(name, table)
    this.#shareOut()
    return table
  }

  /** Divides a part of the slots anew among the tables. */
  #shareOut(): void {
    const { maxConcurrent } = this.#limits
    this.#share = Math.floor((maxConcurrent * SHARED_OUT) / Math.max(1, this.#tables.size))
    this.#reserved = 0
    for (const { held } of this.#tables.values()) this.#reserved += Math.max(0, this.#share - held)
  }

  #hasRoomFor(table: TableQueue | undefined, hasWaiters: boolean): boolean {
    const own = table === undefined ? 0 : Math.max(0, this.#share - table.held)
    const free = this.#limits.maxConcurrent - this.#holders.size - (this.#reserved - own)
    if (free <= 0 || this.#checks.size > 0) return false
    // Nobody overtakes: but what a table has for itself, it takes although others wait.
    if (this.#lookups.size > 0 && (own === 0 || (table?.size ?? 0) > 0)) return false
    // With a single slot in all, the last one is the only one; it can be taken back.
    return hasWaiters || free > 1 || this.#limits.maxConcurrent === 1
  }

  #hold(claim: Claim): void {
    this.#holders.add(claim)
    const table = this.#tableOf(claim)
    if (table !== undefined && table.held++ < this.#share) this.#reserved--
  }

  #waiting(claim: Claim, deadlineMs: number, done: (gotSlot: boolean) => void): Queued {
    const waitMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
    return { done, timer: this.#clock.after(waitMs, () => this.#leaveQueue(claim, false)) }
  }

  #leaveQueue(claim: Claim, gotSlot: boolean): void {
    const check = this.#checks.get(claim)
    this.#checks.delete(claim)
    const queued = check ?? this.#tableOf(claim)?.remove(claim)
    if (queued === undefined) return
    if (check === undefined) this.#countOut(claim)
    queued.timer.cancel()
    queued.done(gotSlot)
  }

  #countOut(claim: Claim): void {
    const lookup = claim.lookup ?? claim
    const left = (this.#lookups.get(lookup) ?? 1) - 1
    if (left > 0) this.#lookups.set(lookup, left)
    else this.#lookups.delete(lookup)
  }

  /** A known question, else the first of the table that has the fewest slots and may have one more. */
  #next(): Claim | undefined {
    for (const claim of this.#checks.keys()) return claim
    let next: TableQueue | undefined
    const free = this.#limits.maxConcurrent - this.#holders.size
    for (const table of this.#tables.values()) {
      if (table.size === 0 || (next !== undefined && table.held >= next.held)) continue
      const own = Math.max(0, this.#share - table.held)
      if (free > this.#reserved - own) next = table
    }
    return next?.first()
  }

  /** Ends those that are slow when others are not, where they have too many of the slots; oldest first. */
  #endSlow(holders: readonly Claim[], needed: number): void {
    const nowMs = this.#clock.monotonicMs()
    const slow = holders.filter((one) => !this.#cancelled.has(one) && one.pace(nowMs) === 'slow-alone')
    const tooMany = slow.length - Math.floor(this.#limits.maxConcurrent * MOST_SLOW)
    for (const claim of slow.slice(0, Math.max(0, Math.min(needed, tooMany))))
      if (this.#holders.has(claim)) this.#end(claim)
  }

  #end(claim: Claim): void {
    this.#cancelled.add(claim)
    claim.giveWay()
  }

  /** Those in the queue who gave up by now need no slot made for them. */
  #waitingUpTo(limit: number): number {
    let waiting = 0
    for (const table of this.#tables.values()) {
      if (table.size > 0) waiting += table.waiting(limit - waiting)
      if (waiting >= limit) return limit
    }
    return waiting
  }

  #isFull({ lookup }: Pick<Claim, 'lookup'>): boolean {
    if (this.#lookups.size < this.#limits.maxQueued) return false
    return lookup === undefined || !this.#lookups.has(lookup)
  }

  /** Makes a place in the queue for a lookup of this table. */
  #dropFor(table: TableQueue): boolean {
    const claim = this.#abandoned() ?? this.#longerThan(table)?.last()
    if (claim === undefined) return false
    this.#leaveQueue(claim, false)
    return true
  }

  #abandoned(): Claim | undefined {
    for (const table of this.#tables.values()) {
      const claim = table.abandoned()
      if (claim !== undefined) return claim
    }
    return undefined
  }

  /** The table with the longest queue, if it is longer than that of this one would be. */
  #longerThan(table: TableQueue): TableQueue | undefined {
    let longest: TableQueue | undefined
    for (const other of this.#tables.values())
      if (other.size > table.size + 1 && other.size > (longest?.size ?? 0)) longest = other
    return longest
  }
}
