/**
 * Every metric of the program, in one file, under the prefix `mapgate_`.
 *
 * Nothing here is on the path of a lookup: the counters are plain numbers (counters.ts) and the
 * gauges are read from the program's status; both are copied into prom-client when Prometheus
 * scrapes. Labels are closed sets or names of the configuration, never what a client sent.
 *
 * Names and help texts: https://prometheus.io/docs/practices/naming/. docs/metrics.md explains
 * each one, and a test keeps the two in step.
 */
import { collectDefaultMetrics, type Registry } from 'prom-client'
import type { CircuitState } from '../core/observer.ts'
import type { GatewayStatus } from '../core/status.ts'
import { type Counters, RESULT_KINDS, type TableCounters } from './counters.ts'
import { LOOKUP_SECONDS_BUCKETS, REQUEST_SECONDS_BUCKETS } from './latency.ts'
import { type Labels, ScrapedMetrics, type Write } from './scraped-metrics.ts'

const PREFIX = 'mapgate_'
const MS_PER_SECOND = 1000

/** Value of `circuit_state`: the higher, the worse. */
const CIRCUIT_VALUES: Record<CircuitState, number> = { closed: 0, 'half-open': 1, open: 2 }

/** Gauges of Node.js whose name ends in `_total`, which `promtool check metrics` refuses. */
const MISNAMED_NODE_GAUGES = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** Where the numbers come from. */
export interface MetricSources {
  readonly counters: Counters
  /** Asked once per scrape. */
  readonly status: () => GatewayStatus
  readonly logLinesDropped: () => number
  readonly version: string
}

/** The registry, and the text that Prometheus reads. */
export class Metrics {
  readonly #sources: MetricSources
  readonly #metrics: ScrapedMetrics

  constructor(sources: MetricSources) {
    this.#sources = sources
    this.#metrics = new ScrapedMetrics(PREFIX, sources.status)
    collectDefaultMetrics({ register: this.registry })
    for (const name of MISNAMED_NODE_GAUGES) this.registry.removeSingleMetric(name)
    this.#defineLookups()
    this.#defineCache()
    this.#defineUpstreams()
    this.#defineEndpoints()
    this.#defineListeners()
    this.#defineProgram()
  }

  get registry(): Registry {
    return this.#metrics.registry
  }

  get contentType(): string {
    return this.registry.contentType
  }

  /** The exposition text. Scrapes at the same moment share one. */
  text(): Promise<string> {
    return this.#metrics.text()
  }

