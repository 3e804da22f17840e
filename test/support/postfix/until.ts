/**
 * Waits for what another process does, by looking again and again: a port that opens, a line in
 * a log. Only for things that send no event to wait for.
 */
import { setTimeout as delay } from 'node:timers/promises'

/** Ms between two looks. Ours: short beside what is waited for, long beside one look. */
const INTERVAL_MS = 10

/**
 * Waits until `look` gives something other than undefined.
 *
 * @param what For the error text: what was waited for.
 * @param timeoutMs Longest wait, ms.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 20_000,
): Promise<T> {
  const endMs = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await delay(INTERVAL_MS)
  }
}
