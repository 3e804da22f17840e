/**
 * What went wrong with a start or reload, as lines for a person.
 */
import { ConfigError, formatIssue } from '../config/issue.ts'

/** One line for each problem: all those of a bad configuration, else the one that ended it. */
export function issuesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.issues.map(formatIssue)
  return [error instanceof Error ? error.message : String(error)]
}
