/**
 * A segmented LRU cache: what was used again is protected from what comes once and never again.
 *
 *   set                      -> probation, at the recent end
 *   get of one on probation  -> protected, at the recent end; or there only by `protect`
 *   protected is full        -> its least recently used goes back to probation
 *   all is full              -> the least recently used on probation is forgotten
 *
 * So any number of new keys only push each other out. Over lru-cache, one for each segment; they are made
 * without `max`, because that would take the memory of a full one at once, for every table.
 *
 * Source: Karedla, Love, Wherry, "Caching strategies to improve disk system performance", IEEE Computer 27 (1994).
 */
import { LRUCache } from 'lru-cache'

/**
 * Share of the entries and bytes that protected ones may fill. Ours, as Caffeine has it: the rest must be
 * large enough for a new key to be used again before it is pushed out.
 */
export const PROTECTED_SHARE = 0.8

/** Slots that are looked at for each entry that is chosen at random, most. Ours: then they are nearly empty, and a list is made. */
const MAX_PROBES = 4

export interface SegmentedLruOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  /** Whether a value is protected once it was used again, and not only by `protect`. Default true. */
  readonly protectsUsed?: boolean
  /** Called with the number of entries that the bounds pushed out. */
  readonly onEvicted?: (count: number) => void
}

export class SegmentedLru<V extends object> {
  readonly #probation: LRUCache<string, V>
  readonly #protected: LRUCache<string, V>
  readonly #options: SegmentedLruOptions

  constructor(options: SegmentedLruOptions) {
    this.#options = options
    const maxSize = Math.max(1, options.maxBytes)
    this.#probation = new LRUCache({ maxSize })
    this.#protected = new LRUCache({ maxSize })
  }

  get size(): number {
    return this.#probation.size + this.#protected.size
  }

  get bytes(): number {
    return this.#probation.calculatedSize + this.#protected.calculatedSize
  }

  /** The value; it counts as used, and is protected from now on. */
  get(key: string): V | undefined {
    const value = this.#protected.get(key)
    if (value !== undefined || this.#probation.size === 0) return value
    return this.#options.protectsUsed === false ? this.#probation.get(key) : this.protect(key)
  }

  /** Protects a value from keys that come once, and returns it. */
  protect(key: string): V | undefined {
    const value = this.#probation.peek(key)
    if (value === undefined) return undefined
    move(key, this.#probation, this.#protected)
    this.#boundProtected()
    return value
  }

  /** The value; it does not count as used. */
  peek(key: string): V | undefined {
    return this.#protected.peek(key) ?? this.#probation.peek(key)
  }

  /** Stores a value in place of any other of this key. One that is larger than all bytes is not stored. */
  set(key: string, value: V, bytes: number): void {
    if (bytes > this.#options.maxBytes) {
      this.delete(key)
      return
    }
    const isProtected = this.#protected.size > 0 && this.#protected.has(key)
    put(isProtected ? this.#protected : this.#probation, key, value, bytes)
    this.#trim()
  }

  delete(key: string): void {
    this.#probation.delete(key)
    this.#protected.delete(key)
  }

  clear(): void {
    this.#probation.clear()
    this.#protected.clear()
  }

  /** The keys now: a copy, which later changes leave as it is. */
  keys(): string[] {
    return this.#slots().flatMap((slots) => slots.filter((key) => key !== undefined))
  }

  /**
   * Different entries, chosen at random; they do not count as used.
   *
   * @param count Most of them.
   * @param random Numbers from 0 up to 1.
   * @param isWanted Which keys may be chosen.
   */
  some(count: number, random: () => number, isWanted: (key: string) => boolean): [key: string, value: V][] {
    const [probation, protectedSlots] = this.#slots()
    const chosen = new Set<string>()
    const slots = probation.length + protectedSlots.length
    for (let tries = MAX_PROBES * count; tries > 0 && chosen.size < count && slots > 0; tries--) {
      const at = Math.floor(random() * slots)
      const key = at < probation.length ? probation[at] : protectedSlots[at - probation.length]
      if (key !== undefined && isWanted(key)) chosen.add(key)
    }
    if (chosen.size < count) for (const key of shuffled(this.keys().filter(isWanted), random)) chosen.add(key)
    const entries: [string, V][] = []
    for (const key of chosen) {
      const value = this.peek(key)
      if (value !== undefined && entries.length < count) entries.push([key, value])
    }
    return entries
  }

  /** The slots of the keys themselves, since lru-cache's iterators are slow to make a list of a million keys. */
  #slots(): [probation: readonly (string | undefined)[], protectedOnes: readonly (string | undefined)[]] {
    const { unsafeExposeInternals: internals } = LRUCache
    return [internals(this.#probation).keyList, internals(this.#protected).keyList]
  }

  #boundProtected(): void {
    const { maxEntries, maxBytes } = this.#options
    while (
      this.#protected.size > PROTECTED_SHARE * maxEntries ||
      this.#protected.calculatedSize > PROTECTED_SHARE * maxBytes
    ) {
      const oldest = this.#protected.rkeys().next().value
      if (oldest === undefined) break
      move(oldest, this.#protected, this.#probation)
    }
  }

  #trim(): void {
    const { maxEntries, maxBytes, onEvicted } = this.#options
    while (this.size > maxEntries || this.bytes > maxBytes) {
      // The last one on probation is the one that has just come.
      const segment =
        this.#probation.size > 1 || this.#protected.size === 0 ? this.#probation : this.#protected
      segment.pop()
      onEvicted?.(1)
    }
  }
}

/** In random order. Source: Fisher, Yates, as Durstenfeld has it. */
function shuffled(keys: string[], random: () => number): readonly string[] {
  for (let last = keys.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const key = keys[at] as string
    keys[at] = keys[last] as string
    keys[last] = key
  }
  return keys
}

function move<V extends object>(key: string, from: LRUCache<string, V>, to: LRUCache<string, V>): void {
  const value = from.peek(key)
  const bytes = from.info(key)?.size
  if (value === undefined || bytes === undefined) return
  from.delete(key)
  put(to, key, value, bytes)
}

function put<V extends object>(segment: LRUCache<string, V>, key: string, value: V, bytes: number): void {
  // lru-cache writes `status`, which would change the shape of an object without it.
  segment.set(key, value, { size: bytes, status: undefined })
}
