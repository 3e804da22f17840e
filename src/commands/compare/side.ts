import type { LookupResult } from '../../core/result.ts'

/** One of the two tables that are compared. */
export interface Side {
  /** As it was named. */
  readonly shown: string
  /** @returns A result for each key, in their order. Rejects with CommandError when nobody can be asked. */
  ask(keys: readonly Buffer[]): Promise<readonly LookupResult[]>
  close(): Promise<void>
}
