/**
 * Drills: an upstream is treated as dead for a while, so that an outage is tried at ten in the morning and not
 * at three in the night. Each ends by itself, and with a reload or the end of the program.
 */
import type { Clock, Timer } from '../core/clock.ts'
import { ADMIN_PROTOCOL } from '../core/lookup.ts'
import {
  type DrillEnd,
  type DrilledTable,
  type DrillRefusal,
  type DrillReport,
  MAX_DRILL_MS,
} from '../core/observed/drill-report.ts'
import { type DrillSwitch, isByDrill } from '../core/resilience/drill.ts'
import type { UpstreamStatus } from '../core/status.ts'
import type { TableCounters } from '../observability/counters.ts'
import type { Observability } from '../observability/observability.ts'
import type { ProgramState } from './program-state.ts'

/** Time after a drill until the service must have answered again, ms. Ours: it is asked once a second. */
const ANSWERS_WITHIN_MS = 5_000

interface Drill {
  readonly drill: DrillSwitch
  readonly timer: Timer
  readonly startedAtMs: number
  readonly tables: readonly {
    readonly readiness: number | undefined
    readonly before: Counted
    readonly name: string
  }[]
}

interface Counted {
  readonly answered: number
  readonly deferred: number
}

interface DrillsParts {
  readonly state: ProgramState
  readonly clock: Clock
  readonly observability: Observability
}

export class Drills {
  readonly #parts: DrillsParts
  readonly #running = new Map<string, Drill>()
  /** The last one of each upstream. */
  readonly #ended = new Map<string, DrillReport>()
  /** By upstream: looks whether its service answers again after a drill. */
  readonly #looks = new Map<string, Timer>()

  constructor(parts: DrillsParts) {
    this.#parts = parts
  }

  /**
   * Begins a drill.
   *
   * @returns Why it cannot begin, where it cannot.
   */
  begin(upstream: string, forMs: number): DrillReport | DrillRefusal {
    const { clock, observability, state } = this.#parts
    const shared = state.generation.upstreams.get(upstream)
    if (shared === undefined) return 'no-upstream'
    if (shared.drill === undefined) return 'nothing-asked'
    if (this.#running.has(upstream)) return 'running'
    if (isOutage(shared.status())) return 'outage'
    const lastsMs = Math.min(forMs, MAX_DRILL_MS)
    const startedAtMs = clock.wallMs()
    const readiness = state.readiness.take()
    this.#looks.get(upstream)?.cancel()
    shared.drill.endsAtMs = startedAtMs + lastsMs
    this.#running.set(upstream, {
      drill: shared.drill,
      timer: clock.after(lastsMs, () => this.end(upstream, 'time')),
      startedAtMs,
      tables: tablesOf(upstream, state).map((name) => ({
        name,
        readiness: readiness.get(name)?.ratio,
        before: counted(observability.counters.table(name)),
      })),
    })
    observability.counters.upstream(upstream).drills += 1
    const report = this.#report(upstream)
    if (report !== undefined) observability.serviceEvents.drillChanged(report)
    return report ?? 'no-upstream'
  }

  /** Ends a drill. @returns What it showed; undefined when none was running. */
  end(upstream: string, by: DrillEnd): DrillReport | undefined {
    const { clock, observability } = this.#parts
    const running = this.#running.get(upstream)
    const report = this.#report(upstream)
    if (running === undefined || report === undefined) return undefined
    running.timer.cancel()
    running.drill.endsAtMs = undefined
    this.#running.delete(upstream)
    const ended: DrillReport = { ...report, state: 'ended', endsAtMs: clock.wallMs(), endedBy: by }
    this.#ended.set(upstream, ended)
    observability.serviceEvents.drillChanged(ended)
    this.#looks.set(
      upstream,
      clock.after(ANSWERS_WITHIN_MS, () => this.#lookAfterwards(upstream)),
    )
    return ended
  }

  endAll(by: DrillEnd): void {
    for (const upstream of [...this.#running.keys()]) this.end(upstream, by)
    if (by === 'stop') for (const look of this.#looks.values()) look.cancel()
  }

  /** Those under way, and the last one of each upstream. */
  list(): readonly DrillReport[] {
    const running = Array.from(this.#running.keys(), (upstream) => this.#report(upstream) ?? [])
    const ended = Array.from(this.#ended.values()).filter(({ upstream }) => !this.#running.has(upstream))
    return [...running.flat(), ...ended]
  }

  /** The circuits were open already, so nothing else would say that the service is really down. */
  #lookAfterwards(upstream: string): void {
    const { observability, state } = this.#parts
    const status = state.generation.upstreams.get(upstream)?.status()
    if (status === undefined || !isOutage(status)) return
    observability.serviceEvents.failsAfterDrill(upstream, status.endpoints[0]?.lastFailure)
  }

  #report(upstream: string): DrillReport | undefined {
    const running = this.#running.get(upstream)
    if (running?.drill.endsAtMs === undefined) return undefined
    const { drill, startedAtMs, tables } = running
    const { counters } = this.#parts.observability
    return {
      upstream,
      state: 'running',
      startedAtMs,
      endsAtMs: drill.endsAtMs ?? startedAtMs,
      tables: tables.map(({ name, readiness, before }): DrilledTable => {
        const now = counted(counters.table(name))
        return {
          name,
          ...(readiness !== undefined && { readiness }),
          answered: now.answered - before.answered,
          deferred: now.deferred - before.deferred,
        }
      }),
    }
  }
}

/** Returns whether no endpoint answers, without a drill: what a drill would show then, the outage itself shows. */
function isOutage({ endpoints }: UpstreamStatus): boolean {
  return (
    endpoints.length > 0 &&
    endpoints.every(({ circuit, lastFailure }) => circuit !== 'closed' && !isByDrill(lastFailure))
  )
}

/** The tables that ask an upstream, themselves or for their domains. */
function tablesOf(upstream: string, { generation }: ProgramState): readonly string[] {
  const own = new Set<string>()
  for (const { config } of generation.tables.values())
    if (config.upstreams.includes(upstream)) own.add(config.name)
  return Array.from(generation.tables.values(), ({ config }) => config)
    .filter(({ name, domains }) => own.has(name) || (domains?.kind === 'table' && own.has(domains.table)))
    .map(({ name }) => name)
}

/** Lookups of mail servers so far. */
function counted({ lookups }: TableCounters): Counted {
  let answered = 0
  let deferred = 0
  for (const [protocol, { results }] of Object.entries(lookups)) {
    if (protocol === ADMIN_PROTOCOL) continue
    answered += results.found + results.notfound
    deferred += results.temporary + results.permanent
  }
  return { answered, deferred }
}
