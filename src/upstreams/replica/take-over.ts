/**
 * What becomes of a list that was read: taken into use, kept aside, or not taken over.
 */
import { messageOf } from '../../core/error-code.ts'
import type { WholeOutcome } from './copy-job.ts'
import type { CopyRecord } from './copy-record.ts'
import { isShrunk } from './plan-changes.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ReplicaFile } from './replica-file.ts'

export type TakenOver =
  | { readonly kind: 'current' }
  | {
      readonly kind: 'copied'
      readonly entries: number
      readonly lost: number
      /** undefined where they are too many to be named. */
      readonly lostKeys: readonly string[] | undefined
      readonly bytes: number
    }
  | { readonly kind: 'held'; readonly entries: number; readonly lost: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

interface Round {
  readonly token: string
  /** The copy that was in use when the list was asked for. */
  readonly before: CopyRecord | undefined
  readonly maxShrink: number
  /** Wall clock ms. */
  readonly askedAtMs: number
  readonly durationMs: number
}

/** Decides about a list, and writes the decision down. Rejects with errors of the disk. */
export async function takeOver(
  outcome: Exclude<WholeOutcome, { readonly kind: 'failed' }>,
  file: ReplicaFile,
  { token, before, maxShrink, askedAtMs, durationMs }: Round,
): Promise<TakenOver> {
  if (outcome.kind === 'unchanged') {
    await file.renew(askedAtMs)
    return { kind: 'current' }
  }
  const { slot, entries, bytes, validators, cursor, lost, lostKeys, changed } = outcome
  const hasChanged = before === undefined || changed > 0 || lost > 0
  const record: CopyRecord = {
    slot,
    entries,
    bytes,
    durationMs,
    copiedAtMs: askedAtMs,
    listedAtMs: askedAtMs,
    changedAtMs: hasChanged ? askedAtMs : before.changedAtMs,
    ...(validators && { validators }),
    cursor,
  }
  const removed = before?.removed ?? 0
  if (entries === 0 || (before !== undefined && isShrunk(lost + removed, before, maxShrink))) {
    if (!(await file.hold(token, { ...record, lost })))
      return { kind: 'failed', reason: REPLICA_REASONS.changedMeanwhile.text }
    return { kind: 'held', entries, lost, reason: heldText(entries, lost, removed) }
  }
  if (!(await file.exchange(token, record)))
    return { kind: 'failed', reason: REPLICA_REASONS.changedMeanwhile.text }
  return { kind: 'copied', entries, lost, lostKeys, bytes }
}

function heldText(entries: number, lost: number, removed: number): string {
  if (entries === 0) return 'the list has no entries'
  return removed === 0
    ? `the list lacks ${lost} keys of the copy, more than replica.maxShrink`
    : `the list lacks ${lost} keys of the copy, and changes have deleted ${removed} since the last whole list: more than replica.maxShrink`
}

/** What an error of the disk, or of LMDB, says. */
export function diskFailure(error: unknown): { readonly kind: 'failed'; readonly why: string } {
  const why = messageOf(error)
  return { kind: 'failed', why: REPLICA_REASONS.diskFailed.text.replace('…', why) }
}
