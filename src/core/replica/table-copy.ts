/**
 * The whole of a table, here: what a kind of upstream that can list its entries keeps of it.
 */
import type { ReplicaControl } from './replica-status.ts'

/** Reads a copy. Every call is synchronous and does no more than the look-up itself. */
export interface TableCopy {
  /** The result of a key, ready for the client; undefined for a key that the table does not have. Only asked where there is a copy. */
  find(key: string): string | undefined
  /**
   * The result of a key that the service found after the copy, and that the copy lacks; undefined where there is none.
   *
   * @param forMs How old it may be, ms.
   */
  foundSince(key: string, forMs: number): string | undefined
  /**
   * The service was asked for a key that the copy lacks. Returns at once; it is written down later.
   *
   * @param result What it found; undefined: it said "not found".
   * @param generation As it was when the service was asked.
   * @param round As it was then.
   */
  noteAnswer(key: string, result: string | undefined, generation: number, round: number): void
  /** Words about single keys so far, by pushes and changes: an answer that was asked for before one is older than it. */
  readonly generation: number
  /** Number of the last list or changes that were asked for so far: one that is asked for later is newer than an answer. */
  readonly round: number
  /** Other keys of the copy: the next one in order, and one elsewhere, of another domain where it is easily found. */
  neighbours(key: string): readonly string[]
  /**
   * Time since the service gave the copy, or said that it is still current, ms; infinite where there is none, and
   * where the clock cannot tell.
   *
   * @param nowMs The monotonic clock, where it has just been read.
   */
  ageMs(nowMs?: number): number
  /** Entries of the copy. */
  readonly entries: number
  /** Time since the whole list was asked for, ms, where changes are asked for in between; else undefined. */
  readonly listAgeMs: number | undefined
}

/** What a copy may be used for, by its age. */
export interface CopyPolicy {
  /** How long its entries are answered without asking, ms. */
  readonly freshForMs: number
  /** How long a key that it does not have may be called "not found" while the service cannot be asked, ms. 0: never. */
  readonly notFoundForMs: number
  /** How long its entries are answered while the service cannot be asked, ms. */
  readonly staleForMs: number
  /** The copy alone answers: the service is not asked for keys. */
  readonly authoritative: boolean
}

/** A copy that another configuration does not use, until its settings come back. */
export interface DroppedCopy {
  readonly entries: number
  /** What changed: names of settings. */
  readonly changed: readonly string[]
}

/** The copy of one table, as a configuration has it: the port between the table and the upstream that keeps the copy. */
export interface ReplicaOfTable {
  readonly copy: TableCopy
  readonly control: ReplicaControl
  readonly policy: Omit<CopyPolicy, 'staleForMs'>
  /** What becomes of the copy when this is started; undefined where it stays. */
  dropped(): DroppedCopy | undefined
  /** Called with keys whose stored answers are out of date; undefined: all of the table. Set before it is started. */
  onGone: (keys: readonly string[] | undefined) => void
  start(): void
  stop(): void
}
