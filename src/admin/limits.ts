/**
 * How much of the program the admin API may take. Lookups come first: a page, a script or a scraper
 * that is slow, floods or hangs meets one of these and costs no lookup its answer.
 */

/** Longest lookup that may be waited for: the longest deadline of a table, 90 s, and some air. */
const LONGEST_ANSWER_MS = 100_000

export interface AdminLimits {
  /** Connections at the same moment; with more, the longest idle one is closed. */
  readonly maxConnections: number
  /** Request line and header fields, bytes. */
  readonly maxHeaderBytes: number
  /** Request body, bytes. */
  readonly maxBodyBytes: number
  /** Time for a whole request to arrive, ms. */
  readonly requestTimeoutMs: number
  /** A connection on which nothing moves for this long is closed, ms: also one whose reader stopped. */
  readonly idleTimeoutMs: number
  /** A connection whose last request is answered is kept for the next one, ms. */
  readonly keepAliveMs: number
  /** Requests of one client (client-group.ts) in each {@link rateWindowMs}. */
  readonly requestsPerWindow: number
  /** How long a client that asked too much has to wait, ms. */
  readonly rateWindowMs: number
  /** Client addresses whose requests are counted. */
  readonly countedAddresses: number
  /** Lookups in flight at the same moment. */
  readonly maxLookups: number
}

/** All ours. */
export const ADMIN_LIMITS: AdminLimits = {
  maxConnections: 256,
  // A key of 10,000 bytes, each as %XX, with room for the header fields.
  maxHeaderBytes: 64 * 1024,
  // The longest body is a log level.
  maxBodyBytes: 16 * 1024,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: LONGEST_ANSWER_MS,
  // Two looks of `status --watch`; Prometheus connects again.
  keepAliveMs: 10_000,
  // `mapgate query TABLE -` at a good pace, and at most a third of one processor.
  requestsPerWindow: 300,
  // Short, so that a burst is cut as well: thousands of requests sent at once cost a second's worth.
  rateWindowMs: 1000,
  countedAddresses: 1000,
  // Below the 64 places that an upstream has, so that the mail always finds some.
  maxLookups: 20,
}
