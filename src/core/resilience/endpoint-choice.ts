/**
 * Which endpoint to ask next: the first in the order of preference that may be asked now.
 *
 * The order is looked through again for each attempt, so traffic returns to the preferred endpoint as
 * soon as its circuit closes.
 */
import type { EndpointState } from './endpoint-state.ts'

/** What one question knows about the endpoints. */
export interface Preference<Known extends Pick<EndpointState, 'isAvailable'> = EndpointState> {
  readonly table: string
  /** In order of preference. */
  readonly endpoints: readonly Known[]
  /** Not to be asked for this question at all. */
  readonly avoided: ReadonlySet<number>
  /** Asked only when no other can be: its canary is missing. */
  isDemoted(endpoint: number): boolean
}

/**
 * Best endpoint for the next attempt, or undefined when none may be asked now.
 *
 * @param tried Asked already for this question: only again when there is no other.
 */
export function pickEndpoint(
  preference: Preference<Pick<EndpointState, 'isAvailable'>>,
  tried: readonly number[],
  nowMs: number,
): number | undefined {
  const { table, endpoints, avoided } = preference
  let best: number | undefined
  let bestRank = Number.POSITIVE_INFINITY
  for (let index = 0; index < endpoints.length; index++) {
    if (avoided.has(index) || endpoints[index]?.isAvailable(nowMs, table) !== true) continue
    const rank = (tried.includes(index) ? 2 : 0) + (preference.isDemoted(index) ? 1 : 0)
    if (rank === 0) return index
    if (rank < bestRank) {
      best = index
      bestRank = rank
    }
  }
  return best
}
