/**
 * An intrusive list in the order of arrival, for the thousands of members a second that come and go.
 *
 * A Set would do the same, but keep too much alive. When V8 gives a Set or Map with many additions and
 * deletions a new table, the old table still points to the new one and to what it held; once one of them has
 * reached the old generation, all that came later stays alive until the next full collection, with
 * everything that hangs on it. That made a minor collection cost four times as much (bench/RESULTS.md).
 */

/** What can be in one list at a time. */
export interface Slotted {
  /** Index in the list; written by the list alone. */
  slot?: number
}

/** Slots that are free at least before the list is compacted. Ours: fewer are not worth the walk. */
const MIN_FREE_SLOTS = 32

export class SlotList<T extends Slotted> {
  /** With free slots, so that a deletion moves nobody. */
  readonly #slots: (T | undefined)[] = []
  /** The first slot behind the last one taken. */
  #end = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a member at the end. One that is in the list already keeps its slot. */
  add(member: T): void {
    if (this.has(member)) return
    if (this.#end >= MIN_FREE_SLOTS && this.#end >= 2 * this.#size) this.#compact()
    this.#put(this.#end++, member)
    this.#size++
  }

  has(member: T): member is T & { slot: number } {
    return member.slot !== undefined && this.#slots[member.slot] === member
  }

  /** @returns false for a member that is not in the list. */
  delete(member: T): boolean {
    if (!this.has(member)) return false
    this.#slots[member.slot] = undefined
    this.#size--
    if (this.#size === 0) this.#end = 0
    return true
  }

  /** The members now, oldest first: a copy, which later additions and deletions leave as it is. */
  toArray(): T[] {
    return this.#slots.slice(0, this.#end).filter((member) => member !== undefined)
  }

  /** Moves every member to the front, in the same order. */
  #compact(): void {
    const members = this.toArray()
    this.#slots.fill(undefined, members.length, this.#end)
    for (const [slot, member] of members.entries()) this.#put(slot, member)
    this.#end = members.length
  }

  #put(slot: number, member: T): void {
    member.slot = slot
    this.#slots[slot] = member
  }
}
