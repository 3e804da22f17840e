/**
 * How often the service was asked for the list or the changes of a table since the start, and what came of it.
 */
import type { ReplicaStatus } from '../../core/replica/replica-status.ts'
import type { ChangedOutcome, CopyOutcome } from './copy-job.ts'
import type { CopyRecord } from './copy-record.ts'
import type { TakenOver } from './take-over.ts'

type Counted = Pick<ReplicaStatus, 'copies' | 'failures' | 'heldBack' | 'lastFailure' | 'changes'>

export class RoundCounts {
  failuresInRow = 0
  #copies = 0
  #failures = 0
  #heldBack = 0
  #lastFailure: string | undefined
  #rounds = 0
  #set = 0
  #gone = 0
  #unusable = 0
  #noChanges: string | undefined

  /** @returns Whether the round says something else than the one before it. */
  add(taken: TakenOver | ChangedOutcome, outcome: CopyOutcome): boolean {
    const before = this.#lastFailure
    this.#count(taken, outcome)
    return before === undefined || before !== this.#lastFailure
  }

  #count(taken: TakenOver | ChangedOutcome, outcome: CopyOutcome): void {
    this.failuresInRow = taken.kind === 'failed' ? this.failuresInRow + 1 : 0
    this.#lastFailure = 'reason' in taken ? taken.reason : undefined
    if ('noChanges' in outcome && outcome.noChanges !== undefined) {
      this.#unusable++
      this.#noChanges = outcome.noChanges
    } else if (taken.kind === 'changed') this.#noChanges = undefined
    switch (taken.kind) {
      case 'current':
      case 'copied':
        this.#copies++
        return
      case 'changed':
        this.#rounds++
        this.#set += taken.set
        this.#gone += taken.gone
        return
      case 'held':
        this.#heldBack++
        return
      case 'failed':
        this.#failures++
    }
  }

  /** What was kept aside is in use now: nothing is wrong with the last list any more. */
  accepted(): void {
    this.#lastFailure = undefined
  }

  /** @param asksChanges Whether the table has a route for changes. */
  status(asksChanges: boolean, current: CopyRecord | undefined): Counted {
    return {
      copies: this.#copies,
      failures: this.#failures,
      heldBack: this.#heldBack,
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
      ...(asksChanges && {
        changes: {
          rounds: this.#rounds,
          set: this.#set,
          gone: this.#gone,
          unusable: this.#unusable,
          ...(current?.listedAtMs !== undefined && { listedAtMs: current.listedAtMs }),
          ...(this.#noChanges !== undefined && { lastProblem: this.#noChanges }),
        },
      }),
    }
  }
}
