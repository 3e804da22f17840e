/**
 * Every metric of the program, under the prefix `mapgate_`, and the text that Prometheus reads.
 *
 * Nothing here is on the path of a lookup: the counters are plain numbers (counters.ts) and the
 * gauges are read from the program's status; both are copied into prom-client when Prometheus
 * scrapes. prom-client itself is loaded by the first scrape: a start does not wait for it, and a gateway that nobody
 * scrapes does not hold it. Labels are closed sets or names of the configuration, never what a client sent.
 *
 * docs/metrics.md explains each one, and a test keeps the two in sync.
 */
import type { Metric } from '../core/observed/metric.ts'
import type { GatewayStatus, UpstreamStatus } from '../core/status.ts'
import type { Counters } from './counters.ts'
import { CACHE_ROWS, LOOKUP_ROWS, type MetricSource, type Row } from './metric-rows.ts'
import { LISTENER_ROWS, PROGRAM_ROWS, UPSTREAM_ROWS } from './program-metrics.ts'
import { REPLICA_ROWS } from './replica-rows.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'
import { SHARED_ROWS } from './shared-rows.ts'
import { SHADOW_ROWS, STORE_ROWS } from './table-rows.ts'

const PREFIX = 'mapgate_'

/** Of the exposition format. Source: https://prometheus.io/docs/instrumenting/exposition_formats/. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** An upstream kind as the metrics know it. */
export interface MeteredKind {
  readonly name: string
  /** A row may belong to several kinds. */
  readonly metrics: readonly Metric<UpstreamStatus>[]
}

/** Where the numbers come from. */
interface MetricSources {
  readonly counters: Counters
  /** Asked once per scrape. */
  readonly status: () => GatewayStatus
  readonly logLinesDropped: () => number
  readonly version: string
  readonly upstreamKinds: Iterable<MeteredKind>
}

export class Metrics {
  readonly contentType = CONTENT_TYPE
  readonly #sources: MetricSources
  #scraped: Promise<ScrapedMetrics> | undefined
  #scrape: Promise<string> | undefined

  constructor(sources: MetricSources) {
    this.#sources = sources
  }

  /** The exposition text. Scrapes at the same moment share one. */
  text(): Promise<string> {
    this.#scrape ??= this.scraped()
      .then((metrics) => metrics.text())
      .finally(() => {
        this.#scrape = undefined
      })
    return this.#scrape
  }

  /** Every metric, for the text and for tests that look at one. */
  scraped(): Promise<ScrapedMetrics> {
    this.#scraped ??= this.#load()
    return this.#scraped
  }

  async #load(): Promise<ScrapedMetrics> {
    const { openScrapedMetrics } = await import('./scraped-metrics.ts')
    const { counters, status, logLinesDropped, version, upstreamKinds } = this.#sources
    const rows = [
      LOOKUP_ROWS,
      CACHE_ROWS,
      REPLICA_ROWS,
      STORE_ROWS,
      SHARED_ROWS,
      SHADOW_ROWS,
      UPSTREAM_ROWS,
      kindRows(upstreamKinds),
      LISTENER_ROWS,
      PROGRAM_ROWS,
    ]
    return openScrapedMetrics(PREFIX, rows.flat(), () => ({
      counters,
      status: status(),
      logLinesDropped: logLinesDropped(),
      version,
    }))
  }
}

/** The rows of the kinds, each filled from the upstreams whose kind has it. */
function kindRows(kinds: Iterable<MeteredKind>): Row[] {
  const namesByRow = new Map<Metric<UpstreamStatus>, Set<string>>()
  for (const { name, metrics } of kinds) {
    for (const row of metrics) namesByRow.set(row, (namesByRow.get(row) ?? new Set()).add(name))
  }
  return Array.from(namesByRow, ([row, names]) => ({
    ...row,
    samples({ status }: MetricSource, write) {
      for (const upstream of status.upstreams) if (names.has(upstream.kind)) row.samples(upstream, write)
    },
  }))
}
