/**
 * Events of what is asked: upstreams, their circuits and canaries, the tables that they answer, the shared store.
 */
import type { Clock } from '../core/clock.ts'
import type { DrillReport } from '../core/observed/drill-report.ts'
import type { CircuitState, FetchChange, ReplicaChange } from '../core/observed/observer.ts'
import type { CanaryStatus } from '../core/status.ts'
import { eventText } from './event-texts.ts'
import type { EventWriter } from './event-writer.ts'
import { shownKeys } from './log-key.ts'
import { UnknownAnswers } from './unknown-answers.ts'

/** What became of a canary. Its text begins with the cause, because a narrow terminal cuts the end. */
type CanaryWord = Exclude<CanaryStatus['state'], 'unknown'>
const CANARY_EVENTS = {
  up: 'canary-up',
  missing: 'canary-missing',
  unreachable: 'canary-unreachable',
} as const satisfies Record<CanaryWord, string>

export class ServiceEvents {
  readonly #writer: EventWriter
  readonly #unknown: UnknownAnswers
  #hasToldFuture = false

  constructor(writer: EventWriter, clock: Clock) {
    this.#writer = writer
    this.#unknown = new UnknownAnswers(clock)
  }

  /** @param lastFailure How the last request ended that spoke against the endpoint. */
  circuitChanged(upstream: string, endpoint: string, state: CircuitState, lastFailure?: string): void {
    const level = state === 'open' ? 'warn' : 'info'
    const why = lastFailure && { lastFailure }
    this.#writer.logger[level](
      { event: 'circuit', upstream, endpoint, state, ...(state === 'open' && why) },
      eventText('circuit-state', state),
    )
    this.#writer.publish({ type: 'circuit', atMs: this.#writer.wallMs(), upstream, endpoint, state })
    if (state === 'open') {
      this.#writer.problem(
        'circuit',
        `${upstream} ${endpoint}`,
        eventText('circuit-opened', lastFailure === undefined ? '' : ` (last failure: ${lastFailure})`),
      )
    }
  }

  /** @param why Why it is not used any more. */
  sharedStoreChanged(isUp: boolean, why: string): void {
    const fields = { event: 'shared', up: isUp, ...(!isUp && { lastFailure: why }) }
    this.#writer.logger[isUp ? 'info' : 'warn'](fields, eventText(isUp ? 'shared-up' : 'shared-down'))
    if (!isUp) this.#writer.problem('shared', '', eventText('shared-down-because', why))
  }

  /** Called for each that is read; told once. */
  sharedFromFuture(): void {
    if (this.#hasToldFuture) return
    this.#hasToldFuture = true
    this.#writer.logger.warn({ event: 'shared' }, eventText('shared-from-future'))
  }

  /** Requests for what an upstream fetches for itself began to fail, or that is over. */
  fetchChanged(upstream: string, { what, text, ...change }: FetchChange): void {
    const { state, failure = text } = change
    this.#writer.logger[state === 'valid' ? 'info' : 'warn']({ event: what, upstream, ...change }, text)
    if (state === 'failing') this.#writer.upstreamProblem(what, upstream, failure)
  }

  /** Called each time that it happens; one line per episode. */
  upstreamTroubled(upstream: string, what: string, text: string): void {
    if (!this.#writer.begins(`${what} of ${upstream}`)) return
    this.#writer.logger.warn({ event: what, upstream }, text)
    this.#writer.upstreamProblem(what, upstream, text)
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
    const found = eventText(CANARY_EVENTS[state])
    const text = failure === undefined ? found : `${found} (${failure})`
    this.#writer.logger[up ? 'info' : 'warn'](
      { event: 'canary', table, upstream, endpoint, up, state, ...(failure !== undefined && { failure }) },
      found,
    )
    this.#writer.publish({ type: 'canary', atMs: this.#writer.wallMs(), table, upstream, endpoint, up })
    if (!up) this.#writer.problem('canary', `${table} ${upstream} ${endpoint}`, text)
  }

  /** Called for each question turned away; one line per episode. */
  shed(upstream: string): void {
    if (!this.#writer.begins(`shed ${upstream}`)) return
    const text = eventText('lookups-shed')
    this.#writer.logger.warn({ event: 'shed', upstream }, text)
    this.#writer.problem('shed', upstream, text)
  }

  /** A drill began, or ended with what it showed. */
  drillChanged(report: DrillReport): void {
    const { upstream, state, endedBy, tables } = report
    this.#unknown.drillChanged(report)
    const text =
      state === 'running'
        ? eventText('drill-begins', new Date(report.endsAtMs).toISOString())
        : eventText('drill-over')
    this.#writer.logger[state === 'running' ? 'warn' : 'info'](
      { event: 'drill', upstream, state, ...(endedBy && { endedBy, tables }) },
      text,
    )
  }

  /** @param lastFailure How the last request ended. */
  failsAfterDrill(upstream: string, lastFailure: string | undefined): void {
    const why = lastFailure === undefined ? '' : ` (last failure: ${lastFailure})`
    const text = eventText('outage-after-drill', why)
    this.#writer.logger.warn({ event: 'drill', upstream, state: 'ended', lastFailure }, text)
    this.#writer.problem('circuit', upstream, text)
  }

  /** A list was taken over as the copy of a table, kept aside, or could not be. */
  replicaChanged(table: string, change: ReplicaChange): void {
    const { logger, renderKey } = this.#writer
    const { kind, ...rest } = change
    const fields = { event: 'replica', table, change: kind, ...rest }
    switch (change.kind) {
      case 'copied': {
        const { entries, firstKeys } = change
        if (firstKeys === undefined) {
          logger.info(fields, eventText('list-copied'))
          return
        }
        const shown = shownKeys(firstKeys, renderKey)
        const suchAs = shown === undefined ? '' : `, such as ${shown.join(', ')}`
        logger.info(
          { ...fields, firstKeys: shown ?? [] },
          eventText('list-copied-first', `${entries} ${entries === 1 ? 'entry' : 'entries'}${suchAs}`),
        )
        return
      }
      case 'changed':
        logger.info(fields, eventText('list-changed'))
        return
      case 'whole':
        logger.warn(fields, eventText('list-changes-unusable', change.reason))
        return
      case 'held': {
        const { missing: keys = [], ...held } = change
        const missing = shownKeys(keys, renderKey)
        const such = missing === undefined ? '' : `, such as ${missing.join(', ')}`
        logger.error(
          { event: 'replica', table, change: kind, ...held, ...(missing && { missing }) },
          eventText('list-held', `${change.reason}${such}`, table),
        )
        this.#writer.problem('replica', table, change.reason)
        return
      }
      case 'failed':
        logger.warn(fields, eventText('list-failed', change.reason))
        this.#writer.problem('replica', table, change.reason)
        return
    }
  }

  /** Called for each request that failed; one line per episode. */
  storeFailed(table: string, error: unknown): void {
    if (!this.#writer.begins(`store ${table}`)) return
    const text = eventText('store-failed')
    this.#writer.logger.error({ event: 'store', table, err: error }, text)
    this.#writer.problem('store', table, text)
  }

  /** The service of a table lost many keys that it found before, or that is over. */
  lossChanged(table: string, isHolding: boolean): void {
    const text = isHolding ? eventText('loss-holding', table) : eventText('loss-over')
    this.#writer.logger[isHolding ? 'error' : 'info']({ event: 'loss', table, holding: isHolding }, text)
    if (isHolding) this.#writer.problem('canary', table, text)
  }

  /** Called for each lookup that was answered "not found" by `whenUnknown`. */
  answeredUnknown(table: string): void {
    const line = this.#unknown.answered(table)
    if (line === undefined) return
    this.#writer.logger.warn({ event: 'unknown', table, lookups: line.lookups }, line.text)
    this.#writer.problem('lookup', table, line.text)
  }
}
