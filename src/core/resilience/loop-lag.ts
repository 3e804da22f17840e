/**
 * Tells from the lateness of a timer whether the program is overloaded: whether its event loop
 * does not keep up with what arrives.
 *
 * One late turn is no overload: reading a large file or purging a million answers takes a moment,
 * and what waited meanwhile is answered right after it. Only when every turn is late for a while
 * does a queue stand. The rule is CoDel's (RFC 8289 section 3): the least delay of an interval
 * counts, and one turn in time ends the overload.
 *
 *   ticked(lag)   calm --- late ---> late since t --- late for INTERVAL ---> overloaded
 *                  ^---------------- one turn in time ----------------------------'
 */

/** Time between two ticks, ms. Ours: many in an interval, and nothing to the processor. */
export const LAG_TICK_MS = 50

/**
 * Lateness of a turn that a loop which keeps up does not have, ms. Ours: far above a major garbage
 * collection or a busy machine, and a tenth of the default deadline: an answer that is half a
 * second late is better than none.
 */
const LAG_TARGET_MS = 500

/** How long every turn must have been late, ms. Ours: Postfix waits 100 s, so nobody is in a hurry to be shed. */
const LAG_INTERVAL_MS = 2000

export class LoopLag {
  #lateSinceMs: number | undefined
  #overloaded = false

  /** True while lookups that need an upstream are turned away. */
  get overloaded(): boolean {
    return this.#overloaded
  }

  /**
   * A timer of {@link LAG_TICK_MS} has run.
   *
   * @param nowMs Monotonic ms.
   * @param lagMs How much later than it should have, ms.
   */
  ticked(nowMs: number, lagMs: number): void {
    if (lagMs < LAG_TARGET_MS) {
      this.#lateSinceMs = undefined
      this.#overloaded = false
      return
    }
    // Not from the begin of this turn: a single long one is not a queue.
    this.#lateSinceMs ??= nowMs
    this.#overloaded = nowMs - this.#lateSinceMs >= LAG_INTERVAL_MS
  }
}
