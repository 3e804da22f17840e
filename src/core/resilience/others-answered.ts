/**
 * Whether a service answers others while a lookup fails, as those say it that watch the service (resilience/answers-others.ts).
 */

/** How it is asked. */
export interface OthersQuestion {
  /** When the lookup that fails began, monotonic ms. */
  readonly sinceMs: number
  /** By when the answer must be there, monotonic ms. */
  readonly deadlineMs: number
  /** A wrong "no" would let somebody in: what slow keys, or a deleted canary, may be the reason of is none. */
  readonly isCareful?: boolean
}

/**
 * Undefined where nothing is known of the service. Where it is asked carefully also
 *
 *   failing   nobody is answered, but it may only be busy
 *   missing   the canary of the table is "not found", and no other table is seen to fail
 */
export type OthersAnswered = boolean | 'failing' | 'missing' | undefined
