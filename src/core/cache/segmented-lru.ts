/**
 * A segmented LRU cache: what was used again is protected from what comes once and never again.
 *
 *   set                      -> probation, at the recent end
 *   get of one on probation  -> protected, at the recent end; or there only by `protect`
 *   protected is full        -> its least recently used goes back to probation
 *   all is full              -> the least recently used on probation is forgotten
 *
 * So any number of new keys only push each other out. One map for both segments, so that a use changes neither a map nor
 * a list of texts: with a cache of lru-cache for each segment an entry took 85 bytes more, and moving a million of them from one
 * map to the other stopped everything for 50 ms whenever one was made again.
 *
 * Source: Karedla, Love, Wherry, "Caching strategies to improve disk system performance", IEEE Computer 27 (1994).
 */
import { FIRST_SLOT, PROBATION, PROTECTED, SegmentLists } from './segment-lists.ts'

/**
 * Share of the entries and bytes that protected ones may fill. Ours, as Caffeine has it: the rest must be
 * large enough for a new key to be used again before it is pushed out.
 */
const PROTECTED_SHARE = 0.8

/** Slots that are looked at for each entry that is chosen at random, most. Ours: then they are nearly empty, and a list is made. */
const MAX_PROBES = 4

interface SegmentedLruOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  /** Whether a value is protected once it was used again, and not only by `protect`. Default true. */
  readonly protectsUsed?: boolean
  /** Called with the number of entries that the bounds pushed out. */
  readonly onEvicted?: (count: number) => void
}

export class SegmentedLru<V extends object> {
  readonly #options: SegmentedLruOptions
  /** The slot of each key. */
  readonly #slotOf = new Map<string, number>()
  /** By slot; undefined in one that is free. */
  #keys: (string | undefined)[] = [undefined, undefined]
  #values: (V | undefined)[] = [undefined, undefined]
  /** Slots that were given back. */
  #free: number[] = []
  #lists = new SegmentLists()

  constructor(options: SegmentedLruOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#slotOf.size
  }

  get bytes(): number {
    return this.#lists.bytes
  }

  /** The value; it counts as used, and is protected from now on. */
  get(key: string): V | undefined {
    const slot = this.#slotOf.get(key)
    if (slot === undefined) return undefined
    if (this.#lists.isProtected(slot) || this.#options.protectsUsed === false) this.#lists.renew(slot)
    else this.#protect(slot)
    return this.#values[slot]
  }

  /** Protects a value from keys that come once. */
  protect(key: string): void {
    const slot = this.#slotOf.get(key)
    if (slot !== undefined && !this.#lists.isProtected(slot)) this.#protect(slot)
  }

  /** The value; it does not count as used. */
  peek(key: string): V | undefined {
    const slot = this.#slotOf.get(key)
    return slot === undefined ? undefined : this.#values[slot]
  }

  /**
   * Stores a value in place of any other of this key, which is returned. One that is larger than all bytes is not stored.
   */
  set(key: string, value: V, bytes: number): V | undefined {
    if (bytes > this.#options.maxBytes) {
      this.delete(key)
      return undefined
    }
    const before = this.#slotOf.get(key)
    const slot = before ?? this.#newSlot(key)
    const segment = before !== undefined && this.#lists.isProtected(before) ? PROTECTED : PROBATION
    if (before !== undefined) this.#lists.remove(before)
    this.#lists.add(slot, bytes, segment)
    const replaced = this.#values[slot]
    this.#values[slot] = value
    this.#trim()
    return replaced
  }

  delete(key: string): void {
    const slot = this.#slotOf.get(key)
    if (slot !== undefined) this.#forget(slot, key)
  }

  clear(): void {
    this.#slotOf.clear()
    this.#keys = [undefined, undefined]
    this.#values = [undefined, undefined]
    this.#free = []
    this.#lists = new SegmentLists()
  }

  /**
   * Every entry once, in no order. The walk may pause: an entry that is stored or removed meanwhile may be missed,
   * the others are not, since an entry that is used keeps its slot.
   */
  *entries(): Generator<[key: string, value: V]> {
    for (let slot = FIRST_SLOT; slot < this.#keys.length; slot++) {
      const key = this.#keys[slot]
      const value = this.#values[slot]
      if (key !== undefined && value !== undefined) yield [key, value]
    }
  }

  /**
   * Different entries, chosen at random; they do not count as used.
   *
   * @param count Most of them.
   * @param random Numbers from 0 up to 1.
   * @param isWanted Which keys may be chosen.
   */
  some(count: number, random: () => number, isWanted: (key: string) => boolean): [key: string, value: V][] {
    const chosen = new Set<string>()
    const slots = this.#keys.length - FIRST_SLOT
    for (let tries = MAX_PROBES * count; tries > 0 && chosen.size < count && slots > 0; tries--) {
      const key = this.#keys[FIRST_SLOT + Math.floor(random() * slots)]
      if (key !== undefined && isWanted(key)) chosen.add(key)
    }
    if (chosen.size < count) {
      const wanted = this.#keys.filter((key) => key !== undefined && isWanted(key))
      for (const key of shuffled(wanted, random)) if (key !== undefined) chosen.add(key)
    }
    const entries: [string, V][] = []
    for (const key of chosen) {
      const value = this.peek(key)
      if (value !== undefined && entries.length < count) entries.push([key, value])
    }
    return entries
  }

  #protect(slot: number): void {
    const { maxEntries, maxBytes } = this.#options
    const lists = this.#lists
    lists.move(slot, PROTECTED)
    while (
      lists.protectedCount > PROTECTED_SHARE * maxEntries ||
      lists.protectedBytes > PROTECTED_SHARE * maxBytes
    )
      lists.move(lists.oldest(PROTECTED), PROBATION)
  }

  #trim(): void {
    const { maxEntries, maxBytes, onEvicted } = this.#options
    while (this.size > maxEntries || this.bytes > maxBytes) {
      const { protectedCount } = this.#lists
      // The last one on probation is the one that has just come.
      const isFromProbation = this.size - protectedCount > 1 || protectedCount === 0
      const slot = this.#lists.oldest(isFromProbation ? PROBATION : PROTECTED)
      this.#forget(slot, this.#keys[slot] as string)
      onEvicted?.(1)
    }
  }

  #newSlot(key: string): number {
    const slot = this.#free.pop() ?? this.#keys.length
    this.#keys[slot] = key
    this.#slotOf.set(key, slot)
    return slot
  }

  #forget(slot: number, key: string): void {
    this.#lists.remove(slot)
    this.#slotOf.delete(key)
    this.#keys[slot] = undefined
    this.#values[slot] = undefined
    this.#free.push(slot)
  }
}

/** In random order. Source: Fisher, Yates, as Durstenfeld has it. */
function shuffled<T>(keys: T[], random: () => number): readonly T[] {
  for (let last = keys.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const key = keys[at] as T
    keys[at] = keys[last] as T
    keys[last] = key
  }
  return keys
}
