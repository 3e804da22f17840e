/**
 * What a table asks for one search key: an upstream, behind the table's answer store or
 * without one.
 */

import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import type { OthersAnswered, OthersQuestion } from '../resilience/others-answered.ts'
import type { Found, NotFound, Sourced } from '../result.ts'
import type { LookupContext } from './lookup-context.ts'

/**
 * What a source says after `staleAfter` of a service that answers nobody, where the table has rules for outages: it
 * answers by them, or asks again with {@link LookupContext.waitOn}.
 */
export const SILENT = temporaryFor(CORE_REASONS.silent)

/** One upstream as a table sees it. */
export interface TableSource {
  readonly name: string
  /** Answers synchronously where it can; a promise settles before the deadline and does not reject. */
  ask(key: string, context: LookupContext): Sourced | Promise<Sourced>
  /** What `ask` would answer now if the service did not; undefined: nothing. Asks nobody, and counts and changes nothing. */
  askOffline(key: string): Found | NotFound | undefined
  /** What is known of a key without asking, as long as its stale windows allow. */
  known(key: string): KnownAnswer | undefined
  /** Whether its service answers others while a lookup fails, as an upstream says it; undefined where nobody looks. */
  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered>
  /** When its service last gave anybody's lookup a good reply, monotonic ms; minus infinity where nobody looks. */
  readonly goodAtMs: number
  /** Keeps the stored "not found" of a key from being pushed out. */
  protect(key: string): void
}

/** An answer that is known without asking. */
export interface KnownAnswer {
  readonly result: Found | NotFound
  /** Time since the service gave it, ms. */
  readonly ageMs: number
  /** Time since which a found key is found without a break, ms. */
  readonly foundForMs: number
  /** True when the service was known to be sane (canary) when it answered. */
  readonly confirmedByCanary: boolean
}
