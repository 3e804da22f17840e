/**
 * Answers in the memory of this process: found ones bounded in entries and bytes, and "not found" ones
 * in a separate segmented LRU, so that a dictionary attack cannot push the good answers out.
 */
import { type Clock, type Instant, instant } from '../clock.ts'
import type { StoreStatus } from '../status.ts'
import type { AnswerStore, NewAnswer, Restoring } from './answer-store.ts'
import { compact, heldBytes } from './compact.ts'
import { inScope, PurgeLog, type PurgeScope } from './purge-log.ts'
import { EarlierAnswers } from './restoring.ts'
import { SegmentedLru } from './segmented-lru.ts'
import { StoredAnswer, validatorsOf } from './stored-answer.ts'

interface MemoryAnswerStoreOptions {
  readonly clock: Clock
  /** Most found answers. */
  readonly maxEntries: number
  /** Most "not found" answers. */
  readonly maxNegativeEntries: number
  /**
   * What protects a "not found" from those that come once: that it was asked for again, or only
   * {@link AnswerStore.protect}, because strangers may ask for anything twice.
   */
  readonly protectsNegative?: 'used' | 'chosen'
  /** Most memory for the found answers, and as much again for the others; texts and {@link ENTRY_OVERHEAD_BYTES}. */
  readonly maxBytes: number
  /** Called with the number of answers that the bounds pushed out. */
  readonly onEvicted?: (count: number) => void
}

/**
 * Memory of one entry beside its texts, bytes: the entry, its slot in the key map and in the
 * lists, two string heads. Source: resident memory with a million entries on Node.js 20.
 */
const ENTRY_OVERHEAD_BYTES = 266

/** Ends the prefix in a store key of a second or later upstream; no key has control characters. */
const PREFIX_END = '\x01'

export class MemoryAnswerStore implements AnswerStore {
  readonly #clock: Clock
  readonly #base: Instant
  readonly #found: SegmentedLru<StoredAnswer>
  readonly #negative: SegmentedLru<StoredAnswer>
  readonly #purges = new PurgeLog()
  #restoring: EarlierAnswers | undefined
  /** Upstreams that share this store. */
  #upstreams = 1

  constructor(options: MemoryAnswerStoreOptions) {
    const { clock, maxEntries, maxNegativeEntries, maxBytes, onEvicted } = options
    this.#clock = clock
    const now = instant(clock)
    this.#base = { monotonicMs: Math.floor(now.monotonicMs), wallMs: Math.floor(now.wallMs) }
    this.#found = new SegmentedLru({ maxEntries, maxBytes, onEvicted })
    const protectsUsed = options.protectsNegative !== 'chosen'
    this.#negative = new SegmentedLru({ maxEntries: maxNegativeEntries, maxBytes, onEvicted, protectsUsed })
  }

  get(storeKey: string): StoredAnswer | undefined {
    const answer = this.#found.get(storeKey)
    return answer !== undefined || this.#negative.size === 0 ? answer : this.#negative.get(storeKey)
  }

  peek(storeKey: string): StoredAnswer | undefined {
    return this.#found.peek(storeKey) ?? this.#negative.peek(storeKey)
  }

  ageMs(answer: StoredAnswer, nowMs = this.#clock.monotonicMs()): number {
    return Math.max(
      0,
      nowMs - this.#base.monotonicMs - answer.monotonicMs,
      this.#clock.wallMs() - this.#base.wallMs - answer.wallMs,
    )
  }

  foundForMs(answer: StoredAnswer): number {
    return Math.max(0, this.#clock.monotonicMs() - this.#base.monotonicMs - answer.sinceMs)
  }

  get restoring(): Restoring | undefined {
    return this.#restoring
  }

  beginRestoring(): Restoring {
    const restoring = new EarlierAnswers(this)
    this.#restoring = restoring
    void restoring.ended.then(() => {
      this.#restoring = undefined
    })
    return restoring
  }

  set(storeKey: string, answer: NewAnswer): void {
    this.#restoring?.changed(storeKey)
    const value = answer.value === undefined ? undefined : compact(answer.value)
    const { freshness, ageMs, validators, endpoint, foundForMs, confirmedByCanary } = answer
    this.restore(compact(storeKey), {
      value,
      freshness,
      ageMs,
      validators,
      endpoint,
      foundForMs,
      confirmedByCanary,
    })
  }

  restore(storeKey: string, answer: NewAnswer, now: Instant = instant(this.#clock)): void {
    const { value, freshness, ageMs, endpoint = 0, foundForMs = ageMs } = answer
    const isFound = value !== undefined
    const nowMs = now.monotonicMs - this.#base.monotonicMs
    const sinceMs = Math.floor(nowMs - Math.max(ageMs, foundForMs))
    const stored = new StoredAnswer(
      value,
      freshness,
      Math.floor(nowMs - ageMs),
      Math.floor(now.wallMs - this.#base.wallMs - ageMs),
      validatorsOf(answer.validators),
      endpoint,
      sinceMs,
      answer.confirmedByCanary ?? false,
    )
    const other = isFound ? this.#negative : this.#found
    if (other.size > 0) other.delete(storeKey)
    const bytes = ENTRY_OVERHEAD_BYTES + (answer.textBytes ?? textBytes(storeKey, stored))
    const own = isFound ? this.#found : this.#negative
    const replaced = own.set(storeKey, stored, bytes)
    if (isFound && replaced !== undefined) stored.sinceMs = Math.min(sinceMs, replaced.sinceMs)
  }

  delete(storeKey: string): void {
    this.#restoring?.changed(storeKey)
    this.#found.delete(storeKey)
    this.#negative.delete(storeKey)
  }

  protect(storeKey: string): void {
    this.#found.protect(storeKey)
    this.#negative.protect(storeKey)
  }

  get generation(): number {
    return this.#purges.generation
  }

  purgedSince(generation: number, storeKey: string): boolean {
    return this.#purges.purgedSince(generation, keyOf(storeKey))
  }

  prefixFor(upstreamIndex: number): string {
    this.#upstreams = Math.max(this.#upstreams, upstreamIndex + 1)
    return upstreamIndex === 0 ? '' : `${PREFIX_END}${upstreamIndex}${PREFIX_END}`
  }

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
      bytes: this.#found.bytes + this.#negative.bytes,
    }
  }

  *entries(): Generator<[storeKey: string, answer: StoredAnswer]> {
    yield* this.#found.entries()
    yield* this.#negative.entries()
  }

  someFound(
    prefix: string,
    count: number,
    random: () => number,
  ): readonly (readonly [storeKey: string, answer: StoredAnswer])[] {
    const isOwn = (storeKey: string) => prefixOf(storeKey) === prefix
    return this.#found.some(count, random, isOwn)
  }
}

/** The lookup key in a store key. */
function keyOf(storeKey: string): string {
  return storeKey.slice(prefixOf(storeKey).length)
}

function prefixOf(storeKey: string): string {
  return storeKey.startsWith(PREFIX_END) ? storeKey.slice(0, storeKey.indexOf(PREFIX_END, 1) + 1) : ''
}

/** Bytes of the texts of one entry, as V8 holds them. */
function textBytes(storeKey: string, { validators, value }: StoredAnswer): number {
  return (
    heldBytes(storeKey) +
    (value === undefined ? 0 : heldBytes(value)) +
    (validators?.etag?.length ?? 0) +
    (validators?.lastModified?.length ?? 0)
  )
}
