/** What each cause of a failed lookup means, in words. The causes are those of src/core/result.ts. */
import type { PermanentCause, TemporaryCause } from '../core/result.ts'

const CAUSES: Record<TemporaryCause | PermanentCause, string> = {
  timeout: 'no answer before the deadline',
  connect: 'no connection to the service',
  status: 'the service answered with an error',
  unreadable: 'the service’s answer could not be read',
  service: 'the service reported a temporary error',
  circuit: 'every endpoint’s circuit is open',
  canary: 'a service that does not know its canary said “not found”',
  overload: 'rejected here: too many lookups at once',
  stopping: 'asked while mapgate was stopping',
  'too-long': 'the answer is longer than the client reads',
  token: 'no access token for the service',
  replica: 'the replica has no copy of the list, or one that is too old',
  defect: 'a bug in mapgate; the log has it',
  'no-table': 'a table that is not configured',
  'bad-request': 'a request that is not part of the protocol',
  refused: 'the service refused the question',
}

/** A cause of a newer gateway shows as it is named. */
export function causeText(cause: string): string {
  return Object.hasOwn(CAUSES, cause) ? CAUSES[cause as keyof typeof CAUSES] : cause
}
