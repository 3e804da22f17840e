/**
 * The two segments of a segmented LRU cache: lists through the same numbered slots, and their counts.
 *
 * An entry changes its segment, or its place in it, by a few numbers in arrays that the garbage collector does not look
 * into. A slot's two neighbours lie side by side, since a use among a million entries waits for memory and for little else.
 */

export const PROBATION = 0
export const PROTECTED = 1
export type Segment = typeof PROBATION | typeof PROTECTED

/** The first slot that may hold an entry. Below it each segment has one that stands between its recent and its old end. */
export const FIRST_SLOT = 2

/** Slots to begin with. Ours: a small table takes little. */
const SLOTS_AT_FIRST = 64

export class SegmentLists {
  #segments = new Uint8Array(SLOTS_AT_FIRST)
  #sizes = new Uint32Array(SLOTS_AT_FIRST)
  /** For each slot the neighbour that was used later, then the one that was used earlier. */
  #links = new Uint32Array(2 * SLOTS_AT_FIRST)
  #probationBytes = 0
  #protectedBytes = 0
  #protectedCount = 0

  constructor() {
    this.#link(PROBATION, PROBATION)
    this.#link(PROTECTED, PROTECTED)
  }

  /** Of both segments. */
  get bytes(): number {
    return this.#probationBytes + this.#protectedBytes
  }

  get protectedBytes(): number {
    return this.#protectedBytes
  }

  get protectedCount(): number {
    return this.#protectedCount
  }

  isProtected(slot: number): boolean {
    return this.#segments[slot] === PROTECTED
  }

  /** The slot that was used longest ago; only while the segment has one. */
  oldest(segment: Segment): number {
    return this.#links[2 * segment] as number
  }

  /** Puts a slot that is in no segment at the recent end of one. */
  add(slot: number, bytes: number, segment: Segment): void {
    while (slot >= this.#sizes.length) this.#grow()
    this.#sizes[slot] = bytes
    this.#enter(slot, segment)
  }

  remove(slot: number): void {
    this.#unlink(slot)
    this.#count(slot, -1)
  }

  move(slot: number, to: Segment): void {
    this.remove(slot)
    this.#enter(slot, to)
  }

  /** Puts a slot at the recent end of its own segment. */
  renew(slot: number): void {
    this.#unlink(slot)
    this.#linkRecent(slot)
  }

  #enter(slot: number, segment: Segment): void {
    this.#segments[slot] = segment
    this.#count(slot, 1)
    this.#linkRecent(slot)
  }

  #count(slot: number, sign: 1 | -1): void {
    const bytes = sign * (this.#sizes[slot] as number)
    if (this.#segments[slot] === PROTECTED) {
      this.#protectedBytes += bytes
      this.#protectedCount += sign
    } else this.#probationBytes += bytes
  }

  #unlink(slot: number): void {
    this.#link(this.#links[2 * slot + 1] as number, this.#links[2 * slot] as number)
  }

  #linkRecent(slot: number): void {
    const segment = this.#segments[slot] as number
    this.#link(this.#links[2 * segment + 1] as number, slot)
    this.#link(slot, segment)
  }

  /** Makes two slots neighbours. */
  #link(earlier: number, later: number): void {
    this.#links[2 * earlier] = later
    this.#links[2 * later + 1] = earlier
  }

  #grow(): void {
    this.#segments = longer(this.#segments, Uint8Array)
    this.#sizes = longer(this.#sizes, Uint32Array)
    this.#links = longer(this.#links, Uint32Array)
  }
}

function longer<A extends Uint8Array | Uint32Array>(array: A, make: new (length: number) => A): A {
  const twice = new make(2 * array.length)
  twice.set(array)
  return twice
}
