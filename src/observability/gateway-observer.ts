/**
 * The observer of the whole program: the core, the upstreams and the listeners tell it what
 * happens; it counts, and hands on what is worth telling.
 *
 * On the cached path it adds to plain numbers and asks three flags.
 */
import type { CacheOutcome } from '../core/observed/explain.ts'
import type {
  ListenerObserver,
  Observer,
  TableObserver,
  TierObserver,
  UpstreamObserver,
} from '../core/observed/observer.ts'
import {
  type Counters,
  increment,
  type ListenerCounters,
  type SharedStoreCounters,
  type TableCounters,
  type UpstreamCounters,
} from './counters.ts'
import type { EventLog } from './event-log.ts'
import type { LookupLog } from './lookup-log.ts'
import type { ServiceEvents } from './service-events.ts'

/** Where what happens is written. */
interface EventLogs {
  readonly eventLog: EventLog
  readonly serviceEvents: ServiceEvents
}

export class GatewayObserver implements Observer {
  readonly tier: TierObserver
  readonly #counters: Counters
  readonly #eventLog: EventLog
  readonly #serviceEvents: ServiceEvents
  readonly #reports: LookupLog
  readonly #tables = new Map<string, TableObserver>()
  readonly #upstreams = new Map<string, UpstreamObserver>()

  constructor(counters: Counters, { eventLog, serviceEvents }: EventLogs, reports: LookupLog) {
    this.#counters = counters
    this.#eventLog = eventLog
    this.#serviceEvents = serviceEvents
    this.#reports = reports
    this.tier = observeTier(counters.shared, serviceEvents)
  }

  table(name: string): TableObserver {
    let observer = this.#tables.get(name)
    if (observer === undefined) {
      observer = observeTable(this.#counters.table(name), this.#serviceEvents, this.#reports)
      this.#tables.set(name, observer)
    }
    return observer
  }

  upstream(name: string): UpstreamObserver {
    let observer = this.#upstreams.get(name)
    if (observer === undefined) {
      observer = observeUpstream(this.#counters.upstream(name), this.#serviceEvents)
      this.#upstreams.set(name, observer)
    }
    return observer
  }

  listener(name: string): ListenerObserver {
    return observeListener(this.#counters.listener(name), this.#eventLog, this.table(''), (error) =>
      this.defect(error, `listener ${name}`),
    )
  }

  defect(error: unknown, where: string): void {
    this.#counters.defects += 1
    this.#eventLog.defect(error, where)
  }
}

function observeTable(
  counters: TableCounters,
  serviceEvents: ServiceEvents,
  reports: LookupLog,
): TableObserver {
  return {
    answered(query, result, source, durationMs, explanation) {
      counters.answered(query.protocol, result, source, durationMs)
      if (query.attributes !== undefined) {
        const reply = query.client?.replyKind?.(result)
        if (reply !== undefined) counters.replied(query.protocol, reply)
      }
      reports.answered(counters.name, query, result, source, durationMs, explanation)
    },
    cacheLooked(outcome: CacheOutcome) {
      counters.cache[outcome] += 1
    },
    tierLooked(outcome) {
      counters.tier[outcome] += 1
    },
    cacheEvicted(count) {
      counters.evictions += count
    },
    outageAnswered(rule) {
      increment(counters.outageAnswers, rule)
      if (rule === 'when-unknown') serviceEvents.answeredUnknown(counters.name)
    },
    storeAnswered(operation, result, durationMs) {
      counters.storeAnswered(operation, result, durationMs)
    },
    storeFailed(error) {
      serviceEvents.storeFailed(counters.name, error)
    },
    replicaChanged(change) {
      serviceEvents.replicaChanged(counters.name, change)
    },
    lossChanged(isHolding) {
      serviceEvents.lossChanged(counters.name, isHolding)
    },
    canaryChanged(upstream, endpoint, state, failure) {
      serviceEvents.canaryChanged(counters.name, upstream, endpoint, state, failure)
    },
  }
}

function observeUpstream(counters: UpstreamCounters, serviceEvents: ServiceEvents): UpstreamObserver {
  return {
    requestEnded(endpoint, outcome, durationMs) {
      counters.requestEnded(endpoint, outcome, durationMs)
    },
    retried() {
      counters.retries += 1
    },
    hedged() {
      counters.hedges += 1
    },
    shed() {
      counters.shed += 1
      serviceEvents.shed(counters.name)
    },
    circuitChanged(endpoint, state, lastFailure) {
      serviceEvents.circuitChanged(counters.name, endpoint, state, lastFailure)
    },
    endpointChecked(endpoint, verdict) {
      counters.endpointChecked(endpoint, verdict)
    },
    fetchChanged(change) {
      serviceEvents.fetchChanged(counters.name, change)
    },
    troubled(what, text) {
      serviceEvents.upstreamTroubled(counters.name, what, text)
    },
  }
}

function observeTier(counters: SharedStoreCounters, serviceEvents: ServiceEvents): TierObserver {
  return {
    replied(durationMs, bytes) {
      counters.durations.observe(durationMs)
      counters.bytes.read += bytes
    },
    failed(failure) {
      counters.failures[failure] += 1
    },
    wrote(outcome, count, bytes) {
      counters.writes[outcome] += count
      counters.bytes.written += bytes
    },
    purged() {
      counters.purges += 1
    },
    foreignEntry() {
      counters.foreignEntries += 1
    },
    fromFuture() {
      serviceEvents.sharedFromFuture()
    },
    changed(isUp, why) {
      serviceEvents.sharedStoreChanged(isUp, why)
    },
  }
}

function observeListener(
  counters: ListenerCounters,
  eventLog: EventLog,
  /** Counts for every table that is not configured: what a listener refuses has named no table that it serves. */
  noTable: TableObserver,
  defect: (error: unknown) => void,
): ListenerObserver {
  return {
    connectionOpened() {
      counters.connections += 1
    },
    connectionShed() {
      counters.shed += 1
    },
    connectionRefused(reason) {
      increment(counters.refused, reason)
    },
    protocolError(kind) {
      increment(counters.protocolErrors, kind)
    },
    lookupRefused(query, result) {
      noTable.answered(query, result, 'refused', 0, undefined)
    },
    changeRefused(table) {
      eventLog.changeRefused(counters.name, table)
    },
    passFailed(cause, text) {
      increment(counters.passFailures, cause)
      eventLog.passFailed(counters.name, text)
    },
    acceptFailed(error) {
      eventLog.acceptFailed(counters.name, error)
    },
    defect,
  }
}
