/**
 * The lookups of one table that wait for a slot of its upstream, and how many slots the table has.
 *
 *   first   keys that nothing speaks against, in the order of arrival
 *   then    keys that have just been slow, which would hold a slot for long
 *   last    those that nobody waits for any more
 */
import type { Timer } from '../clock.ts'
import type { Claim } from './claim.ts'

export interface Queued {
  readonly timer: Timer
  readonly done: (gotSlot: boolean) => void
}

export class TableQueue {
  /** Slots that the table has. */
  held = 0
  readonly #usual = new Map<Claim, Queued>()
  readonly #slow = new Map<Claim, Queued>()

  get size(): number {
    return this.#usual.size + this.#slow.size
  }

  /** How many wait that something is cancelled for, up to a limit: none with slow keys, none that gave up. */
  waiting(limit: number): number {
    let count = 0
    for (const claim of this.#usual.keys()) if (claim.hasWaiters && ++count >= limit) break
    return count
  }

  add(claim: Claim, queued: Queued): void {
    if (claim.isSlowKey) this.#slow.set(claim, queued)
    else this.#usual.set(claim, queued)
  }

  /** @returns undefined for a claim that does not wait here. */
  remove(claim: Claim): Queued | undefined {
    const queued = this.#usual.get(claim) ?? this.#slow.get(claim)
    if (!this.#usual.delete(claim)) this.#slow.delete(claim)
    return queued
  }

  claims(): readonly Claim[] {
    return [...this.#usual.keys(), ...this.#slow.keys()]
  }

  /** What the next slot goes to. */
  first(): Claim | undefined {
    let abandoned: Claim | undefined
    for (const queue of [this.#usual, this.#slow]) {
      for (const claim of queue.keys()) {
        if (claim.hasWaiters) return claim
        abandoned ??= claim
      }
    }
    return abandoned
  }

  /** One that nobody waits for any more. */
  abandoned(): Claim | undefined {
    for (const claim of this.#usual.keys()) if (!claim.hasWaiters) return claim
    for (const claim of this.#slow.keys()) if (!claim.hasWaiters) return claim
    return undefined
  }

  /** What goes when another table has fewer in the queue: the one that came last, slow keys before others. */
  last(): Claim | undefined {
    return this.claims().at(-1)
  }
}
