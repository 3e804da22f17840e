/**
 * How many requests of one upstream may be under way, and who waits for a slot.
 *
 *   waiting lookup     a free slot, else the queue, else shed at once
 *   new key            the same, behind keys that were answered before, and while such keys are asked for, too, never
 *                      more than three quarters of the slots
 *   slow key           the same, behind others, and never more than half of the slots
 *   background         a free slot that is not the last, else nothing
 *   known question     a free slot, else the one of the slowest request
 *
 * When slots are short, requests that nobody waits for are cancelled, oldest first: one for each lookup in the queue;
 * then requests that are slow when others are answered, as far as they have more than half of the slots.
 * A slot is free when its request has really ended, so the service never sees more than `maxConcurrent`.
 */
import type { Clock } from '../clock.ts'
import { SlotList } from '../collections/slot-list.ts'
import type { Claim } from './claim.ts'
import type { KeyKind, Queued, TableQueue } from './table-queue.ts'
import { TableQueues } from './table-queues.ts'

export interface LimiterLimits {
  /** Requests under way. */
  readonly maxConcurrent: number
  /** Lookups that wait for a slot. */
  readonly maxQueued: number
}

/** Part of the slots that slow requests may keep while others wait. Ours: it is not they who are in the way then. */
const MOST_SLOW = 0.5

/**
 * Part of the slots that keys may take which were never answered before, while others are asked for, too. Ours: strangers can
 * make up as many as they like, and a service that answers needs few slots for the rest.
 */
const MOST_NEW = 0.75

/** Of so many slots that the queue gets, one goes to a key that was never answered before, if one waits. Ours. */
const NEW_EVERY = 8

/** New keys asked for without one that was answered before, after which nothing is kept free. Ours: half a minute of a strong attack. */
const NEW_IN_A_ROW = 1000

export class Limiter {
  readonly #clock: Clock
  readonly #holders = new SlotList<Claim>()
  /** Will give their slots back soon. */
  readonly #cancelled = new Set<Claim>()
  /** Holders whose keys were slow when they got their slots. */
  #slowHolders = 0
  /** Holders whose keys had never been answered before. */
  #newHolders = 0
  /** Keys asked for since the last one that was answered before. */
  #newInARow = NEW_IN_A_ROW
  /** Slots that went to the queue. */
  #passedOn = 0
  readonly #queues: TableQueues
  /** Known questions go before everything else. */
  readonly #checks = new Map<Claim, Queued>()
  #limits: LimiterLimits

  constructor(limits: LimiterLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#queues = new TableQueues(limits.maxConcurrent)
  }

  get limits(): LimiterLimits {
    return this.#limits
  }

  set limits(limits: LimiterLimits) {
    this.#limits = limits
    this.#queues.resize(limits.maxConcurrent)
  }

  get inFlight(): number {
    return this.#holders.size
  }

