/**
 * The tables of one upstream: the share of the slots that each has for itself, and whose lookup is next.
 *
 * The next slot goes to the table that has the fewest, so that no table can take them all.
 */
import type { Claim } from './claim.ts'
import { type KeyKind, type Queued, TableQueue } from './table-queue.ts'

/** Part of the slots that is divided among the tables, each its own. Ours: a busy table still has three quarters and its own. */
const SHARED_OUT = 0.25

export class TableQueues {
  readonly #tables = new Map<string, TableQueue<Claim>>()
  /** By lookup, or claim where there is none: how many keys wait for it. */
  readonly #lookups = new Map<object, number>()
  #maxConcurrent: number
  /** Slots that each table has for itself. */
  #share = 0
  /** Of those, the ones that are not in use. */
  #reserved = 0
  #usual = 0
  #known = 0

  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent
  }

  /** Forgets tables that ask for nothing, and divides the slots again. */
  resize(maxConcurrent: number): void {
    this.#maxConcurrent = maxConcurrent
    for (const [name, table] of this.#tables) if (table.held + table.size === 0) this.#tables.delete(name)
    this.#shareOut()
  }

  /** Lookups that wait. */
  get size(): number {
    return this.#lookups.size
  }

  /** Keys that wait and that nothing speaks against. */
  get usual(): number {
    return this.#usual
  }

  /** Keys that wait and were answered before. */
  get known(): number {
    return this.#known
  }

  waits(lookup: object): boolean {
    return this.#lookups.has(lookup)
  }

  of(name: string | undefined): TableQueue<Claim> | undefined {
    if (name === undefined) return undefined
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new TableQueue<Claim>()
    this.#tables.set(name, table)
    this.#shareOut()
    return table
  }

  /** Free slots that the table has for itself. */
  own(table: TableQueue<Claim>): number {
    return Math.max(0, this.#share - table.held)
  }

  /** Of so many free slots, how many a claim of the table may take. */
  freeFor(table: TableQueue<Claim> | undefined, free: number): number {
    return free - this.#reserved + (table === undefined ? 0 : this.own(table))
  }

  tookSlot(table: TableQueue<Claim>): void {
    if (table.held++ < this.#share) this.#reserved--
  }

  gaveSlotBack(table: TableQueue<Claim>): void {
    if (--table.held < this.#share) this.#reserved++
  }

  add(table: TableQueue<Claim>, claim: Claim, queued: Queued, kind: KeyKind): void {
    table.add(claim, queued, kind)
    this.#count(kind, 1)
    const lookup = claim.lookup ?? claim
    this.#lookups.set(lookup, (this.#lookups.get(lookup) ?? 0) + 1)
  }

  /** @returns undefined for a claim that does not wait. */
  remove(table: TableQueue<Claim>, claim: Claim): Queued | undefined {
    const kind = table.kindOf(claim)
    const queued = table.remove(claim)
    if (kind === undefined || queued === undefined) return undefined
    this.#count(kind, -1)
    const lookup = claim.lookup ?? claim
    const left = (this.#lookups.get(lookup) ?? 1) - 1
    if (left > 0) this.#lookups.set(lookup, left)
    else this.#lookups.delete(lookup)
    return queued
  }

  claims(): readonly Claim[] {
    return Array.from(this.#tables.values()).flatMap((table) => table.claims())
  }

  /** The first of the table that has the fewest slots and may have one more. */
  next(free: number, may: Readonly<Record<KeyKind, boolean>>): Claim | undefined {
    let next: Claim | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const table of this.#tables.values()) {
      if (table.size === 0 || table.held >= fewest || this.freeFor(table, free) <= 0) continue
      const first = table.first(may)
      if (first === undefined) continue
      next = first
      fewest = table.held
    }
    return next
  }

  /** How many wait that something is cancelled for. Those who gave up by now need no slot made for them. */
  waiting(limit: number): number {
    let waiting = 0
    for (const table of this.#tables.values()) {
      if (table.size > 0) waiting += table.waiting(limit - waiting)
      if (waiting >= limit) return limit
    }
    return waiting
  }

  /** One that nobody waits for any more. */
  abandoned(): Claim | undefined {
    for (const table of this.#tables.values()) {
      const claim = table.abandoned()
      if (claim !== undefined) return claim
    }
    return undefined
  }

  /** The table with the longest queue, if it is longer than that of this one would be. */
  longerThan(table: TableQueue<Claim>): TableQueue<Claim> | undefined {
    let longest: TableQueue<Claim> | undefined
    for (const other of this.#tables.values())
      if (other.size > table.size + 1 && other.size > (longest?.size ?? 0)) longest = other
    return longest
  }

  /** What gives its place in the queue to a key that was answered before. */
  lastNotKnown(): Claim | undefined {
    let longest: TableQueue<Claim> | undefined
    for (const table of this.#tables.values())
      if (table.size - table.known > (longest === undefined ? 0 : longest.size - longest.known))
        longest = table
    return longest?.last()
  }

  #count(kind: KeyKind, by: 1 | -1): void {
    if (kind !== 'slow') this.#usual += by
    if (kind === 'known') this.#known += by
  }

  #shareOut(): void {
    this.#share = Math.floor((this.#maxConcurrent * SHARED_OUT) / Math.max(1, this.#tables.size))
    this.#reserved = 0
    for (const table of this.#tables.values()) this.#reserved += this.own(table)
  }
}
