/**
 * What is wrong with a policy listener and its table.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const POLICY_PROBLEMS = {
  'policy-without-attributes':
    'answers a policy service and asks for no attribute, so every request gets the same answer; send "{attributes}" in "json", or {attribute.NAME}',
  'policy-whole-body':
    'takes the whole body of a 200 for the action, and a page of another server may begin like one: OK lets mail pass, REJECT, HOLD or DISCARD stops or loses it; add response.action, or a response.foundMark',
  'policy-without-canary':
    'has no canary, so questions of strangers that fail (5xx, reset) can stop all checks; add canary: { attributes: ... } with a question that always gets an action',
  'policy-passes-unchecked':
    'DUNNO lets mail pass unchecked while the service fails; with DEFER_IF_PERMIT it waits',
  'policy-deadline':
    'the deadline, …, is above 8s: with the timeout=…s of main-cf, smtpd would ask the same again; lower it',
} as const satisfies ProblemCatalogue
