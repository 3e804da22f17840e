/**
 * A reason of a catalogue: what a lookup without an answer says, and what an operator does about it.
 *
 * Each folder that has reasons has its catalogue, `reasons.ts`; docs/errors.md is made of all of them.
 * Whoever reads a reason in the mail log is losing mail, so it says what failed, where, and what to do.
 */
import {
  type Permanent,
  type PermanentCause,
  permanent,
  type Temporary,
  type TemporaryCause,
  temporary,
} from './result.ts'

/** Stands for a part that varies, such as a status code or the name of an upstream. */
const VARIES = '…'

export interface ReasonEntry<Cause extends TemporaryCause | PermanentCause> {
  readonly cause: Cause
  /** The sentence in the mail log, with {@link VARIES} where a part varies. */
  readonly text: string
  /** For docs/errors.md, in Markdown: what is behind it, and what to do. */
  readonly advice: string
}

/** By a name that says what happened. */
export type ReasonCatalogue = Readonly<Record<string, ReasonEntry<TemporaryCause | PermanentCause>>>

/** @param parts What varies, in order. */
export function temporaryFor(
  { cause, text }: ReasonEntry<TemporaryCause>,
  ...parts: readonly (string | number)[]
): Temporary {
  return temporary(cause, filled(text, parts))
}

/** @param parts What varies, in order. */
export function permanentFor(
  { cause, text }: ReasonEntry<PermanentCause>,
  ...parts: readonly (string | number)[]
): Permanent {
  return permanent(cause, filled(text, parts))
}

/** The text with its parts that vary. */
export function filled(text: string, parts: readonly (string | number)[]): string {
  const pieces = text.split(VARIES)
  return pieces.map((piece, index) => (index === 0 ? piece : `${parts[index - 1] ?? ''}${piece}`)).join('')
}
