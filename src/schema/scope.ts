/**
 * What a check of settings is given to report with. All paths start at the settings that are checked.
 */

import { type Problem, type ProblemCatalogue, problem } from './problem.ts'
import { didYouMean } from './suggest.ts'
import type { Path } from './tree.ts'

export interface Scope {
  /** @param part Where to point: at the value (maps and lists at their key), or always at the key. */
  error(at: Path, problem: Problem, part?: 'key' | 'value'): void
  warning(at: Path, problem: Problem, part?: 'key' | 'value'): void
  /** An error about one key of the map at `at`: the text names the map, the position is that of the key. */
  keyError(at: Path, key: string, problem: Problem): void
  /** A value as it may be in a message: quoted, or `the value` where it is secret. */
  show(at: Path, value: string): string
  /** Returns whether somebody wrote this key, in the section itself or in `defaults:`. */
  isWritten(at: Path): boolean
  /** Returns whether something at this place is known to be wrong: then a check that needs all of it has nothing to say. */
  isBroken(at: Path): boolean
  /** The text at this place as it was written, or its default. */
  textAt(at: Path): string
  /** The same for a part of these settings. */
  within(at: Path): Scope
}

/** What every folder says of a name that nobody has. */
export const NAME_PROBLEMS = {
  'name-unknown': 'there is no … …; …',
} as const satisfies ProblemCatalogue

/** Refuses a name that is not known. */
export function checkName(
  scope: Scope,
  at: Path,
  what: string,
  name: string,
  known: readonly string[],
): void {
  if (known.includes(name)) return
  scope.error(at, problem(NAME_PROBLEMS, 'name-unknown', what, scope.show(at, name), didYouMean(name, known)))
}
