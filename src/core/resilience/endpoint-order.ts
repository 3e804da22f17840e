/**
 * Which endpoint to ask next: the first in the order of preference that may be asked now.
 *
 * The order is looked through anew for each attempt, so traffic returns to the preferred endpoint as
 * soon as its circuit closes or its pause ends.
 */
import type { CircuitBreaker } from './circuit-breaker.ts'

/** Longest pause that Retry-After can ask for, ms. Ours: a wrong value must not turn an endpoint off for days. */
export const MAX_PAUSE_MS = 300_000

/** What is known of one endpoint, shared by all tables. */
export interface EndpointState {
  readonly name: string
  readonly breaker: CircuitBreaker
  /** Monotonic ms before which it asked not to be asked (Retry-After); 0 when it did not. */
  pausedUntilMs: number
  /** How its last request ended that spoke against it, in words: why its circuit is open. */
  lastFailure?: string
}

/** What one question knows about the endpoints. */
export interface Preference {
  /** Asked already for this question: only again when there is no other. */
  readonly tried: ReadonlySet<number>
  /** Not to be asked for this question at all. */
  readonly avoided: ReadonlySet<number>
  /** Asked only when no other can be: its canary is missing. */
  demoted(endpoint: number): boolean
}

/** Best endpoint for the next attempt, or undefined when none may be asked now. */
export function pickEndpoint(
  endpoints: readonly EndpointState[],
  preference: Preference,
  nowMs: number,
): number | undefined {
  let best: number | undefined
  let bestRank = Number.POSITIVE_INFINITY
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index] as EndpointState
    if (preference.avoided.has(index) || !isAvailable(endpoint, nowMs)) continue
    const rank = (preference.tried.has(index) ? 2 : 0) + (preference.demoted(index) ? 1 : 0)
    if (rank < bestRank) {
      best = index
      bestRank = rank
    }
  }
  return best
}

/**
 * Tells how long until an endpoint can be asked that only pauses: 0 when one can be asked
 * now, undefined when every one is avoided or has an open circuit.
 */
export function availableInMs(
  endpoints: readonly EndpointState[],
  preference: Preference,
  nowMs: number,
): number | undefined {
  let soonest: number | undefined
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index] as EndpointState
    if (preference.avoided.has(index) || !endpoint.breaker.admits(nowMs)) continue
    const waitMs = Math.max(0, endpoint.pausedUntilMs - nowMs)
    if (soonest === undefined || waitMs < soonest) soonest = waitMs
  }
  return soonest
}

/** Notes a Retry-After. A shorter one does not end a longer one. */
export function pause(endpoint: EndpointState, retryAfterMs: number, nowMs: number): void {
  endpoint.pausedUntilMs = Math.max(endpoint.pausedUntilMs, nowMs + Math.min(retryAfterMs, MAX_PAUSE_MS))
}

export function isAvailable(endpoint: EndpointState, nowMs: number): boolean {
  return nowMs >= endpoint.pausedUntilMs && endpoint.breaker.admits(nowMs)
}