  #defineLookups(): void {
    this.#metrics.counter(
      'lookups_total',
      'Lookups answered, by protocol, table and result kind.',
      ['protocol', 'table', 'result'],
      (write) => {
        // A configured table shows zeroes, so that a rate exists from the first lookup on.
        for (const table of this.#tables())
          for (const [protocol, { results }] of Object.entries(table.lookups))
            for (const result of RESULT_KINDS) write({ protocol, table: table.name, result }, results[result])
      },
    )
    this.#metrics.counter(
      'lookup_failures_total',
      'Lookups answered as temporary or permanent failure, by table and cause.',
      ['table', 'cause'],
      (write) => {
        for (const table of this.#tables())
          for (const [cause, count] of table.causes) write({ table: table.name, cause }, count)
      },
    )
    this.#metrics.histogram(
      'lookup_duration_seconds',
      'Time from a complete request to its answer, by table and by where the answer came from.',
      ['table', 'source'],
      LOOKUP_SECONDS_BUCKETS,
      (add) => {
        for (const table of this.#tables())
          for (const lookups of Object.values(table.lookups))
            for (const [source, durations] of lookups.durations) add({ table: table.name, source }, durations)
      },
    )
  }

  #defineCache(): void {
    this.#metrics.counter(
      'cache_requests_total',
      'Search keys for which the answer store was asked, by table and what it had.',
      ['table', 'outcome'],
      (write) => {
        for (const table of this.#tables())
          for (const [outcome, count] of Object.entries(table.cache))
            write({ table: table.name, outcome }, count)
      },
    )
    this.#metrics.gauge(
      'cache_entries',
      'Answers stored now, by table and kind.',
      ['table', 'kind'],
      (write, status) => {
        for (const { name, cache } of status.tables) {
          if (cache === undefined) continue
          write({ table: name, kind: 'found' }, cache.foundEntries)
          write({ table: name, kind: 'notfound' }, cache.negativeEntries)
        }
      },
    )
    this.#metrics.gauge(
      'cache_bytes',
      'Memory that the stored keys and values take now, estimated, by table.',
      ['table'],
      (write, status) => {
        for (const { name, cache } of status.tables)
          if (cache !== undefined) write({ table: name }, cache.bytes)
      },
    )
    this.#metrics.counter(
      'cache_evictions_total',
      'Answers pushed out of the store by its bounds, by table.',
      ['table'],
      (write) => {
        for (const table of this.#tables()) write({ table: table.name }, table.evictions)
      },
    )
    this.#metrics.gauge(
      'cache_file_last_save_timestamp_seconds',
      'When the cache file was last written, as Unix time.',
      [],
      (write) => {
        writeTimestamp(write, {}, this.#sources.counters.cacheFileSavedMs)
      },
    )
  }

  #defineUpstreams(): void {
    const { counters } = this.#sources
    this.#metrics.counter(
      'upstream_requests_total',
      'HTTP requests that ended, by upstream, endpoint and how they ended.',
      ['upstream', 'endpoint', 'outcome'],
      (write) => {
        for (const upstream of counters.upstreams.values())
          for (const [endpoint, { outcomes }] of upstream.endpoints)
            for (const [outcome, count] of outcomes)
              write({ upstream: upstream.name, endpoint, outcome }, count)
      },
    )
    this.#metrics.histogram(
      'upstream_request_duration_seconds',
      'Time of one HTTP request until its whole reply arrived or it failed, by upstream and endpoint.',
      ['upstream', 'endpoint'],
      REQUEST_SECONDS_BUCKETS,
      (add) => {
        for (const upstream of counters.upstreams.values())
          for (const [endpoint, { durations }] of upstream.endpoints)
            add({ upstream: upstream.name, endpoint }, durations)
      },
    )
    this.#metrics.gauge(
      'upstream_in_flight',
      'HTTP requests under way now, by upstream.',
      ['upstream'],
      (write, status) => {
        for (const { name, kind, inFlight } of status.upstreams)
          if (kind === 'http') write({ upstream: name }, inFlight)
      },
    )
    this.#metrics.gauge(
      'upstream_queued',
      'Questions that wait for a place now, by upstream.',
      ['upstream'],
      (write, status) => {
        for (const { name, kind, queued } of status.upstreams)
          if (kind === 'http') write({ upstream: name }, queued)
      },
    )
    this.#metrics.counter(
      'upstream_shed_total',
      'Questions turned away at once, because no place was free or the program is overloaded, by upstream.',
      ['upstream'],
      (write) => {
        for (const { name, shed } of counters.upstreams.values()) write({ upstream: name }, shed)
      },
    )
    this.#metrics.counter(
      'upstream_retries_total',
      'Second and later attempts for one question, on any endpoint, by upstream.',
      ['upstream'],
      (write) => {
        for (const { name, retries } of counters.upstreams.values()) write({ upstream: name }, retries)
      },
    )
    this.#metrics.counter(
      'upstream_hedges_total',
      'Second requests sent because the first was slow, by upstream.',
      ['upstream'],
      (write) => {
        for (const { name, hedges } of counters.upstreams.values()) write({ upstream: name }, hedges)
      },
    )
  }

  #defineEndpoints(): void {
    this.#metrics.gauge(
      'upstream_certificate_expiry_timestamp_seconds',
      'When the certificate that an https endpoint showed last expires, as Unix time.',
      ['upstream', 'endpoint'],
      (write, status) => {
        for (const { name: upstream, endpoints } of status.upstreams)
          for (const { name: endpoint, certificateExpiresAtMs } of endpoints)
            writeTimestamp(write, { upstream, endpoint }, certificateExpiresAtMs)
      },
    )
    this.#metrics.gauge(
      'circuit_state',
      'Circuit of an endpoint now: 0 closed, 1 half-open, 2 open.',
      ['upstream', 'endpoint'],
      (write, status) => {
        for (const { name: upstream, endpoints } of status.upstreams)
          for (const { name: endpoint, circuit } of endpoints)
            write({ upstream, endpoint }, CIRCUIT_VALUES[circuit])
      },
    )
    this.#metrics.gauge(
      'canary_up',
      "1 while an endpoint's last answer to the canary of a table was found, else 0, by table, upstream and endpoint.",
      ['table', 'upstream', 'endpoint'],
      (write, status) => {
        for (const table of status.tables)
          for (const { upstream, endpoint, state } of table.canaries)
            write({ table: table.name, upstream, endpoint }, state === 'up' ? 1 : 0)
      },
    )
  }

  #defineListeners(): void {
    const { counters } = this.#sources
    this.#metrics.gauge(
      'connections',
      'Client connections open now, by listener.',
      ['listener'],
      (write, status) => {
        for (const { name, connections } of status.listeners) write({ listener: name }, connections)
      },
    )
    this.#metrics.counter(
      'connections_total',
      'Client connections accepted, by listener.',
      ['listener'],
      (write) => {
        for (const { name, connections } of counters.listeners.values())
          write({ listener: name }, connections)
      },
    )
    this.#metrics.counter(
      'connections_refused_total',
      'Client connections closed at once, by listener and reason.',
      ['listener', 'reason'],
      (write) => {
        for (const { name, refused } of counters.listeners.values())
          for (const [reason, count] of refused) write({ listener: name, reason }, count)
      },
    )
    this.#metrics.counter(
      'connections_shed_total',
      'Idle or stalled client connections closed to make room for new ones, by listener.',
      ['listener'],
      (write) => {
        for (const { name, shed } of counters.listeners.values()) write({ listener: name }, shed)
      },
    )
    this.#metrics.counter(
      'protocol_errors_total',
      'Requests that break the protocol, by listener and kind.',
      ['listener', 'kind'],
      (write) => {
        for (const { name, protocolErrors } of counters.listeners.values())
          for (const [kind, count] of protocolErrors) write({ listener: name, kind }, count)
      },
    )
  }

  #defineProgram(): void {
    const { counters, version, logLinesDropped } = this.#sources
    this.#metrics.counter(
      'defects_total',
      'Exceptions where none may be, each answered as temporary: a bug; see the log.',
      [],
      (write) => write({}, counters.defects),
    )
    this.#metrics.counter(
      'log_lines_dropped_total',
      'Log lines thrown away because standard output was not read fast enough or could not be written.',
      [],
      (write) => write({}, logLinesDropped()),
    )
    this.#metrics.gauge(
      'ready',
      '1 while lookups are served, 0 while starting and draining.',
      [],
      (write, status) => write({}, status.state === 'ready' ? 1 : 0),
    )
    this.#metrics.counter(
      'config_reloads_total',
      'Reloads of the configuration, by result: ok, or failed with the old one kept.',
      ['result'],
      (write) => {
        write({ result: 'ok' }, counters.reloads.ok)
        write({ result: 'failed' }, counters.reloads.failed)
      },
    )
    this.#metrics.gauge(
      'config_last_reload_timestamp_seconds',
      'When the configuration in use was loaded, as Unix time.',
      [],
      (write) => writeTimestamp(write, {}, counters.lastReloadMs),
    )
    this.#metrics.gauge(
      'build_info',
      'Always 1; the labels tell the version of mapgate and of Node.js.',
      ['version', 'node_version'],
      (write) => write({ version, node_version: process.version }, 1),
    )
  }

  #tables(): Iterable<TableCounters> {
    return this.#sources.counters.tables.values()
  }
}

/** An instant that is not known yet is left out rather than shown as 1970. */
function writeTimestamp(write: Write, labels: Labels, wallMs: number | undefined): void {
  if (wallMs !== undefined) write(labels, wallMs / MS_PER_SECOND)
}
