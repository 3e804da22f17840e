/**
 * The events of the program: each that matters becomes one log line, one event for watchers and, when
 * it means trouble, one problem for the page. Lookups that went well are not here; see lookup-log.ts.
 */
import type { Clock } from '../core/clock.ts'
import type { DrillReport } from '../core/drill-report.ts'
import { messageOf } from '../core/error-code.ts'
import type { CircuitState, FetchChange, ReplicaChange } from '../core/observer.ts'
import type { CanaryStatus } from '../core/status.ts'
import type { Events } from './events.ts'
import type { Logger } from './logging.ts'
import type { ProblemKind, Problems } from './problems.ts'
import { Sampler } from './sampler.ts'
import { UnknownAnswers } from './unknown-answers.ts'

/** Defects in the log, per second. Ours: what every lookup meets would fill a disk with its stack. */
const DEFECTS_PER_SECOND = 1

/** An episode, of shedding for example, is over when it was quiet for this long, ms. Ours. */
const EPISODE_QUIET_MS = 10_000

/** What became of a canary. The text begins with the cause, because a narrow terminal cuts the end. */
type CanaryWord = Exclude<CanaryStatus['state'], 'unknown'>
const CANARY_TEXTS: Record<CanaryWord, string> = {
  up: 'canary found',
  missing: 'canary not found: the service has lost data or is the wrong one; its "not found" is not believed',
  unreachable: 'canary unanswered: the service fails or is silent; its "not found" is not believed',
}

export interface EventLogParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly events: Events
  readonly problems: Problems
}

export class EventLog {
  readonly #parts: EventLogParts
  /** By what is going on and where: monotonic ms of the last time. Bounded by the configuration. */
  readonly #lastMs = new Map<string, number>()
  readonly #defects: Sampler
  readonly #unknown: UnknownAnswers

  constructor(parts: EventLogParts) {
    this.#parts = parts
    this.#defects = new Sampler(parts.clock, DEFECTS_PER_SECOND)
    this.#unknown = new UnknownAnswers(parts.clock)
  }

  stateChanged(
    state: 'starting' | 'ready' | 'draining' | 'stopped',
    details: Record<string, unknown> = {},
  ): void {
    this.#parts.logger.info({ event: 'state', state, ...details }, `gateway ${state}`)
    this.#parts.events.publish({ type: 'state', atMs: this.#nowMs(), state })
  }

  /** What is worth a thought in a configuration that runs all the same, one sentence each. */
  configurationWarned(warnings: readonly string[]): void {
    for (const warning of warnings) this.#parts.logger.warn({ event: 'configuration' }, warning)
  }

  listenerUp(listener: string, bound: string, protocol: string): void {
    this.#parts.logger.info({ event: 'listener', listener, bound, protocol }, 'listening')
  }

  /** Told for each failure; one line per episode, because accepting is tried again and again. */
  acceptFailed(listener: string, error: Error): void {
    if (!this.#begins(`accept ${listener}`)) return
    this.#parts.logger.error({ event: 'listener', listener, err: error }, 'cannot accept connections')
    this.problem('listener', listener, `cannot accept connections: ${error.message}`)
  }

  /** @param details Counts and names for the log, such as the entries dropped by table. */
  reloaded(text: string, details: Record<string, unknown> = {}): void {
    this.#parts.logger.info({ event: 'reload', ok: true, ...details }, text)
    this.#parts.events.publish({ type: 'reload', atMs: this.#nowMs(), ok: true, text })
  }

  /** @param issues As the command line prints them, one each. */
  reloadFailed(issues: readonly string[]): void {
    const text = 'reload refused; the previous configuration stays in use'
    this.#parts.logger.error({ event: 'reload', ok: false, issues }, text)
    this.#parts.events.publish({ type: 'reload', atMs: this.#nowMs(), ok: false, text: issues.join('\n') })
    this.problem('reload', '', issues[0] ?? text)
  }

  /** @param lastFailure How the last request ended that spoke against the endpoint. */
  circuitChanged(upstream: string, endpoint: string, state: CircuitState, lastFailure?: string): void {
    const level = state === 'open' ? 'warn' : 'info'
    const why = lastFailure && { lastFailure }
    this.#parts.logger[level](
      { event: 'circuit', upstream, endpoint, state, ...(state === 'open' && why) },
      `circuit ${state}`,
    )
    this.#parts.events.publish({ type: 'circuit', atMs: this.#nowMs(), upstream, endpoint, state })
    if (state === 'open') {
      this.problem(
        'circuit',
        `${upstream} ${endpoint}`,
        `the circuit opened${lastFailure === undefined ? '' : ` (last failure: ${lastFailure})`}: no lookups are sent to the endpoint until it answers again`,
      )
    }
  }

