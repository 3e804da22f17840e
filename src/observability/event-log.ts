/**
 * Events of the program itself: its start and end, listeners, reloads, files, overload, defects. Those of services are in
 * service-events.ts, lookups in lookup-log.ts.
 */
import type { Clock } from '../core/clock.ts'
import { TABLE_NAME } from '../core/settings/table-name.ts'
import { messageOf } from '../core/system/error-code.ts'
import { eventText } from './event-texts.ts'
import type { EventWriter } from './event-writer.ts'
import type { ProblemKind } from './problems.ts'
import { RepeatedLines } from './repeated-lines.ts'
import { Sampler } from './sampler.ts'

/** Defects in the log, per second. Ours: what every lookup meets would fill a disk with its stack. */
const DEFECTS_PER_SECOND = 1

/** Longest table name of a client that is logged, in characters. Ours. */
const MAX_ASKED_LENGTH = 100

export class EventLog {
  readonly #writer: EventWriter
  readonly #defects: Sampler
  readonly #repeated: RepeatedLines

  constructor(writer: EventWriter, clock: Clock) {
    this.#writer = writer
    this.#defects = new Sampler(clock, DEFECTS_PER_SECOND)
    this.#repeated = new RepeatedLines(clock)
  }

  stateChanged(
    state: 'starting' | 'ready' | 'draining' | 'stopped',
    details: Record<string, unknown> = {},
  ): void {
    this.#writer.logger.info({ event: 'state', state, ...details }, eventText('gateway-state', state))
    this.#writer.publish({ type: 'state', atMs: this.#writer.wallMs(), state })
  }

  /** What is worth a thought in a configuration that runs all the same, one sentence each. */
  configurationWarned(warnings: readonly string[]): void {
    for (const warning of warnings) this.#writer.logger.warn({ event: 'configuration' }, warning)
  }

  listenerUp(listener: string, bound: string, protocol: string): void {
    this.#writer.logger.info({ event: 'listener', listener, bound, protocol }, eventText('listener-up'))
  }

  /** Called for each failure; one line per episode, because accepting is tried again and again. */
  acceptFailed(listener: string, error: Error): void {
    if (!this.#writer.begins(`accept ${listener}`)) return
    this.#writer.logger.error({ event: 'listener', listener, err: error }, eventText('accept-failed'))
    this.#writer.problem('listener', listener, eventText('accept-failed-because', error.message))
  }

  /** Called for each change that was refused; one line a minute for each listener. @param table As the client named it. */
  changeRefused(listener: string, table: string): void {
    const requests = this.#repeated.take(`write ${listener}`)
    if (requests === undefined) return
    // Anything else in a table's place may be an address.
    const named = TABLE_NAME.test(table) ? ` ${table.slice(0, MAX_ASKED_LENGTH)}` : ''
    const text = eventText('change-refused', named)
    this.#writer.logger.warn({ event: 'write', listener, requests }, text)
    this.#writer.problem('listener', listener, text)
  }

  /** Called for each request that another server did not answer; one line a minute for each listener. */
  passFailed(listener: string, text: string): void {
    const requests = this.#repeated.take(`pass ${listener}`)
    if (requests === undefined) return
    this.#writer.logger.error({ event: 'pass', listener, requests }, text)
    this.#writer.problem('listener', listener, text)
  }

  /** @param details Counts and names for the log, such as the entries dropped by table. */
  reloaded(text: string, details: Record<string, unknown> = {}): void {
    this.#writer.logger.info({ event: 'reload', ok: true, ...details }, text)
    this.#writer.publish({ type: 'reload', atMs: this.#writer.wallMs(), ok: true, text })
  }

  /** @param issues As the command line prints them, one each. */
  reloadFailed(issues: readonly string[]): void {
    const text = eventText('reload-refused')
    this.#writer.logger.error({ event: 'reload', ok: false, issues }, text)
    this.#writer.publish({ type: 'reload', atMs: this.#writer.wallMs(), ok: false, text: issues.join('\n') })
    this.#writer.problem('reload', '', issues[0] ?? text)
  }

  /** Called when an overload of the event loop begins; one line per episode. */
  overloaded(): void {
    if (!this.#writer.begins('overload')) return
    const text = eventText('overloaded')
    this.#writer.logger.warn({ event: 'overload' }, text)
    this.#writer.problem('shed', '', text)
  }

  /** Called for each batch of spans that the collector did not take; one line per episode. */
  tracesLost(error: Error | undefined): void {
    if (!this.#writer.begins('traces')) return
    this.#writer.logger.warn({ event: 'tracing', ...(error && { err: error }) }, eventText('traces-lost'))
  }

  /** Called for each loss of log lines; it is no line of the log itself. */
  logLinesDropped(why: string): void {
    if (!this.#writer.begins(`log ${why}`)) return
    this.#writer.problem('log', '', eventText('log-lines-lost', why))
  }

  /** Something about the cache file, the secrets' files or the watched configuration that an operator has to see to; lookups go on. */
  fileTrouble(kind: 'cache-file' | 'secrets' | 'reload', where: string, text: string): void {
    this.#writer.logger.warn({ event: kind, where }, text)
    this.#writer.problem(kind, where, text)
  }

  /** A bug here. The stack goes to the log and nowhere else. */
  defect(error: unknown, where: string): void {
    const suppressed = this.#defects.take()
    if (suppressed !== undefined) {
      const count = suppressed > 0 ? { suppressed } : {}
      this.#writer.logger.error({ event: 'defect', where, err: error, ...count }, eventText('defect'))
    }
    this.#writer.problem('defect', where, messageOf(error))
  }

  problem(kind: ProblemKind, where: string, text: string): void {
    this.#writer.problem(kind, where, text)
  }
}
