/**
 * When a list is asked for next. Pure.
 */

/** Share of the time by which a refresh is early or late, so that many gateways do not ask at one moment. Ours. */
const JITTER = 0.1

/** First pause after a failure, ms; each further one is twice as long, up to the usual time. Ours. */
const FIRST_PAUSE_MS = 5000

/**
 * Time until the next request, ms.
 *
 * @param ageMs Time since the service was asked; infinite where it was not.
 * @param failures In a row, up to now.
 * @param random From 0 up to 1.
 */
export function nextRefreshInMs(everyMs: number, ageMs: number, failures: number, random: number): number {
  const jittered = 1 - JITTER + 2 * JITTER * random
  if (failures > 0) return Math.min(everyMs, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20)) * jittered
  return Math.max(0, everyMs * jittered - Math.min(ageMs, everyMs * (1 + JITTER)))
}

/**
 * Time since the service was asked, ms: a list that is kept aside is an answer, too.
 *
 * @param ageMs Of the copy; infinite where there is none.
 * @param heldAtMs Wall clock ms at which the list was asked for that is kept aside; undefined where there is none.
 */
export function sinceAskedMs(ageMs: number, heldAtMs: number | undefined, wallMs: number): number {
  return heldAtMs === undefined ? ageMs : Math.min(ageMs, Math.max(0, wallMs - heldAtMs))
}

/**
 * Returns whether the whole list is due where changes are asked for.
 *
 * @param listedAtMs Wall clock ms of the last one; undefined where there is none.
 */
export function isWholeDue(wholeEveryMs: number, listedAtMs: number | undefined, wallMs: number): boolean {
  if (listedAtMs === undefined) return true
  const ageMs = wallMs - listedAtMs
  return ageMs < 0 || ageMs >= wholeEveryMs
}
