/**
 * Whether an entry of the changes says that its key is gone. Only what is sure counts: a key that is taken for gone is
 * "not found".
 */

const GONE: ReadonlySet<unknown> = new Set([true, 1, 'true', '1', 't', 'yes'])

const THERE: ReadonlySet<unknown> = new Set([undefined, null, false, 0, '', 'false', '0', 'f', 'no'])

/** An instant at which it was deleted: ISO 8601, or a Unix time of this century. */
const INSTANT = /^(?:\d{4}-\d{2}-\d{2}(?:[t ].*)?|\d{9,13})$/

/** @returns undefined for a mark that may mean either. */
export function isGone(mark: unknown): boolean | undefined {
  const value = typeof mark === 'string' ? mark.toLowerCase() : mark
  if (GONE.has(value)) return true
  if (THERE.has(value)) return false
  const isInstant = (typeof value === 'string' || typeof value === 'number') && INSTANT.test(String(value))
  return isInstant ? true : undefined
}
