/**
 * The answers of one table: found ones bounded in entries and bytes, and "not found" ones
 * in a room of their own, so that a dictionary attack cannot push the good answers out.
 *
 * Over lru-cache: the least recently used answer goes first. The stores are made without
 * `max`, because that would take the memory of a full store at once, for every table.
 */
import { LRUCache } from 'lru-cache'
import { type Clock, type Instant, instant } from '../clock.ts'
import type { StoreStatus } from '../status.ts'
import type { Validators } from '../upstream.ts'
import { compact } from './compact.ts'
import type { Freshness } from './freshness.ts'
import { inScope, PurgeLog, type PurgeScope } from './purge-log.ts'
import { StoredAnswer, validatorsOf } from './stored-answer.ts'

export interface AnswerStoreOptions {
  readonly clock: Clock
  /** Most found answers. */
  readonly maxEntries: number
  /** Most "not found" answers. */
  readonly maxNegativeEntries: number
  /** Most memory for the found answers, and as much again for the others; texts and {@link ENTRY_OVERHEAD_BYTES}. */
  readonly maxBytes: number
  /** Is told how many answers the bounds pushed out. */
  readonly onEvicted?: (count: number) => void
}

/** What to store under a key. */
export interface NewAnswer {
  /** Undefined for "not found". */
  readonly value: string | undefined
  readonly freshness: Freshness
  /** Time since the service answered, ms, not negative. */
  readonly ageMs: number
  readonly validators?: Validators
  readonly endpoint?: number
  /** UTF-8 bytes of the key and all texts, where the caller knows them. */
  readonly textBytes?: number
}

/**
 * Memory of one entry beside its texts, bytes: the entry, its place in the key map and in the
 * lists of lru-cache, two string heads. Source: measured with a million entries on Node.js 20.
 */
export const ENTRY_OVERHEAD_BYTES = 250

/** Parts a store key of a second or later upstream; no key has control characters. */
const PREFIX_END = '\x01'

export class AnswerStore {
  readonly #clock: Clock
  readonly #base: Instant
  readonly #options: AnswerStoreOptions
  readonly #found: LRUCache<string, StoredAnswer>
  readonly #negative: LRUCache<string, StoredAnswer>
  readonly #purges = new PurgeLog()
  /** Upstreams that share this store. */
  #upstreams = 1

  constructor(options: AnswerStoreOptions) {
    this.#clock = options.clock
    this.#options = options
    const now = instant(options.clock)
    this.#base = { monotonicMs: Math.floor(now.monotonicMs), wallMs: Math.floor(now.wallMs) }
    const onEvicted = options.onEvicted
    const room = () =>
      new LRUCache<string, StoredAnswer>({
        maxSize: Math.max(1, options.maxBytes),
        dispose: (_answer, _key, reason) => reason === 'evict' && onEvicted?.(1),
      })
    this.#found = room()
    this.#negative = room()
  }

  /** The stored answer, whatever its age; it counts as used. */
  get(storeKey: string): StoredAnswer | undefined {
    const answer = this.#found.get(storeKey)
    return answer !== undefined || this.#negative.size === 0 ? answer : this.#negative.get(storeKey)
  }

  /**
   * Time since the service gave an answer, ms: the larger difference of both clocks, so that
   * a suspended machine and a clock set back make it too old and never too young.
   *
   * @param nowMs The monotonic clock, where it was read just before.
   */
  ageMs(answer: StoredAnswer, nowMs = this.#clock.monotonicMs()): number {
    return Math.max(
      0,
      nowMs - this.#base.monotonicMs - answer.monotonicMs,
      this.#clock.wallMs() - this.#base.wallMs - answer.wallMs,
    )
  }

  /** Stores an answer in place of any other of this key. */
  set(storeKey: string, answer: NewAnswer): void {
    const value = answer.value === undefined ? undefined : compact(answer.value)
    const { freshness, ageMs, validators, endpoint } = answer
    this.restore(compact(storeKey), { value, freshness, ageMs, validators, endpoint })
  }

