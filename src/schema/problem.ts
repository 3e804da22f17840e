/**
 * A sentence about a setting: what is wrong, what would be right.
 *
 * Each folder that checks settings has its catalogue, `problems.ts`; a part of docs/errors.md is made of all of them.
 */
import { filled } from '../core/reason.ts'

/** Sentences by their codes, with `…` where a part varies. */
export type ProblemCatalogue = Readonly<Record<string, string>>

export interface Problem {
  /** The code in the catalogue: it stays when the sentence is edited. */
  readonly code: string
  readonly message: string
}

/** @param parts What varies, in order. */
export function problem<Code extends string>(
  catalogue: Readonly<Record<Code, string>>,
  code: Code,
  ...parts: readonly (string | number)[]
): Problem {
  return { code, message: filled(catalogue[code], parts) }
}
