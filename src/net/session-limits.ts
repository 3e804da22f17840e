/**
 * The bounds of one connection. None of them closes an idle one: Postfix pays a second, or
 * a deferred mail, for each connection that the server closes first.
 */

/**
 * Time to finish a request that was begun, in ms. Ours: Postfix writes a request at once, so
 * that only lost packets delay the rest; five retransmissions in a row take about 6 s.
 */
export const REQUEST_TIMEOUT_MS = 30_000

/**
 * Time to read the replies that wait for the client, in ms. Ours: Postfix reads each reply at
 * once, so only a client that is stopped or hostile lets them wait.
 */
export const REPLY_TIMEOUT_MS = 30_000

/**
 * How long a connection that we have ended is kept, in ms, so that the last reply is not lost
 * to a reset: closing with unread input makes the kernel drop what is under way.
 * Ours: a round trip, with room to spare.
 */
export const LINGER_MS = 1000

/**
 * Requests answered at once before other connections get their turn. Ours: cached answers
 * cost a few microseconds each, so a turn stays well under a millisecond.
 */
export const MAX_REQUESTS_PER_TURN = 64

/**
 * Characters of replies gathered in one turn before they are written. With the longest reply
 * it bounds what one connection can have unsent. Ours: what a socket's send buffer takes at once.
 */
export const MAX_REPLY_CHARS_PER_TURN = 65_536
