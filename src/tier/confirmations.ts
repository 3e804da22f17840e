/**
 * Who has applied which purge: those from here that others confirm, and those of others that are confirmed from here.
 *
 * A purge is confirmed when it was applied and the message about it has come, in either order: who purged waits for those that
 * got the message.
 */

import type { Clock } from '../core/clock.ts'

/** How long the others have to confirm, ms. */
const CONFIRM_WITHIN_MS = 1000

/** How often it is looked whether they have, ms. */
const LOOK_EVERY_MS = 5

/** Ids that are remembered until the other of the two comes, most. Ours. */
const MAX_IDS = 1000

export class Confirmations {
  readonly #clock: Clock
  /** How many gateways have confirmed a purge from here, by id. */
  readonly #counts = new Map<string, number>()
  /** Ids whose message came first. */
  readonly #rung = new Set<string>()
  /** Ids that were applied first. */
  readonly #applied = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many are waited for. */
  get size(): number {
    return this.#counts.size
  }

  /** A purge from here is about to be told. */
  expect(id: string): void {
    this.#counts.set(id, 0)
  }

  /** Waits for so many others, for a second at most. @returns How many have confirmed it. */
  async wait(id: string, others: number): Promise<number> {
    const untilMs = this.#clock.monotonicMs() + CONFIRM_WITHIN_MS
    const count = () => this.#counts.get(id) ?? 0
    while (count() < others && this.#clock.monotonicMs() < untilMs)
      await new Promise<void>((resolve) => this.#clock.after(LOOK_EVERY_MS, resolve))
    const confirmed = count()
    this.end(id)
    return confirmed
  }

  /** Nobody waits for it any more. */
  end(id: string): void {
    this.#counts.delete(id)
  }

  /** Another gateway has applied a purge. */
  confirmed(id: string): void {
    const count = this.#counts.get(id)
    if (count !== undefined) this.#counts.set(id, count + 1)
  }

  /**
   * A message told of a purge.
   *
   * @param isRead Whether the stream was read beyond it.
   * @returns Whether it is to be confirmed now.
   */
  rung(id: string, isRead: boolean): boolean {
    if (this.#applied.delete(id)) return true
    if (!isRead) remember(this.#rung, id)
    return false
  }

  /** A purge of another was applied. @returns Whether it is to be confirmed now. */
  applied(id: string): boolean {
    if (this.#rung.delete(id)) return true
    remember(this.#applied, id)
    return false
  }
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  for (const oldest of ids) {
    if (ids.size <= MAX_IDS) return
    ids.delete(oldest)
  }
}
