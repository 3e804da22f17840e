/**
 * What a reply to a question whose answer is known says about its endpoint.
 */
import type { Reply } from '../upstream.ts'
import { QUICK_MS } from './circuit-limits.ts'

/** Returns whether it speaks against the endpoint or the key, or asks for a pause. */
export function isFailure({ evidence, retryAfterMs }: Reply): boolean {
  return evidence === 'endpoint' || evidence === 'key' || retryAfterMs !== undefined
}

/** Returns whether such a failure is enough. A reply of its own may be about its key, and a quick failure one of a few: another is asked. */
export function isEnough({ evidence }: Reply, tookMs: number): boolean {
  return evidence !== 'key' && (evidence !== 'endpoint' || tookMs >= QUICK_MS)
}