  /**
   * As {@link set}, for texts that hold on to nothing else: read from a file, or stored before. Keeps
   * nothing of `answer` itself, so that a caller with a million of them can use one object for all.
   */
  restore(storeKey: string, answer: NewAnswer, now: Instant = instant(this.#clock)): void {
    const { value, freshness, ageMs, endpoint = 0 } = answer
    const stored = new StoredAnswer(
      value,
      freshness,
      Math.floor(now.monotonicMs - this.#base.monotonicMs - ageMs),
      Math.floor(now.wallMs - this.#base.wallMs - ageMs),
      validatorsOf(answer.validators),
      endpoint,
    )
    const isFound = value !== undefined
    const room = isFound ? this.#found : this.#negative
    const other = isFound ? this.#negative : this.#found
    if (other.size > 0) other.delete(storeKey)
    const size = ENTRY_OVERHEAD_BYTES + (answer.textBytes ?? textBytes(storeKey, stored))
    // lru-cache writes `status`, which would change the shape of an object without it.
    room.set(storeKey, stored, { size, status: undefined })
    const most = isFound ? this.#options.maxEntries : this.#options.maxNegativeEntries
    while (room.size > most) room.pop()
  }

  delete(storeKey: string): void {
    this.#found.delete(storeKey)
    this.#negative.delete(storeKey)
  }

  /** Purges so far, to be noted with a question and given to {@link purgedSince}. */
  get generation(): number {
    return this.#purges.generation
  }

  /** Tells whether an answer asked for at `generation` must not be stored any more. */
  purgedSince(generation: number, storeKey: string): boolean {
    return this.#purges.purgedSince(generation, keyOf(storeKey))
  }

  /**
   * The prefix of the store keys of one upstream of the table, so that each upstream's answers
   * have their own freshness. The first one uses none: its store keys are the keys.
   */
  prefixFor(upstreamIndex: number): string {
    this.#upstreams = Math.max(this.#upstreams, upstreamIndex + 1)
    return upstreamIndex === 0 ? '' : `${PREFIX_END}${upstreamIndex}${PREFIX_END}`
  }

  /**
   * Forgets answers, and those that are asked for at this moment.
   *
   * A domain is looked for in every entry: a million take some tenths of a second.
   *
   * @returns How many stored answers were forgotten.
   */
  purge(scope: PurgeScope): number {
    this.#purges.add(scope)
    const before = this.size
    if (scope.kind === 'all') {
      this.#found.clear()
      this.#negative.clear()
    } else if (scope.kind === 'key') {
      for (let index = 0; index < this.#upstreams; index++) this.delete(this.prefixFor(index) + scope.key)
    } else {
      for (const [storeKey] of this.entries()) if (inScope(scope, keyOf(storeKey))) this.delete(storeKey)
    }
    return before - this.size
  }

  get size(): number {
    return this.#found.size + this.#negative.size
  }

  status(): StoreStatus {
    return {
      foundEntries: this.#found.size,
      negativeEntries: this.#negative.size,
      bytes: this.#found.calculatedSize + this.#negative.calculatedSize,
    }
  }

  /**
   * Every stored answer once, in no order. The walk may pause between any two answers: one that
   * is stored or removed meanwhile may be missed, the others are not.
   *
   * It walks the slots, since the own iterators of lru-cache follow the order of use and
   * lose their place when an answer is used during a pause.
   */
  *entries(): Generator<[storeKey: string, answer: StoredAnswer]> {
    for (const room of [this.#found, this.#negative]) {
      const { keyList, valList } = LRUCache.unsafeExposeInternals(room)
      for (let slot = 0; slot < keyList.length; slot++) {
        const storeKey = keyList[slot]
        const answer = valList[slot]
        if (storeKey !== undefined && answer instanceof StoredAnswer) yield [storeKey, answer]
      }
    }
  }

  /** Takes over every answer of another store, for a table whose bounds changed. */
  copyFrom(other: AnswerStore): void {
    for (const [storeKey, answer] of other.entries()) {
      this.restore(storeKey, {
        value: answer.value,
        freshness: answer,
        ageMs: other.ageMs(answer),
        validators: answer.validators,
        endpoint: answer.endpoint,
      })
    }
  }
}

/** The lookup key in a store key. */
function keyOf(storeKey: string): string {
  return storeKey.startsWith(PREFIX_END) ? storeKey.slice(storeKey.indexOf(PREFIX_END, 1) + 1) : storeKey
}

/** UTF-8 bytes of the texts of one entry. */
function textBytes(storeKey: string, { validators, value }: StoredAnswer): number {
  return (
    Buffer.byteLength(storeKey) +
    Buffer.byteLength(value ?? '') +
    (validators?.etag?.length ?? 0) +
    (validators?.lastModified?.length ?? 0)
  )
}
