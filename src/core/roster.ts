/**
 * Who is present, in the order of arrival: for the thousands a second that come and go.
 *
 * A Set would do the same, but not let go. While V8 gives a Set or Map with many additions and
 * deletions a new table, the old table still points to the new one and to whom it held; once one of them has
 * reached the old generation, all that came later stays alive until the next full collection, with
 * everything that hangs on it. That made a minor collection four times as dear (bench/RESULTS.md).
 */

/** Somebody who can be on one roster at a time. */
export interface Enrolled {
  /** The place on the roster; kept by it. */
  place?: number
}

/** Places that stay free at least before the roster is closed up. Ours: not worth the walk. */
const MIN_FREE_PLACES = 32

export class Roster<T extends Enrolled> {
  /** With free places, so that leaving moves nobody. */
  readonly #places: (T | undefined)[] = []
  /** The first place behind the last one taken. */
  #end = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds somebody. Who is on it already keeps the place. */
  add(member: T): void {
    if (this.has(member)) return
    if (this.#end >= MIN_FREE_PLACES && this.#end >= 2 * this.#size) this.#closeUp()
    this.#take(this.#end++, member)
    this.#size++
  }

  has(member: T): member is T & { place: number } {
    return member.place !== undefined && this.#places[member.place] === member
  }

  /** @returns false for somebody who is not on it. */
  delete(member: T): boolean {
    if (!this.has(member)) return false
    this.#places[member.place] = undefined
    this.#size--
    if (this.#size === 0) this.#end = 0
    return true
  }

  /** Those who are on it now, oldest first; who leaves or comes meanwhile changes nothing. */
  present(): T[] {
    return this.#places.slice(0, this.#end).filter((member) => member !== undefined)
  }

  /** Moves everybody to the front, in the same order. */
  #closeUp(): void {
    const present = this.present()
    this.#places.fill(undefined, present.length, this.#end)
    for (const [place, member] of present.entries()) this.#take(place, member)
    this.#end = present.length
  }

  #take(place: number, member: T): void {
    member.place = place
    this.#places[place] = member
  }
}
