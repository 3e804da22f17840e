/**
 * The lookups of one table that wait for a slot of its upstream, and how many slots the table has.
 *
 *   first   keys that were answered before, in the order of arrival
 *   then    keys that never were: strangers can make up as many as they like
 *   then    keys that have just been slow, which would hold a slot for long
 *   last    those that nobody waits for any more
 */
import type { Timer } from '../clock.ts'

/**
 * What is known of the key that is asked for: `known` it was found before, `new` it never was, `slow` it has just taken far
 * longer than others.
 */
export type KeyKind = 'known' | 'new' | 'slow'

export interface Queued {
  readonly timer: Timer
  readonly done: (gotSlot: boolean) => void
}

/** What waits. */
export interface Waiting {
  /** False when nobody waits for the answer. Read each time it matters: it changes. */
  readonly hasWaiters: boolean
}

export class TableQueue<C extends Waiting> {
  /** Slots that the table has. */
  held = 0
  readonly #known = new Map<C, Queued>()
  readonly #new = new Map<C, Queued>()
  readonly #slow = new Map<C, Queued>()

  get size(): number {
    return this.usual + this.#slow.size
  }

  /** Keys that were answered before. */
  get known(): number {
    return this.#known.size
  }

  /** Keys that nothing speaks against. */
  get usual(): number {
    return this.#known.size + this.#new.size
  }

  /** How many wait that something is cancelled for, up to a limit: none with slow keys, none that gave up. */
  waiting(limit: number): number {
    let count = 0
    for (const queue of [this.#known, this.#new])
      for (const claim of queue.keys()) if (claim.hasWaiters && ++count >= limit) return count
    return count
  }

  add(claim: C, queued: Queued, kind: KeyKind): void {
    this.#queue(kind).set(claim, queued)
  }

  /** @returns undefined for a claim that does not wait here. */
  remove(claim: C): Queued | undefined {
    const kind = this.kindOf(claim)
    if (kind === undefined) return undefined
    const queue = this.#queue(kind)
    const queued = queue.get(claim)
    queue.delete(claim)
    return queued
  }

  /** @returns undefined for a claim that does not wait here. */
  kindOf(claim: C): KeyKind | undefined {
    if (this.#known.has(claim)) return 'known'
    if (this.#new.has(claim)) return 'new'
    return this.#slow.has(claim) ? 'slow' : undefined
  }

  claims(): readonly C[] {
    return [...this.#known.keys(), ...this.#new.keys(), ...this.#slow.keys()]
  }

  /**
   * What the next slot goes to.
   *
   * @param may Which kinds have fewer slots than they may have.
   */
  first(may: Readonly<Record<KeyKind, boolean>>): C | undefined {
    let abandoned: C | undefined
    for (const kind of KINDS) {
      if (!may[kind]) continue
      for (const claim of this.#queue(kind).keys()) {
        if (claim.hasWaiters) return claim
        abandoned ??= claim
      }
    }
    return abandoned
  }

  /** One that nobody waits for any more. */
  abandoned(): C | undefined {
    for (const kind of KINDS)
      for (const claim of this.#queue(kind).keys()) if (!claim.hasWaiters) return claim
    return undefined
  }

  /** What goes when another table has fewer in the queue: the one that came last, slow and new keys before others. */
  last(): C | undefined {
    return this.claims().at(-1)
  }

  #queue(kind: KeyKind): Map<C, Queued> {
    if (kind === 'known') return this.#known
    return kind === 'new' ? this.#new : this.#slow
  }
}

/** In the order in which they get slots. */
const KINDS: readonly KeyKind[] = ['known', 'new', 'slow']
