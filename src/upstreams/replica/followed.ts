/**
 * What the copy of a table is told: what a configuration says of it, and what it works with.
 */
import type { Clock } from '../../core/clock.ts'
import type { TableObserver } from '../../core/observed/observer.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { HttpUpstreamSettings } from '../http-client/settings.ts'
import type { CopyMarks, ListMeaning } from './copy-marks.ts'
import type { RunCopy } from './run-copy.ts'
import type { ListSettings } from './settings.ts'

/** What a configuration says of the copy. */
export interface Followed {
  readonly settings: Omit<ListSettings, 'upstream'>
  /** As it is when a list is asked for. */
  readonly upstream: () => HttpUpstreamSettings
  /** What the list means. */
  readonly meaning: ListMeaning
  readonly marks: CopyMarks
  /** Called with keys whose stored answers are out of date; undefined: all of them. */
  readonly onGone: (keys: readonly string[] | undefined) => void
}

export interface TableReplicaParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<TableObserver, 'replicaChanged'>
  readonly onCredentialsRefused: (upstream: string) => void
  readonly onDefect: (error: unknown) => void
  /** Returns whether a drill treats the service as dead. */
  readonly drilled: () => boolean
  readonly authorize: Authorize
  readonly run?: RunCopy
}
