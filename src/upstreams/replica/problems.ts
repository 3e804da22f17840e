/**
 * What is wrong with the replica of a table.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const REPLICA_PROBLEMS = {
  'replica-of-several': 'a replica is the list of one HTTP service; let the table ask exactly one',
  'replica-with-side-effects':
    'cannot be used with sideEffects: true, where each lookup must ask; remove one',
  'replica-with-attributes': 'a list has keys and no attributes; remove it, or {attribute.…} of the request',
  'replica-without-canary':
    'without a canary nothing shows that the first list is not an error message; add canary: { key: a key that is always in it } to the table',
  'replica-without-directory':
    '"directory" is missing, and there is no cacheFile to keep the copy beside; add one of them',
  'replica-not-a-path': 'is not a JSONPath: …',
  'replica-name-without-items':
    'is among the entries, …; the list needs a name for its entries, such as items: $.entries[*]…',
  'replica-cursor-without-place': 'a list of … has no place for it; name a header field, such as x-cursor',
  'replica-max-age-authoritative':
    'with authoritative: true nothing else can say "not found"; raise it, or remove authoritative',
} as const satisfies ProblemCatalogue
