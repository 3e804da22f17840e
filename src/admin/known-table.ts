/** The answer to a table name that is not configured, the same on every route. */
import { ProblemError } from './problem.ts'

export function tableUnknown(): ProblemError {
  return new ProblemError(404, 'table-unknown', 'no such table; GET /api/v1/tables lists all')
}
