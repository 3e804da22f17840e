/**
 * The limits by which an endpoint is doubted, tested and believed again.
 */

export interface BreakerLimits {
  /** Different keys that must have failed since the last good reply before the endpoint is put to the test. */
  readonly failures: number
  /** Time between two tests of an endpoint whose circuit is open, ms. */
  readonly openForMs: number
  /** Longest time of a request, ms. */
  readonly timeoutMs: number
}

/** Failed keys that open a circuit where no question is known. Ours: fewer may be one person's. */
export const UNKNOWN_FAILURES = 5

/**
 * Time after a good reply in which no circuit opens where no question is known, ms. Ours: a stranger's questions may all fail
 * beside those of others, and what fails with a reply or a reset holds no slot meanwhile.
 */
export const ANSWERING_MS = 5000

/** Known questions that must fail with an answer of their own before the circuit opens. Ours: one may be broken itself. */
export const MAX_CHECKS = 3

/** Least time for the answer to a known question, ms. Source: RFC 6298 section 2.4: at least a second. */
export const MIN_CHECK_MS = 1000

/** Time after a good test in which no other is made, ms. Ours: keys that fail cost two questions a second. */
export const CHECK_PAUSE_MS = 500

/** Longest pause that Retry-After can ask for, ms. Ours: meanwhile a known question is asked, so a longer one gains nothing. */
export const MAX_RETRY_AFTER_MS = 30_000

/** A known question that fails in less is asked again, ms. Ours: one reset of many is soon told from a service that is down. */
export const QUICK_MS = 250

/** Part of `openFor` that is random. Ours. */
export const JITTER = 0.2
