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
 * Time after which a request that was begun and not finished may give way to a new connection, in ms, when
 * the listener is full and nobody is idle. Ours: three retransmissions in a row fit in.
 */
export const STALLED_AFTER_MS = 2_000

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
