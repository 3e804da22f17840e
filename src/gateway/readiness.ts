/**
 * How ready the tables are for an outage, taken when somebody asks, and kept for a while for those who ask often.
 */
import type { NamedReadiness } from '../admin/ports.ts'
import type { Config } from '../config/config.ts'
import { adviceSentence, outageAdvice } from '../config/outage-advice.ts'
import type { Clock } from '../core/clock.ts'
import type { TableReadiness } from '../core/outage/readiness.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { type RunningTables, tableReadiness } from './running-table.ts'

/**
 * How long a figure is shown, ms. Ours: the page asks every two seconds, and five hundred keys of each table are
 * looked at each time.
 */
const KEPT_MS = 10_000

export class Readiness {
  readonly #clock: Clock
  readonly #tables: () => RunningTables
  #ratios: ReadonlyMap<string, number | undefined> = new Map()
  #takenMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, tables: () => RunningTables) {
    this.#clock = clock
    this.#tables = tables
  }

  /** Now, by table, with the keys that would be deferred. */
  take(): ReadonlyMap<string, TableReadiness> {
    const nowMs = this.#clock.monotonicMs()
    const taken = new Map<string, TableReadiness>()
    for (const [name, table] of this.#tables()) taken.set(name, tableReadiness(table, nowMs))
    this.#ratios = new Map(Array.from(taken, ([name, { ratio }]) => [name, ratio]))
    this.#takenMs = nowMs
    return taken
  }

  /** The share by table, some seconds old at most; undefined without lookups. */
  ratio(table: string): number | undefined {
    if (this.#clock.monotonicMs() - this.#takenMs >= KEPT_MS) this.take()
    return this.#ratios.get(table)
  }
}

/** With what would make each table readier. */
export function withAdvice(
  taken: ReadonlyMap<string, TableReadiness>,
  config: Config,
  kinds: SettingsKinds,
): readonly NamedReadiness[] {
  return Array.from(taken, ([name, readiness]) => {
    const table = config.tables.get(name)
    const advice = table === undefined ? [] : outageAdvice(table, config, kinds)
    return { name, ...readiness, advice: advice.map(adviceSentence) }
  })
}
