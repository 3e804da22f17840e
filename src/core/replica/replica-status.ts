/**
 * What a table's own copy is doing, as plain data.
 */
export interface ReplicaStatus {
  /** `copying`: a list is being read. `held`: the last list is kept aside until somebody accepts it. */
  readonly state: 'empty' | 'ready' | 'copying' | 'held'
  /** Of the copy in use; 0 without one. */
  readonly entries: number
  /** How often the list is asked for, ms. */
  readonly everyMs: number
  /** Wall clock ms at which the service gave the copy, or said last that it is current; absent without one. */
  readonly copiedAtMs?: number
  /** Wall clock ms at which its entries changed last. */
  readonly changedAtMs?: number
  /** Of the last list that was read whole: bytes, unpacked. */
  readonly bytes?: number
  readonly durationMs?: number
  /** Wall clock ms at which the list is asked for next. */
  readonly nextRefreshAtMs?: number
  /** While copying. */
  readonly progress?: ReplicaProgress
  /** Why the last list was not taken over; absent when it was. */
  readonly lastFailure?: string
  /** A list that is kept aside. */
  readonly held?: {
    readonly entries: number
    /** Keys of the copy in use that it lacks. */
    readonly lost: number
    /** Some of them; absent where there is none, or where they are not to be shown. */
    readonly missing?: readonly string[]
    readonly copiedAtMs: number
    /** Why it is kept aside. */
    readonly reason: string
  }
  /** Lists that were not taken over, and those that were kept aside, since the start. */
  readonly failures: number
  readonly heldBack: number
  /** Since the start: how many lists were taken over or found current. */
  readonly copies: number
  /** Only where the service is asked for changes. */
  readonly changes?: ReplicaChanges
}

/** What came of asking for changes; counted since the start. */
export interface ReplicaChanges {
  /** How often they were taken over. */
  readonly rounds: number
  /** Keys that became new or got another result by them, and keys that were deleted. */
  readonly set: number
  readonly gone: number
  /** How often they could not be used, so that the whole list was asked for. */
  readonly unusable: number
  /** Wall clock ms at which the whole list was asked for that the copy in use goes back to. */
  readonly listedAtMs?: number
  /** Why they could not be used; absent once they can be again. */
  readonly lastProblem?: string
}

export interface ReplicaProgress {
  readonly entries: number
  readonly bytes: number
  /** 0 to 1, where the service said how long its list is, or by the entries of the copy in use; absent where nobody knows. */
  readonly share?: number
}

/** What came of an operator's word. */
export type ReplicaOutcome =
  | { readonly kind: 'done'; readonly status: ReplicaStatus }
  /** Nothing is kept aside; or there is no copy yet to change. */
  | { readonly kind: 'nothing'; readonly status: ReplicaStatus }
  /** The key or value cannot be one of this table: why. */
  | { readonly kind: 'invalid'; readonly why: string }
  /** The disk did not take it: why. Nothing has changed. */
  | { readonly kind: 'failed'; readonly why: string }

/** What an operator, or the service itself, may do with a copy. */
export interface ReplicaControl {
  status(): ReplicaStatus
  /**
   * Asks for the changes or the list now, or goes on reading it.
   *
   * @param isWhole The whole list is wanted.
   */
  refresh(isWhole: boolean): ReplicaOutcome
  /** Takes the list that is kept aside into use, or forgets it. */
  settleHeld(accept: boolean): Promise<ReplicaOutcome>
  /**
   * Changes one key.
   *
   * @param item As an entry of the list has its value; undefined: the key is gone.
   */
  change(key: string, item: unknown): Promise<ReplicaOutcome>
}
