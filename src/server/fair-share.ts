/**
 * How much one connection may have answered before the others get their turn.
 *
 * A client that pipelines is answered many requests at once. With many such clients, what they get
 * together in one turn of the event loop is bounded, so that a client that asks one question at
 * a time waits a few milliseconds, whatever the others do.
 */

/**
 * Requests of one connection answered at once. Ours: cached answers cost a few microseconds
 * each, so a turn stays well under a millisecond.
 */
const MAX_REQUESTS_PER_TURN = 64

/**
 * Characters of replies gathered in one turn before they are written. With the longest reply
 * it bounds what one connection can have unsent. Ours: what a socket's send buffer takes at once.
 */
const MAX_REPLY_CHARS_PER_TURN = 65_536

/**
 * Requests answered in one turn of the event loop, over all connections of a listener that have
 * more waiting. Ours: a few milliseconds of cached answers.
 */
const MAX_REQUESTS_PER_LOOP = 512

/** Characters of replies written in one turn of the event loop, over all those connections. Ours: a few milliseconds too. */
const MAX_REPLY_CHARS_PER_LOOP = 262_144

/** Shared by the connections of one listener, and read at each turn of one: so it is computed only when it changes. */
export class FairShare {
  #waiting = 0
  #requests = MAX_REQUESTS_PER_TURN
  #replyChars = MAX_REPLY_CHARS_PER_TURN

  /** Requests that a connection may have answered now; at least one. */
  get requests(): number {
    return this.#requests
  }

  /** Characters after which it has had its turn; at least one. One reply is always sent whole. */
  get replyChars(): number {
    return this.#replyChars
  }

  /** A connection has more requests, and lets the others go first. */
  enter(): void {
    this.#divide(this.#waiting + 1)
  }

  /** It has its turn again. */
  leave(): void {
    this.#divide(this.#waiting - 1)
  }

  #divide(waiting: number): void {
    this.#waiting = waiting
    this.#requests = part(MAX_REQUESTS_PER_TURN, MAX_REQUESTS_PER_LOOP, waiting)
    this.#replyChars = part(MAX_REPLY_CHARS_PER_TURN, MAX_REPLY_CHARS_PER_LOOP, waiting)
  }
}

function part(most: number, together: number, waiting: number): number {
  return Math.max(1, Math.min(most, Math.floor(together / (waiting + 1))))
}
