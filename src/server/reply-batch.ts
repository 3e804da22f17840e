/**
 * Replies to lookups that had to be waited for, written one right after the other.
 *
 * Under load a service's answers arrive many at a time, and the client sleeps until its reply: to wake
 * it costs the kernel more than the write itself. Writes that follow each other at once wake it
 * once for all. A reply waits for the other reads of its turn of the event loop, no longer.
 * Source: a miss costs a fifth less CPU time (bench/RESULTS.md). Answers that are available synchronously gain nothing,
 * and do not come here.
 */

/** A connection whose lookup has been answered. */
export interface Answered {
  /** Writes the reply. Must not throw: others wait behind it. */
  sendReply(): void
}

/** Shared by the connections of one listener. */
export class ReplyBatch {
  #answered: Answered[] = []

  /** Lets a connection write its reply at the end of this turn of the event loop. */
  add(connection: Answered): void {
    if (this.#answered.length === 0) setImmediate(this.flush)
    this.#answered.push(connection)
  }

  /** Lets all of them write now. */
  readonly flush = (): void => {
    const answered = this.#answered
    this.#answered = []
    for (const connection of answered) connection.sendReply()
  }
}
