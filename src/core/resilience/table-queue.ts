/**
 * The lookups of one table that wait for a slot of its upstream, and how many slots the table has.
 *
 *   first   keys that nothing speaks against, in the order of arrival
 *   then    keys that have just been slow, which would hold a slot for long
 *   last    those that nobody waits for any more
 */
import type { Timer } from '../clock.ts'

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
  readonly #usual = new Map<C, Queued>()
  readonly #slow = new Map<C, Queued>()

  get size(): number {
    return this.#usual.size + this.#slow.size
  }

  /** Keys that nothing speaks against. */
  get usual(): number {
    return this.#usual.size
  }

  /** How many wait that something is cancelled for, up to a limit: none with slow keys, none that gave up. */
  waiting(limit: number): number {
    let count = 0
    for (const claim of this.#usual.keys()) if (claim.hasWaiters && ++count >= limit) break
    return count
  }

  add(claim: C, queued: Queued, isSlow: boolean): void {
    if (isSlow) this.#slow.set(claim, queued)
    else this.#usual.set(claim, queued)
  }

  /** @returns undefined for a claim that does not wait here. */
  remove(claim: C): Queued | undefined {
    const queued = this.#usual.get(claim) ?? this.#slow.get(claim)
    if (!this.#usual.delete(claim)) this.#slow.delete(claim)
    return queued
  }

  isSlow(claim: C): boolean {
    return this.#slow.has(claim)
  }

  claims(): readonly C[] {
    return [...this.#usual.keys(), ...this.#slow.keys()]
  }

  /**
   * What the next slot goes to.
   *
   * @param maySlow False while slow keys have all the slots that they may have.
   */
  first(maySlow: boolean): C | undefined {
    let abandoned: C | undefined
    for (const queue of maySlow ? [this.#usual, this.#slow] : [this.#usual]) {
      for (const claim of queue.keys()) {
        if (claim.hasWaiters) return claim
        abandoned ??= claim
      }
    }
    return abandoned
  }

  /** One that nobody waits for any more. */
  abandoned(): C | undefined {
    for (const claim of this.#usual.keys()) if (!claim.hasWaiters) return claim
    for (const claim of this.#slow.keys()) if (!claim.hasWaiters) return claim
    return undefined
  }

  /** What goes when another table has fewer in the queue: the one that came last, slow keys before others. */
  last(): C | undefined {
    return this.claims().at(-1)
  }
}
