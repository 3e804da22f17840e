/**
 * When the log speaks of lookups that are answered "not found" by `whenUnknown`: at once, then once a minute with their
 * number, by table.
 */
import type { Clock } from '../core/clock.ts'
import type { DrillReport } from '../core/drill-report.ts'

/** Time between two lines about one table, ms. Ours. */
const UNKNOWN_LINE_MS = 60_000

export class UnknownAnswers {
  readonly #clock: Clock
  /** By table: when a line was written last, and lookups since then that are in none. Bounded by the configuration. */
  readonly #lines = new Map<string, { readonly atMs: number; since: number }>()
  /** By upstream: the tables of the drill under way. */
  readonly #drilled = new Map<string, DrillReport['tables']>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  drillChanged({ upstream, state, tables }: DrillReport): void {
    if (state === 'running') this.#drilled.set(upstream, tables)
    else this.#drilled.delete(upstream)
  }

  /** Counts one lookup. @returns What the line says, when one is due. */
  answered(table: string): { readonly lookups: number; readonly text: string } | undefined {
    const nowMs = this.#clock.monotonicMs()
    const last = this.#lines.get(table)
    if (last !== undefined && nowMs - last.atMs < UNKNOWN_LINE_MS) {
      last.since++
      return undefined
    }
    this.#lines.set(table, { atMs: nowMs, since: 0 })
    const why = this.#isDrilled(table) ? 'a drill treats the service as dead' : 'the service does not answer'
    return {
      lookups: (last?.since ?? 0) + 1,
      text: `lookups are answered "not found" by whenUnknown, because ${why}`,
    }
  }

  #isDrilled(table: string): boolean {
    return [...this.#drilled.values()].some((tables) => tables.some(({ name }) => name === table))
  }
}
