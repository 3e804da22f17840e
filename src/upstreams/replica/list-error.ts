/**
 * Ends the reading of a list: thrown by whatever finds the fault, caught once, in fill-copy.ts.
 */
import { type ReasonEntry, temporaryFor } from '../../core/reason.ts'
import type { PermanentCause, TemporaryCause } from '../../core/result.ts'

export class ListError extends Error {
  readonly reasonCause: TemporaryCause | PermanentCause

  /** @param parts What varies in the reason, in order. */
  constructor(entry: ReasonEntry<TemporaryCause | PermanentCause>, ...parts: readonly (string | number)[]) {
    // Only its text is used, which has the bounds of every reason.
    super(temporaryFor({ ...entry, cause: 'unreadable' }, ...parts).reason)
    this.reasonCause = entry.cause
  }
}
