/**
 * What becomes of a list that was read: taken into use, kept aside, or not taken over.
 */
import { messageOf } from '../../core/system/error-code.ts'
import type { CopyJob, FilledOutcome, WholeOutcome } from './copy-job.ts'
import type { CopyRecord, HeldRecord } from './copy-record.ts'
import { ListError } from './list-error.ts'
import { isShrunk } from './plan-changes.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ReplicaFile } from './replica-file.ts'

export type TakenOver =
  | { readonly kind: 'current'; readonly lostKeys: readonly string[] }
  | {
      readonly kind: 'copied'
      readonly entries: number
      readonly lost: number
      /** With those that only lookups had found; undefined where they are too many to be named. */
      readonly lostKeys: readonly string[] | undefined
      readonly bytes: number
      /** Of a first list: some of its keys. */
      readonly firstKeys?: readonly string[]
    }
  | {
      readonly kind: 'held'
      readonly entries: number
      readonly lost: number
      readonly missing?: readonly string[]
      readonly reason: string
    }
  | { readonly kind: 'failed'; readonly reason: string }

/** Most entries of a first list that may be an error message. Ours: the members of one, or of a health report, are fewer. */
const MAX_DOUBTED = 20

type Whole = Exclude<WholeOutcome, { readonly kind: 'failed' }>

/** Decides about a list, and writes the decision down. Does not reject. */
export async function takeOver(
  outcome: Whole,
  file: ReplicaFile,
  job: CopyJob,
  durationMs: number,
): Promise<TakenOver> {
  try {
    return await decide(outcome, file, job, durationMs)
  } catch (error) {
    return { kind: 'failed', reason: diskFailure(error).why }
  }
}

async function decide(
  outcome: Whole,
  file: ReplicaFile,
  job: CopyJob,
  durationMs: number,
): Promise<TakenOver> {
  const { token, askedAtMs, round } = job
  if (outcome.kind === 'unchanged') {
    const unlisted = job.current === undefined ? [] : file.foundBefore(round, job.current)
    return (await file.renew(askedAtMs, job.current, round))
      ? { kind: 'current', lostKeys: unlisted }
      : MEANWHILE
  }
  const { slot, entries, bytes, validators, cursor, lost, lostKeys, changed, firstKeys } = outcome
  file.refresh()
  const before = file.state()?.current
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
  const reason = whyHeld(outcome, before, job)
  if (reason !== undefined) {
    const { missing } = outcome
    const shown = { lost, ...(missing && { missing }), reason }
    if (!(await file.hold(token, { ...record, ...shown, round }))) return MEANWHILE
    return { kind: 'held', entries, ...shown }
  }
  // What a lookup found before the list was asked for is decided by it.
  const unlisted = file.foundBefore(round, slot)
  if (!(await file.exchange(token, record, round))) return MEANWHILE
  const gone = lostKeys && [...lostKeys, ...unlisted]
  return { kind: 'copied', entries, lost, lostKeys: gone, bytes, ...(firstKeys && { firstKeys }) }
}

const MEANWHILE: TakenOver = { kind: 'failed', reason: REPLICA_REASONS.changedMeanwhile.text }

/** Why a list is kept aside; undefined for one that is taken into use. */
function whyHeld(
  { entries, lost, hasAddresses }: FilledOutcome,
  before: CopyRecord | undefined,
  { settings: { canary, list } }: CopyJob,
): string | undefined {
  if (entries === 0) return 'the list has no entries'
  if (before === undefined) {
    // Nothing but its names is known of an object or of lines: an error message has names, too.
    const mayBeError = canary === undefined && list.key === undefined && hasAddresses === false
    if (!mayBeError || entries > MAX_DOUBTED) return undefined
    return 'the first list has no address or domain among its keys, and may be an error message'
  }
  const removed = before.removed ?? 0
  if (!isShrunk(lost + removed, before, list.maxShrink)) return undefined
  return removed === 0
    ? `the list lacks ${lost} keys of the copy, more than replica.maxShrink`
    : `the list lacks ${lost} keys of the copy, and changes have deleted ${removed} since the last whole list: more than replica.maxShrink`
}

/** What is shown of a list that is kept aside. */
export function heldStatus({
  entries,
  lost,
  missing,
  copiedAtMs,
  reason = `it lacks ${lost} keys of the copy`,
}: HeldRecord) {
  return { entries, lost, ...(missing && { missing }), copiedAtMs, reason }
}

/** Takes what is kept aside into use, or forgets it. Does not reject. */
export async function settleHeld(file: ReplicaFile, accept: boolean) {
  const settled = await file.settleHeld(accept).catch(diskFailure)
  return settled === 'too-many-pushes' ? ({ kind: 'failed', why: TOO_MANY_PUSHES } as const) : settled
}

const TOO_MANY_PUSHES =
  'more than 100000 keys were pushed since that list was read; read it again by mapgate replica refresh'

/** What an error of the disk, or of LMDB, says. */
export function diskFailure(error: unknown): { readonly kind: 'failed'; readonly why: string } {
  const why = messageOf(error)
  if (error instanceof ListError) return { kind: 'failed', why }
  return { kind: 'failed', why: REPLICA_REASONS.diskFailed.text.replace('…', why) }
}
