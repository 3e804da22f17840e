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
  readonly held?: { readonly entries: number; readonly lost: number; readonly copiedAtMs: number }
  /** Lists that were not taken over, and those that were kept aside, since the start. */
  readonly failures: number
  readonly heldBack: number
  /** Since the start: how many lists were taken over or found current. */
  readonly copies: number
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

/** What an operator, or the service itself, may do with a copy. */
export interface ReplicaControl {
  status(): ReplicaStatus
  /** Reads the list now, or goes on reading it. */
  refresh(): ReplicaOutcome
  /** Takes the list that is kept aside into use, or forgets it. */
  settleHeld(accept: boolean): Promise<ReplicaOutcome>
  /**
   * Changes one key.
   *
   * @param item As an entry of the list has its value; undefined: the key is gone.
   */
  change(key: string, item: unknown): Promise<ReplicaOutcome>
}
