/**
 * What a drill showed: how ready the tables were when it began, and what really happened.
 */
export interface DrillReport {
  readonly upstream: string
  readonly state: 'running' | 'ended'
  /** Wall clock ms. */
  readonly startedAtMs: number
  /** Wall clock ms: when it ended, or will. */
  readonly endsAtMs: number
  /** Absent while it runs. */
  readonly endedBy?: DrillEnd
  readonly tables: readonly DrilledTable[]
}

/** Why a drill ended. A closed set. */
export type DrillEnd = 'time' | 'operator' | 'reload' | 'stop'

/** The lookups of mail servers in one table that asks the upstream. */
export interface DrilledTable {
  readonly name: string
  /** Share of the lookups before the drill that would have been answered, 0 to 1; absent without lookups. */
  readonly readiness?: number
  /** Lookups answered "found" or "not found" during the drill. */
  readonly answered: number
  /** Lookups answered "try later". */
  readonly deferred: number
}
