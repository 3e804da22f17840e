/**
 * Everything that looks at the running program, built once: counters, metrics, log, events,
 * problems and history, wired to each other.
 */
import type { Clock } from '../core/clock.ts'
import type { GatewayStatus } from '../core/status.ts'
import { Counters } from './counters.ts'
import { EventLog } from './event-log.ts'
import { EventWriter } from './event-writer.ts'
import { Events } from './events.ts'
import { GatewayObserver } from './gateway-observer.ts'
import { History } from './history.ts'
import type { Logging } from './logging.ts'
import { LookupLog } from './lookup-log.ts'
import { type MeteredKind, Metrics } from './metrics.ts'
import { Problems } from './problems.ts'
import type { Redactor } from './redaction.ts'
import { ServiceEvents } from './service-events.ts'

interface ObservabilityOptions {
  readonly clock: Clock
  readonly logging: Logging
  readonly redactor: Redactor
  /** What the program does now; asked at scrapes and every two seconds, never during construction. */
  readonly status: () => GatewayStatus
  readonly version: string
  /** The protocols whose lookups are counted, that of the admin API among them. */
  readonly protocols: readonly string[]
  /** With the metrics that they bring. Default none. */
  readonly upstreamKinds?: Iterable<MeteredKind>
  /** See tracing.ts; absent without tracing. */
  readonly traceId?: () => string | undefined
}

/** One for the whole program; lives on over reloads. */
export class Observability {
  readonly counters: Counters
  readonly logging: Logging
  readonly redactor: Redactor
  readonly events: Events
  readonly problems: Problems
  readonly eventLog: EventLog
  readonly serviceEvents: ServiceEvents
  readonly observer: GatewayObserver
  readonly metrics: Metrics
  readonly history: History

  constructor({
    clock,
    logging,
    redactor,
    status,
    version,
    protocols,
    upstreamKinds = [],
    traceId = () => undefined,
  }: ObservabilityOptions) {
    this.counters = new Counters(protocols)
    this.logging = logging
    this.redactor = redactor
    this.events = new Events((json) => redactor.json(json))
    this.problems = new Problems(clock, (text) => redactor.text(text))
    const { events, problems, counters } = this
    const writer = new EventWriter({
      clock,
      logger: logging.logger,
      events,
      problems,
      renderKey: (key) => logging.renderKey(key),
    })
    this.eventLog = new EventLog(writer, clock)
    this.serviceEvents = new ServiceEvents(writer, clock)
    const reports = new LookupLog({ clock, logging, events, eventLog: this.eventLog, traceId })
    this.observer = new GatewayObserver(counters, this, reports)
    this.metrics = new Metrics({
      counters,
      status,
      version,
      logLinesDropped: () => logging.droppedLines,
      upstreamKinds,
    })
    this.history = new History(clock, counters, status, (point) => events.publish({ type: 'history', point }))
  }
}
