/**
 * What a reload does to what is known of the tables.
 */
import type { DroppedCopy } from '../core/replica/table-copy.ts'

/** Stored answers of one table. */
export interface CountedAnswers {
  readonly table: string
  readonly count: number
}

/** What became of the stored answers at a reload. */
export interface AnswersAfter {
  /** What decides about them has changed. */
  readonly dropped: readonly CountedAnswers[]
  /** An upstream of the table has changed, and they are still true. */
  readonly kept: readonly CountedAnswers[]
  /** Copies of whole tables that are not used any more. */
  readonly copies: readonly UnusedCopy[]
}

export interface UnusedCopy extends DroppedCopy {
  readonly table: string
}
