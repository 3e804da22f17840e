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

/** Returns whether no request of ours can be the reason, however busy the service is: nobody listens, or there is no access token. */
export function isCertain({ result, retry }: Reply): boolean {
  if (result.kind !== 'temporary') return false
  return result.cause === 'token' || (result.cause === 'connect' && retry === 'not-sent')
}

/** Returns whether such a failure is enough. A reply of its own may be about its key, and a quick failure one of a few: another is asked. */
export function isEnough(reply: Reply, tookMs: number): boolean {
  const { evidence } = reply
  if (evidence === 'key') return isOfEndpoint(reply)
  return evidence !== 'endpoint' || tookMs >= QUICK_MS
}
