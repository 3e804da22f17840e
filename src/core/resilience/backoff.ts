/**
 * How long to wait before a retry: full jitter, so that many who failed together do not return together.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: random between 0 and
 * min(cap, base * 2 ^ n).
 */

/** Longest wait before the first retry, ms. Ours: some round trips in a data centre. */
const BACKOFF_BASE_MS = 100

/** Longest wait before any retry, ms. Ours: the deadline of a lookup is a few seconds. */
const BACKOFF_CAP_MS = 1000

/**
 * Returns how long to wait.
 *
 * @param retry 0 for the first retry.
 * @param random From 0 up to 1.
 * @returns ms.
 */
export function backoffMs(retry: number, random: number): number {
  return random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** retry)
}
