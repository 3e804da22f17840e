/**
 * What is wrong with a listener that speaks memcache.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const MEMCACHE_PROBLEMS = {
  'memcache-white-space':
    'never gets a key with white space: Postfix takes such a recipient ("john doe"@example.com) for unknown and rejects it; where there are any, use socketmap',
  'memcache-white-space-written':
    'never gets a key with white space, so address_verify_map never learns such a recipient ("john doe"@example.com): with reject_unverified_recipient its mail gets 450 each time; where there are any, use proxymap',
} as const satisfies ProblemCatalogue
