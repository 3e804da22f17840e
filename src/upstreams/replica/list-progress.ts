/**
 * How far the reading of a list is.
 */
import type { ReplicaProgress } from '../../core/replica/replica-status.ts'

/** What is known while pages are read. */
export interface ListProgress {
  entries: number
  /** Unpacked, over all pages. */
  bytes: number
  /** Of the page that is read; undefined where nobody knows. */
  expectedBytes: number | undefined
}

/** @param entriesBefore Of the copy in use: a list is about as long as the one before. */
export function shownProgress(
  { entries, bytes, expectedBytes }: ListProgress,
  entriesBefore: number,
): ReplicaProgress {
  let share: number | undefined
  if (expectedBytes !== undefined && expectedBytes > 0) share = bytes / expectedBytes
  else if (entriesBefore > 0) share = entries / entriesBefore
  return { entries, bytes, ...(share !== undefined && { share: Math.min(1, share) }) }
}
