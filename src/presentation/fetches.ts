/**
 * What an upstream fetches for itself, such as an access token, in words for the page and for `mapgate check --ask`.
 */
import type { FetchStatus } from '../core/status.ts'
import { duration } from './format.ts'

/** Returns whether there is one that is used, be it the newest or not. */
export function isInUse({ fetchedAtMs, expiresAtMs }: FetchStatus): boolean {
  return fetchedAtMs !== undefined || expiresAtMs !== undefined
}

/** Follows the title: what is in use, for how long still, and why there is no newer one. */
export function fetchText(fetch: FetchStatus, nowMs: number): string {
  const { detail, expiresAtMs, lastFailure } = fetch
  const lasts = expiresAtMs === undefined ? [] : [`for ${duration(expiresAtMs - nowMs)}`]
  const used = [...(detail === undefined ? [] : [detail]), ...lasts].join(' ')
  if (!isInUse(fetch)) return lastFailure ?? 'not there yet'
  if (lastFailure === undefined) return used || 'there'
  return [...(used === '' ? [] : [used]), `none newer: ${lastFailure}`].join(', ')
}
