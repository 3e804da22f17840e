/**
 * What every cross-check gets: the filled file, what was really written in it, and where to
 * report.
 */

import type { Path } from '../issue.ts'
import type { Report } from '../report.ts'
import type { ConfigFileContent } from '../schema/file.ts'
import type { Tree, TreeMap } from '../tree-reader.ts'

/** The input of a cross-check. */
export interface CheckContext {
  readonly file: ConfigFileContent
  /** The file with its own `defaults:` merged and without those of the schema: what somebody wrote. */
  readonly written: TreeMap
  readonly report: Report
  /** A value as it may stand in a message: quoted, or `the value` where it is secret. */
  readonly show: (path: Path, value: string) => string
  /** Says what is wrong with a JSONPath; undefined when nothing is. */
  readonly checkJsonPath: (path: string) => string | undefined
}

/** Tells whether somebody wrote this key, in the section itself or in `defaults:`. */
export function isWritten(context: CheckContext, path: Path): boolean {
  let at: Tree | undefined = context.written
  for (const part of path) {
    if (at === null || typeof at !== 'object') return false
    at = (at as TreeMap)[part]
  }
  return at !== undefined
}
