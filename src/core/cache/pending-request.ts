/**
 * One request that has not been answered yet, and everybody who waits for it.
 *
 * A waiter that gives up leaves the others waiting. When the last one has given up, the listeners of
 * {@link PendingRequest.onAbandoned} are called: the request goes on to its own deadline, so that its answer
 * is stored when Postfix asks again, but its slot in the limiter may be given to a waiting lookup.
 */

import type { Attributes } from '../attributes.ts'
import { NOBODY } from '../cancellation.ts'
import type { Clock, Timer } from '../clock.ts'
import { SlotList, type Slotted } from '../collections/slot-list.ts'
import type { Explanation } from '../observed/explain.ts'
import type { Sourced } from '../result.ts'
import type { Question, Validators } from '../upstream.ts'
import type { TierWait } from './answer-tier.ts'
import type { StoredAnswer } from './stored-answer.ts'

export class PendingRequest implements Question {
  readonly table: string
  readonly key: string
  /** The key that its answer is stored under. */
  readonly storeKey: string
  readonly startMs: number
  readonly deadlineMs: number
  /** The stored answer that is validated by this request (RFC 9111 section 4.3). */
  readonly stored: StoredAnswer | undefined
  /** Purges of the store when the question was asked. */
  readonly generation: number
  readonly explanation: Explanation | undefined
  readonly attributes: Attributes | undefined
  /** The service itself is to be asked, whatever other gateways know. */
  readonly bypass: boolean
  /** Of the lookup that it was made for; undefined for a refresh ahead of need. */
  readonly tierWait: TierWait | undefined
  readonly #waiters = new SlotList<Waiter>()
  #abandonedListeners: readonly (() => void)[] = NOBODY
  /** True from the question until its asker waits. */
  #isExpected: boolean

  /**
   * @param startMs Monotonic ms.
   * @param deadlineMs Monotonic ms: how long it goes on at most, with or without waiters.
   * @param hasAsker True when somebody is about to wait; false for a refresh ahead of need.
   */
  constructor(
    table: string,
    key: string,
    storeKey: string,
    startMs: number,
    deadlineMs: number,
    stored: StoredAnswer | undefined,
    generation: number,
    explanation: Explanation | undefined,
    hasAsker: boolean,
    attributes?: Attributes,
    bypass = false,
    tierWait?: TierWait,
  ) {
    this.table = table
    this.key = key
    this.storeKey = storeKey
    this.startMs = startMs
    this.deadlineMs = deadlineMs
    this.stored = stored
    this.generation = generation
    this.explanation = explanation
    this.#isExpected = hasAsker
    this.attributes = attributes
    this.bypass = bypass
    this.tierWait = tierWait
  }

  /** Only a found answer is asked for conditionally: a "not found" is never renewed, it is asked again. */
  get validators(): Validators | undefined {
    return this.stored?.value === undefined ? undefined : this.stored.validators
  }

  get wasAnswered(): boolean {
    return this.stored !== undefined
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0 || this.#isExpected
  }

  onAbandoned(listener: () => void): void {
    this.#abandonedListeners =
      this.#abandonedListeners.length === 0 ? [listener] : [...this.#abandonedListeners, listener]
  }

  /**
   * Waits for the answer.
   *
   * @param deadlineMs Monotonic ms at which this waiter gives up.
   * @param late What the waiter gets when it gives up.
   * @param then `decides` when it is going to wait again or to {@link leave}.
   */
  wait(
    deadlineMs: number,
    clock: Clock,
    late: Sourced,
    then: 'gives-up' | 'decides' = 'gives-up',
  ): Promise<Sourced> {
    return new Promise((resolve) => {
      const delayMs = Math.max(0, deadlineMs - clock.monotonicMs())
      const timer = clock.after(delayMs, () => this.#late(waiter, late, then))
      const waiter = new Waiter(resolve, timer)
      this.#waiters.add(waiter)
      this.#isExpected = false
    })
  }

  /** Answers everybody who waits. */
  settle(answer: Sourced): void {
    for (const waiter of this.#waiters.toArray()) this.#end(waiter, answer)
  }

  /** Somebody who was to wait again does not. */
  leave(): void {
    this.#isExpected = false
    this.#tellWhenAbandoned()
  }

  #late(waiter: Waiter, late: Sourced, then: 'gives-up' | 'decides'): void {
    this.#end(waiter, late)
    if (then === 'decides') this.#isExpected = true
    else this.#tellWhenAbandoned()
  }

  #tellWhenAbandoned(): void {
    if (!this.hasWaiters) for (const listener of this.#abandonedListeners) listener()
  }

  #end(waiter: Waiter, answer: Sourced): void {
    waiter.timer.cancel()
    this.#waiters.delete(waiter)
    waiter.resolve(answer)
  }
}

class Waiter implements Slotted {
  slot?: number
  readonly resolve: (answer: Sourced) => void
  /** Until it gives up. */
  readonly timer: Timer

  constructor(resolve: (answer: Sourced) => void, timer: Timer) {
    this.resolve = resolve
    this.timer = timer
  }
}
