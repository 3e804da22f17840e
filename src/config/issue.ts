/**
 * What is wrong with a configuration file, and where: one line per issue, all at once, so
 * that one edit can fix them all.
 */
import type { Path } from '../schema/tree.ts'

/** One thing to fix, or to think about. */
export interface ConfigIssue {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** As {@link formatPath} writes it; '' for the file as a whole. */
  readonly path: string
  /** What names the sentence in docs/errors.md. Absent where the sentence is made of the words of the schema. */
  readonly code?: string
  /** What is wrong; what would be right. Holds no secret. */
  readonly message: string
}

/** Thrown once with every issue found in a configuration. */
export class ConfigError extends Error {
  readonly code = 'MAPGATE_ERR_CONFIG'
  readonly issues: readonly ConfigIssue[]
  /** Found beside the issues; they alone would not have stopped anything. */
  readonly warnings: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], warnings: readonly ConfigIssue[] = []) {
    super(issues.map(formatIssue).join('\n'))
    this.name = 'ConfigError'
    this.issues = issues
    this.warnings = warnings
  }
}

/** Writes an issue as `FILE:LINE:COL: path: message`, the form editors jump to. */
export function formatIssue(issue: ConfigIssue): string {
  const place = `${issue.file}:${issue.line}:${issue.column}: `
  return issue.path === '' ? place + issue.message : `${place}${issue.path}: ${issue.message}`
}

/** Keys that read well after a dot; others are written as `["a b"]`. */
const PLAIN_KEY = /^[A-Za-z0-9_-]+$/

/** Writes a path as `tables.virtual.response.found[0]`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}
