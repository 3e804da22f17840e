/** How long the page waits before it tries again: longer each time, and never all pages at once. */

/** Ours: a restart of the gateway takes about this long. */
const FIRST_MS = 1000

/** Ours: who looks at the page sees it come back soon, and a team of pages is no load. */
const LONGEST_MS = 20_000

/**
 * @param failures In a row, 1 or more.
 * @param random 0 to 1, see Math.random.
 * @returns Half of the full wait and a random share of the other half, ms.
 */
export function retryDelayMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return full / 2 + (full / 2) * random
}
