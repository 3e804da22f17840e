/**
 * Whether a failed lookup is a part of an outage, so that a rule may answer that could be wrong.
 */

import type { OutageRule } from '../observed/outage-rule.ts'
import type { OthersAnswered } from '../resilience/others-answered.ts'
import { type FailedSource, isOfService, type Permanent, type Temporary } from '../result.ts'

/** How a lookup failed. */
export interface LookupFailure {
  readonly result: Temporary | Permanent
  /** The one that failed of all that were asked: it says whether it answers others. */
  readonly at: FailedSource | undefined
  /** When the lookup began, monotonic ms. */
  readonly sinceMs: number
  /** It is an outage only where the service is seen to answer nobody. */
  readonly mustBeSeen: boolean
}

/**
 * Returns whether the rules that may be wrong hold. Where nobody can tell if others are answered, the failure decides: `when-unknown`
 * lets somebody in, so for it the failure must be one that does not depend on what was asked.
 */
export function isOutage(
  answers: OthersAnswered,
  { mustBeSeen, result }: LookupFailure,
  rule: OutageRule,
): boolean {
  if (answers !== undefined) return answers === false
  return !mustBeSeen && (rule !== 'when-unknown' || isOfService(result))
}

/** For the explanation of the lookup. */
export function whyNoOutage(answers: OthersAnswered): string {
  return WHY[String(answers)] ?? 'no outage of the service is seen'
}

/** By what is said of others. */
const WHY: Readonly<Record<string, string>> = {
  true: 'the service answers others, so this is no outage',
  failing: 'the service may only be busy, so no outage is seen yet',
  missing: 'the canary of this table is missing, and no other table fails, so this is no outage',
}
