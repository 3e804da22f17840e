/**
 * What is wrong with a sasl listener and its table.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const SASL_PROBLEMS = {
  'sasl-without-token-mechanism':
    'has no effect: "mechanisms" has none by token; add XOAUTH2 and OAUTHBEARER',
  'sasl-without-attributes':
    'answers logins and asks for no attribute; send {attribute.user} and {attribute.password}',
  'sasl-lacks-attribute':
    'does not send {attribute.…}, which the service needs to know who logs in by …; send it, or take the mechanism out of the listener',
  'sasl-without-user':
    '"response.user" is missing: a reply lets somebody in only if it names them; add the JSONPath of the user, such as $.user',
  'sasl-without-mark':
    'lets in whoever a 200 names; if the service names the user of a wrong password too, add response.foundMark',
  'sasl-without-refusal':
    'a wrong password is answered "try again later", neither delayed nor counted; add response.refused and refusedMark, such as refused: [401], refusedMark: { jsonPath: $.error }',
  'sasl-without-canary':
    'has no canary, so made-up names whose logins fail (5xx, reset) can stop all logins; add canary: { attributes: { user: ..., password: ... } } with a mailbox for this',
  'sasl-deadline':
    "the deadline, …, and three times the listener's failDelay come to more than 8s, and smtpd gives up after 10s; lower one of them",
  'sasl-cache-by-lacks': 'lacks "…", so that one login could let in another; add it',
  'sasl-cached-too-long':
    'keeps logins for more than 60s, and a changed password works as long; lower cache.ttl, and cache.maxTtl where honorCacheControl is on',
} as const satisfies ProblemCatalogue
