/**
 * The port between a table and the copy that an upstream keeps of it.
 */
import type { ReplicaControl } from '../../core/replica/replica-status.ts'
import type { CopyPolicy, TableCopy } from '../../core/replica/table-copy.ts'

/** The copy of one table, as a configuration has it. */
export interface ReplicaOfTable {
  readonly copy: TableCopy
  readonly control: ReplicaControl
  readonly policy: Omit<CopyPolicy, 'staleForMs'>
  /** Called with keys whose stored answers are out of date; undefined: all of the table. Set before it is started. */
  onGone: (keys: readonly string[] | undefined) => void
  start(): void
  stop(): void
}
