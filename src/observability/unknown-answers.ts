/**
 * What the log says of lookups that are answered "not found" by `whenUnknown`, by table.
 */
import type { Clock } from '../core/clock.ts'
import type { DrillReport } from '../core/observed/drill-report.ts'
import { eventText } from './event-texts.ts'
import { RepeatedLines } from './repeated-lines.ts'

export class UnknownAnswers {
  readonly #lines: RepeatedLines
  /** By upstream: the tables of the drill under way. */
  readonly #drilled = new Map<string, DrillReport['tables']>()

  constructor(clock: Clock) {
    this.#lines = new RepeatedLines(clock)
  }

  drillChanged({ upstream, state, tables }: DrillReport): void {
    if (state === 'running') this.#drilled.set(upstream, tables)
    else this.#drilled.delete(upstream)
  }

  /** Counts one lookup. @returns What the line says, when one is due. */
  answered(table: string): { readonly lookups: number; readonly text: string } | undefined {
    const lookups = this.#lines.take(table)
    if (lookups === undefined) return undefined
    const why = this.#isDrilled(table) ? 'a drill treats the service as dead' : 'the service does not answer'
    return {
      lookups,
      text: eventText('answered-unknown', why),
    }
  }

  #isDrilled(table: string): boolean {
    return [...this.#drilled.values()].some((tables) => tables.some(({ name }) => name === table))
  }
}