  /** @param why Why it is not used any more. */
  sharedStoreChanged(isUp: boolean, why: string): void {
    const text = isUp
      ? 'the shared store is used'
      : 'the shared store is not used until it responds quickly again'
    const fields = { event: 'shared', up: isUp, ...(!isUp && { lastFailure: why }) }
    this.#parts.logger[isUp ? 'info' : 'warn'](fields, text)
    if (!isUp) this.problem('shared', '', `${text}: ${why}; lookups ask the service meanwhile`)
  }

  /** Requests for what an upstream fetches for itself began to fail, or that is over. */
  fetchChanged(upstream: string, { what, text, ...change }: FetchChange): void {
    const { state, failure = text } = change
    this.#parts.logger[state === 'valid' ? 'info' : 'warn']({ event: what, upstream, ...change }, text)
    if (state === 'failing') this.#problem(what, upstream, failure)
  }

  /** Told each time that it happens; one line per episode. */
  upstreamTroubled(upstream: string, what: string, text: string): void {
    if (!this.#begins(`${what} of ${upstream}`)) return
    this.#parts.logger.warn({ event: what, upstream }, text)
    this.#problem(what, upstream, text)
  }

  /** @param failure Why it is unreachable, in words. */
  canaryChanged(
    table: string,
    upstream: string,
    endpoint: string,
    state: CanaryWord,
    failure?: string,
  ): void {
    const up = state === 'up'
    const text = failure === undefined ? CANARY_TEXTS[state] : `${CANARY_TEXTS[state]} (${failure})`
    this.#parts.logger[up ? 'info' : 'warn'](
      { event: 'canary', table, upstream, endpoint, up, state, ...(failure !== undefined && { failure }) },
      CANARY_TEXTS[state],
    )
    this.#parts.events.publish({ type: 'canary', atMs: this.#nowMs(), table, upstream, endpoint, up })
    if (!up) this.problem('canary', `${table} ${upstream} ${endpoint}`, text)
  }

  /** Told for each question turned away; one line per episode. */
  shed(upstream: string): void {
    if (!this.#begins(`shed ${upstream}`)) return
    this.#parts.logger.warn(
      { event: 'shed', upstream },
      'lookups are being shed: no slot is free, or mapgate is overloaded',
    )
    this.problem(
      'shed',
      upstream,
      'lookups were turned away: no place was free, or the program was overloaded',
    )
  }

