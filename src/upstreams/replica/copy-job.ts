/**
 * What a copy is to be brought up to date with, and what came of it. Plain data: it goes to a thread and back.
 */
import { randomBytes } from 'node:crypto'
import type { PermanentCause, TemporaryCause } from '../../core/result.ts'
import type { Validators } from '../../core/upstream.ts'
import type { CopyRecord, Slot } from './copy-record.ts'
import { isWholeDue } from './schedule.ts'
import type { ListSettings } from './settings.ts'

export interface CopyJob {
  readonly folder: string
  /** By which the free slot is claimed: another one for each job. */
  readonly token: string
  readonly settings: ListSettings
  readonly validators: Validators | undefined
  /** The slot in use when the service is asked; undefined before the first copy. */
  readonly current: Slot | undefined
  /** Since when changes are asked for; undefined: the whole list is asked for. */
  readonly cursor: string | undefined
  /** Wall clock ms. */
  readonly askedAtMs: number
  /** The number of this question: what lookups found before it is older than the reply. */
  readonly round: number
}

/** @param wantsWhole The whole list is wanted, whatever the changes would say. */
export function copyJob(
  { folder, settings, askedAtMs, round }: Pick<CopyJob, 'folder' | 'settings' | 'askedAtMs' | 'round'>,
  current: CopyRecord | undefined,
  wantsWhole: boolean,
): CopyJob {
  const { changes, wholeEveryMs } = settings.list
  const isWhole =
    changes === undefined || wantsWhole || isWholeDue(wholeEveryMs, current?.listedAtMs, askedAtMs)
  return {
    folder,
    token: randomBytes(12).toString('hex'),
    settings,
    validators: current?.validators,
    current: current?.slot,
    cursor: isWhole ? undefined : current?.cursor,
    askedAtMs,
    round,
  }
}

export type CopyOutcome = WholeOutcome | ChangedOutcome

export type WholeOutcome = (FilledOutcome | { readonly kind: 'unchanged' } | FailedOutcome) & {
  /** Why the changes could not be used, or none could be asked for; absent where nothing is wrong with them. */
  readonly noChanges?: string
}

/** The list is in the free slot. */
export interface FilledOutcome {
  readonly kind: 'filled'
  readonly slot: Slot
  readonly entries: number
  readonly bytes: number
  readonly validators: Validators | undefined
  readonly cursor: string | undefined
  /** Keys of the copy in use that the list lacks. */
  readonly lost: number
  /** Which ones; undefined where they are too many to be named. */
  readonly lostKeys: readonly string[] | undefined
  /** Some of them, to be shown; absent where there is none. */
  readonly missing?: readonly string[]
  /** Entries that are new or have another result. */
  readonly changed: number
  /** Of a first list: some of its keys, and whether one is an address, a domain, a network or a path. */
  readonly firstKeys?: readonly string[]
  readonly hasAddresses?: boolean
}

/** The changes are in the copy in use. */
export interface ChangedOutcome {
  readonly kind: 'changed'
  /** Keys that are new or have another result, and keys that are gone. */
  readonly set: number
  readonly gone: number
  /** All of them, and those that are deleted and that the copy lacked; undefined where they are too many to be named. */
  readonly keys: readonly string[] | undefined
}

export interface FailedOutcome {
  readonly kind: 'failed'
  readonly cause: TemporaryCause | PermanentCause
  readonly reason: string
  /** An exception that none of the rules knows: a bug, with its stack. */
  readonly defect?: string
}
