/**
 * What a reply to a question whose answer is known says about its endpoint.
 */
import type { Reply } from '../upstream.ts'
import { QUICK_MS } from './circuit-limits.ts'

/** Returns whether it speaks against the endpoint or the key, or asks for a pause. */
export function isFailure({ evidence, retryAfterMs }: Reply): boolean {
  return evidence === 'endpoint' || evidence === 'key' || retryAfterMs !== undefined
}

/** Returns whether it speaks against the endpoint: no reply, or one whose body stops, as a service that hangs may send its head before. */
export function isOfEndpoint({ evidence, result }: Reply): boolean {
  return evidence === 'endpoint' || (result.kind === 'temporary' && result.cause === 'timeout')
}

/** Returns whether it is none, or not a whole one: a service that is busy looks the same as one that hangs. 504 is a proxy's word for it. */
export function isNoReply({ result, status }: Reply): boolean {
  return status === 504 || (result.kind === 'temporary' && result.cause === 'timeout')
}

/** Returns whether such a failure is enough. A reply of its own may be about its key, and a quick failure one of a few: another is asked. */
export function isEnough(reply: Reply, tookMs: number): boolean {
  const { evidence } = reply
  if (evidence === 'key') return isOfEndpoint(reply)
  return evidence !== 'endpoint' || tookMs >= QUICK_MS
}