  /** A drill began, or ended with what it showed. */
  drillChanged(report: DrillReport): void {
    const { upstream, state, endedBy, tables } = report
    this.#unknown.drillChanged(report)
    const text =
      state === 'running'
        ? `a drill begins: the upstream is treated as dead until ${new Date(report.endsAtMs).toISOString()}`
        : 'the drill is over'
    this.#parts.logger[state === 'running' ? 'warn' : 'info'](
      { event: 'drill', upstream, state, ...(endedBy && { endedBy, tables }) },
      text,
    )
  }

  /** A list was taken over as the copy of a table, kept aside, or could not be. */
  replicaChanged(table: string, change: ReplicaChange): void {
    const { logger } = this.#parts
    const { kind, ...rest } = change
    const fields = { event: 'replica', table, change: kind, ...rest }
    switch (change.kind) {
      case 'copied':
        logger.info(fields, 'the list of the table was taken over')
        return
      case 'changed':
        logger.info(fields, 'the changes of the table were taken over')
        return
      case 'whole':
        logger.warn(fields, `the changes of the table could not be used: ${change.reason}`)
        return
      case 'held':
        logger.error(
          fields,
          `the list of the table is kept aside: ${change.reason}; mapgate replica accept ${table}, or reject`,
        )
        this.problem('replica', table, change.reason)
        return
      case 'failed':
        logger.warn(fields, `the list of the table was not taken over: ${change.reason}`)
        this.problem('replica', table, change.reason)
        return
    }
  }

  /** Told for each request that failed; one line per episode. */
  storeFailed(table: string, error: unknown): void {
    if (!this.#begins(`store ${table}`)) return
    const text =
      'what Postfix wrote of the table cannot be read or written; see the disk of the store and its owner, or the shared store'
    this.#parts.logger.error({ event: 'store', table, err: error }, text)
    this.problem('store', table, text)
  }

  /** The service of a table lost many keys that it found before, or that is over. */
  lossChanged(table: string, isHolding: boolean): void {
    const text = isHolding
      ? `the service lost many keys that it found before: its "not found" of such keys is not believed; restore its data or, if they are gone on purpose, mapgate confirm-loss ${table}`
      : 'the loss of keys is over: "not found" is believed again'
    this.#parts.logger[isHolding ? 'error' : 'info']({ event: 'loss', table, holding: isHolding }, text)
    if (isHolding) this.problem('canary', table, text)
  }

  /** Called for each lookup that was answered "not found" by `whenUnknown`. */
  answeredUnknown(table: string): void {
    const line = this.#unknown.answered(table)
    if (line === undefined) return
    this.#parts.logger.warn({ event: 'unknown', table, lookups: line.lookups }, line.text)
    this.problem('lookup', table, line.text)
  }

  /** Told when an overload of the event loop begins; one line per episode. */
  overloaded(): void {
    if (!this.#begins('overload')) return
    const text = 'the event loop does not keep up: only stored answers are given until it does'
    this.#parts.logger.warn({ event: 'overload' }, text)
    this.problem('shed', '', text)
  }

  /** Told for each batch of spans that the collector did not take; one line per episode. */
  tracesLost(error: Error | undefined): void {
    if (!this.#begins('traces')) return
    this.#parts.logger.warn(
      { event: 'tracing', ...(error && { err: error }) },
      'traces lost: the collector does not accept them',
    )
  }

  /** Told for each loss of log lines; it is no line of the log itself. */
  logLinesDropped(why: string): void {
    if (!this.#begins(`log ${why}`)) return
    this.problem('log', '', `log lines are being lost: ${why}; check its disk, pipe or collector`)
  }

  /** Something about the cache file, the secrets' files or the watched configuration that an operator has to see to; lookups go on. */
  fileTrouble(kind: 'cache-file' | 'secrets' | 'reload', where: string, text: string): void {
    this.#parts.logger.warn({ event: kind, where }, text)
    this.problem(kind, where, text)
  }

  /** A bug here. The stack goes to the log and nowhere else. */
  defect(error: unknown, where: string): void {
    const suppressed = this.#defects.take()
    if (suppressed !== undefined) {
      const count = suppressed > 0 ? { suppressed } : {}
      this.#parts.logger.error({ event: 'defect', where, err: error, ...count }, 'defect: please report it')
    }
    this.problem('defect', where, messageOf(error))
  }

  problem(kind: ProblemKind, where: string, text: string): void {
    this.#problem(kind, where, text)
  }

  #problem(kind: string, where: string, text: string): void {
    this.#parts.events.publish({ type: 'problem', problem: this.#parts.problems.add(kind, where, text) })
  }

  /** Returns whether this is the first of an episode. */
  #begins(episode: string): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    const lastMs = this.#lastMs.get(episode) ?? Number.NEGATIVE_INFINITY
    this.#lastMs.set(episode, nowMs)
    return nowMs - lastMs >= EPISODE_QUIET_MS
  }

  #nowMs(): number {
    return this.#parts.clock.wallMs()
  }
}
