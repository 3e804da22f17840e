/**
 * One request under way, and everybody who waits for it.
 *
 * A waiter that gives up leaves the others waiting. When nobody waits any more the flight has
 * become a background one, which those who hold something for it are told: it goes on to its own limit, so that its answer is there when
 * Postfix asks again, and the limiter may cancel it for a waiting lookup.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Explanation } from '../explain.ts'
import type { LookupResult } from '../result.ts'
import { SlotList, type Slotted } from '../slot-list.ts'
import type { Question, Validators } from '../upstream.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** How a flight ended. */
export interface Landing {
  readonly result: LookupResult
  readonly source: 'upstream' | 'static' | 'shed' | 'filtered'
}

/** What a flight is made of. */
export interface FlightPlan {
  readonly table: string
  readonly key: string
  /** Own limit, monotonic ms. */
  readonly deadlineMs: number
  /** The answer in the store when the question was asked. */
  readonly basis: StoredAnswer | undefined
  /** Purges so far. */
  readonly generation: number
  readonly explanation: Explanation | undefined
  /** True when somebody is about to wait; false for a refresh ahead of need. */
  readonly wanted: boolean
}

export class Flight implements Question {
  readonly table: string
  readonly key: string
  readonly deadlineMs: number
  readonly basis: StoredAnswer | undefined
  readonly generation: number
  readonly explanation: Explanation | undefined
  readonly #waiters = new SlotList<Waiter>()
  #abandonedListeners: readonly (() => void)[] = NOBODY
  /** The asker, from the question until it waits. */
  #expected: boolean

  constructor(plan: FlightPlan) {
    this.table = plan.table
    this.key = plan.key
    this.deadlineMs = plan.deadlineMs
    this.basis = plan.basis
    this.generation = plan.generation
    this.explanation = plan.explanation
    this.#expected = plan.wanted
  }

  /** Only a found answer is asked for conditionally: a "not found" is never renewed, it is asked anew. */
  get validators(): Validators | undefined {
    return this.basis?.value === undefined ? undefined : this.basis.validators
  }

  /** Read again by the limiter whenever it needs room: it changes with those who wait. */
  get hasWaiters(): boolean {
    return this.#waiters.size > 0 || this.#expected
  }

  onAbandoned(listener: () => void): void {
    this.#abandonedListeners =
      this.#abandonedListeners.length === 0 ? [listener] : [...this.#abandonedListeners, listener]
  }

  /**
   * Waits for the end of the flight.
   *
   * @param deadlineMs Monotonic ms at which this waiter gives up.
   * @returns `undefined` when it gave up.
   */
  wait(deadlineMs: number, clock: Clock): Promise<Landing | undefined> {
    return new Promise((resolve) => {
      const timer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () => this.#giveUp(waiter))
      const waiter = new Waiter(resolve, timer)
      this.#waiters.add(waiter)
      this.#expected = false
    })
  }

  land(landing: Landing): void {
    for (const waiter of this.#waiters.toArray()) this.#end(waiter, landing)
  }

  #giveUp(waiter: Waiter): void {
    this.#end(waiter, undefined)
    if (!this.hasWaiters) for (const listener of this.#abandonedListeners) listener()
  }

  #end(waiter: Waiter, landing: Landing | undefined): void {
    waiter.timer.cancel()
    this.#waiters.delete(waiter)
    waiter.resolve(landing)
  }
}

const NOBODY: readonly (() => void)[] = []

class Waiter implements Slotted {
  slot?: number
  readonly resolve: (landing: Landing | undefined) => void
  /** Until it gives up. */
  readonly timer: Timer

  constructor(resolve: (landing: Landing | undefined) => void, timer: Timer) {
    this.resolve = resolve
    this.timer = timer
  }
}
