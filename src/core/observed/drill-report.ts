/**
 * What a drill showed: how ready the tables were when it began, and what really happened.
 */

/** Shortest drill, ms. Ours: the admin API and the command line have whole seconds. */
export const MIN_DRILL_MS = 1000

/** Longest drill, ms. Ours: one that somebody forgets is over before it is a real outage. */
export const MAX_DRILL_MS = 3_600_000

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

/** Why a drill cannot begin: `outage` when no endpoint of the upstream answers as it is. A closed set. */
export type DrillRefusal = 'no-upstream' | 'nothing-asked' | 'running' | 'outage'

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
