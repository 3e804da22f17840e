/**
 * What is written down beside the entries of a replica: which copy is in use, how old it is, what is kept aside.
 */
import type { Validators } from '../../core/upstream.ts'

/** One is in use, one may be kept aside, and one is being filled. */
export type Slot = 'a' | 'b' | 'c'

/** One list as it was taken over. */
export interface CopyRecord {
  readonly slot: Slot
  readonly entries: number
  /** Bytes of the list, unpacked. */
  readonly bytes: number
  readonly durationMs: number
  /** Wall clock ms at which the service was asked for it, or was asked last and said that it is current. */
  readonly copiedAtMs: number
  /** Wall clock ms at which its entries changed last. */
  readonly changedAtMs: number
  readonly validators?: Validators
  /** Where its entries and those of the changes taken over since go up to; absent where the service said none. */
  readonly cursor?: string | undefined
  /** Wall clock ms at which the whole list was asked for; absent in copies of earlier versions. */
  readonly listedAtMs?: number
  /** Keys that changes have deleted since then. */
  readonly removed?: number
  /** The number of its question; absent in files of earlier versions. */
  readonly round?: number
}

/** A list that is kept aside: it lacks too many keys of the one in use, or looks like none. */
export interface HeldRecord extends CopyRecord {
  /** Keys of the copy in use that it lacks. */
  readonly lost: number
  /** Some of them, to be shown; absent where there is none, and in files of earlier versions. */
  readonly missing?: readonly string[]
  /** Why it is; absent in files of earlier versions. */
  readonly reason?: string
}

export interface ReplicaState {
  readonly format: number
  /** What the list means; a copy of another one is not used. */
  readonly fingerprint: string
  /** How the copy in use was read; absent in files of earlier versions. */
  readonly readAs?: string
  readonly current?: CopyRecord
  /** The copy of the configuration before, until there is one of this: it is used again if that configuration comes back. */
  readonly before?: { readonly fingerprint: string; readonly readAs?: string; readonly current: CopyRecord }
  readonly held?: HeldRecord
  readonly filling?: { readonly slot: Slot; readonly token: string }
}

/** A change of one key: a result, or undefined where it is gone. */
export type KeyChange = readonly [key: string, result: string | undefined]