  /** Lookups that wait. */
  get queued(): number {
    return this.#queues.size
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
    const table = this.#queues.of(claim.table)
    const kind = claim.keyKind
    this.#newInARow = kind === 'known' ? 0 : this.#newInARow + 1
    if (this.#may(kind) && this.#hasSlotFor(table, kind, claim.hasWaiters)) {
      this.#hold(claim, table, kind)
      return true
    }
    if (!claim.hasWaiters || table === undefined) return false
    if (this.#isFull(claim) && !this.#dropFor(table, kind)) return false
    return new Promise((done) => {
      claim.queue = table
      this.#queues.add(table, claim, this.#waiting(claim, deadlineMs, done), kind)
      this.freeSlots()
    })
  }

  /** Takes a slot only if it is free and not the last: for a hedge. */
  takeSpare(claim: Claim): boolean {
    const table = this.#queues.of(claim.table)
    if (!this.#hasSlotFor(table, 'new', false)) return false
    this.#hold(claim, table, 'known')
    return true
  }

  /** Asks for a slot before everybody else: a request that is slow is ended for it where none is free. */
  takeFirst(claim: Claim, deadlineMs: number): boolean | Promise<boolean> {
    if (this.#holders.size < this.#limits.maxConcurrent) {
      this.#hold(claim, undefined, 'known')
      return true
    }
    return new Promise((done) => {
      this.#checks.set(claim, this.#waiting(claim, deadlineMs, done))
      this.freeSlots()
    })
  }

  /** Returns whether {@link take} would shed. */
  wouldShed(claim: Pick<Claim, 'table' | 'lookup' | 'hasWaiters'>): boolean {
    const table = this.#queues.of(claim.table)
    if (this.#hasSlotFor(table, 'new', claim.hasWaiters)) return false
    if (!claim.hasWaiters || table === undefined) return true
    if (!this.#isFull(claim)) return false
    return this.#queues.abandoned() === undefined && this.#queues.longerThan(table) === undefined
  }

  /** True when keys wait that were never answered before, or have just been slow. */
  get hasOthersThanKnown(): boolean {
    return this.#queues.size > this.#queues.known
  }

  /** Gives a slot back. The next in the queue gets it. */
  release(claim: Claim): void {
    if (this.#cancelled.size > 0) this.#cancelled.delete(claim)
    if (!this.#holders.delete(claim)) return
    if (claim.heldAs === 'slow') this.#slowHolders--
    else if (claim.heldAs === 'new') this.#newHolders--
    if (claim.queue !== undefined) this.#queues.gaveSlotBack(claim.queue)
    if (this.#queues.size + this.#checks.size > 0) this.#passOn()
  }

  /**
   * Ends a slow request for each known question that waits. Then cancels requests that nobody waits for, and those that are far
   * slower than others: as many as lookups wait. To be called when one may have become so.
   */
  readonly freeSlots = (): void => {
    if (this.#checks.size > this.#cancelled.size) this.#endForCheck()
    if (this.#queues.usual === 0) return
    const holders = this.#holders.toArray()
    let needed = this.#queues.waiting(holders.length) - this.#cancelled.size
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
    for (const claim of this.#queues.claims()) this.#leaveQueue(claim, false)
    for (const claim of this.#holders.toArray()) claim.cancel()
  }

  /** Returns whether a key of this kind may have one of the free slots. */
  #may(kind: KeyKind): boolean {
    if (kind === 'known') return true
    if (kind === 'slow' && this.#slowHolders >= this.#part(MOST_SLOW)) return false
    return this.#newInARow >= NEW_IN_A_ROW || this.#newHolders + this.#slowHolders < this.#part(MOST_NEW)
  }

  #part(share: number): number {
    return Math.max(1, Math.floor(this.#limits.maxConcurrent * share))
  }

  #hasSlotFor(table: TableQueue<Claim> | undefined, kind: KeyKind, hasWaiters: boolean): boolean {
    const free = this.#queues.freeFor(table, this.#limits.maxConcurrent - this.#holders.size)
    if (free <= 0 || this.#checks.size > 0) return false
    // Nobody overtakes his like: but what a table has for itself, it takes although others wait.
    const isKnown = kind === 'known'
    const waiting = isKnown ? this.#queues.known : this.#queues.usual
    if (waiting > 0) {
      if (table === undefined || this.#queues.own(table) === 0) return false
      if ((isKnown ? table.known : table.usual) > 0) return false
    }
    // With a single slot in all, the last one is the only one; it can be taken back.
    return hasWaiters || free > 1 || this.#limits.maxConcurrent === 1
  }

  #hold(claim: Claim, table: TableQueue<Claim> | undefined, kind: KeyKind): void {
    claim.queue = table
    claim.heldAs = kind
    this.#holders.add(claim)
    if (table !== undefined) this.#queues.tookSlot(table)
    if (kind === 'slow') this.#slowHolders++
    else if (kind === 'new') this.#newHolders++
  }

  /** Free slots go to those who wait. */
  #passOn(): void {
    for (;;) {
      const free = this.#limits.maxConcurrent - this.#holders.size
      if (free <= 0) return
      const next = this.#firstCheck() ?? this.#nextInQueue(free)
      if (next === undefined) return
      this.#hold(next, next.queue, next.queue?.kindOf(next) ?? 'known')
      this.#leaveQueue(next, true)
    }
  }

  /** Keys that were answered before; each eighth slot goes to one that never was, so that those wait no longer than that. */
  #nextInQueue(free: number): Claim | undefined {
    const isTurnOfNew = ++this.#passedOn % NEW_EVERY === 0
    const may = { known: true, new: this.#may('new'), slow: this.#may('slow') }
    const first = isTurnOfNew ? { ...NO_KIND, new: may.new } : { ...NO_KIND, known: true }
    return this.#queues.next(free, first) ?? this.#queues.next(free, may)
  }

  #firstCheck(): Claim | undefined {
    for (const claim of this.#checks.keys()) return claim
    return undefined
  }

  #waiting(claim: Claim, deadlineMs: number, done: (gotSlot: boolean) => void): Queued {
    const waitMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
    return { done, timer: this.#clock.after(waitMs, () => this.#leaveQueue(claim, false)) }
  }

  #leaveQueue(claim: Claim, gotSlot: boolean): void {
    const check = this.#checks.get(claim)
    this.#checks.delete(claim)
    const queued = check ?? (claim.queue && this.#queues.remove(claim.queue, claim))
    if (queued === undefined) return
    queued.timer.cancel()
    queued.done(gotSlot)
  }

  #endForCheck(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const holder of this.#holders.toArray()) {
      if (this.#cancelled.has(holder) || holder.pace(nowMs) === 'usual') continue
      this.#end(holder)
      return
    }
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

  #isFull({ lookup }: Pick<Claim, 'lookup'>): boolean {
    if (this.#queues.size < this.#limits.maxQueued) return false
    return lookup === undefined || !this.#queues.waits(lookup)
  }

  /** Makes a place in the queue for a key of this table. */
  #dropFor(table: TableQueue<Claim>, kind: KeyKind): boolean {
    const claim =
      this.#queues.abandoned() ??
      this.#queues.longerThan(table)?.last() ??
      (kind === 'known' ? this.#queues.lastNotKnown() : undefined)
    if (claim === undefined) return false
    this.#leaveQueue(claim, false)
    return true
  }
}

const NO_KIND: Readonly<Record<KeyKind, boolean>> = { known: false, new: false, slow: false }
