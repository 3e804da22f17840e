/**
 * Metrics that are filled when Prometheus scrapes, from numbers kept elsewhere, and the text of all.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Metric } from '../core/observed/metric.ts'
import { CollectedHistogram } from './collected-histogram.ts'
import type { MetricSource, Row } from './metric-rows.ts'

/** Gauges of Node.js whose name ends in `_total`, which `promtool check metrics` refuses. */
const MISNAMED_NODE_GAUGES = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** How often prom-client looks at the event loop, ms. Source: its default for `eventLoopMonitoringPrecision`. */
const LOOP_LOOK_MS = 10

/**
 * Begins to look at Node.js itself, and defines the program's own metrics.
 *
 * @param take Called once per scrape, so that all samples are of one moment.
 */
export async function openScrapedMetrics(
  prefix: string,
  rows: readonly Row[],
  take: () => MetricSource,
): Promise<ScrapedMetrics> {
  const metrics = new ScrapedMetrics(prefix, take)
  collectDefaultMetrics({ register: metrics.registry, eventLoopMonitoringPrecision: LOOP_LOOK_MS })
  for (const name of MISNAMED_NODE_GAUGES) metrics.registry.removeSingleMetric(name)
  for (const row of rows) metrics.define(row)
  // Before its first look the delay of the event loop is no number that anybody should see.
  await delay(2 * LOOP_LOOK_MS)
  return metrics
}

export class ScrapedMetrics {
  readonly registry = new Registry()
  readonly #prefix: string
  readonly #take: () => MetricSource
  #taken: MetricSource | undefined

  /** @param take Called once per scrape, so that all samples are of one moment. */
  constructor(prefix: string, take: () => MetricSource) {
    this.#prefix = prefix
    this.#take = take
  }

  define(row: Row): void {
    const config = {
      name: this.#prefix + row.name,
      help: row.help,
      labelNames: [...row.labels],
      registers: [this.registry],
    }
    switch (row.kind) {
      case 'counter':
        this.#counter(config, row)
        break
      case 'gauge':
        this.#gauge(config, row)
        break
      case 'histogram':
        new CollectedHistogram({ ...config, buckets: [...row.buckets] }, (add) =>
          row.series(this.#source().counters, add),
        )
    }
  }

  #counter(config: MetricConfig, row: Metric<MetricSource>): void {
    const source = () => this.#source()
    new Counter({
      ...config,
      collect() {
        this.reset()
        row.samples(source(), (labels, value) => this.inc(labels, value))
      },
    })
  }

  #gauge(config: MetricConfig, row: Metric<MetricSource>): void {
    const source = () => this.#source()
    new Gauge({
      ...config,
      collect() {
        this.reset()
        // A reset gauge without labels is 0 in prom-client; one that is not known must not be shown as 0.
        if (row.labels.length === 0) this.remove()
        row.samples(source(), (labels, value) => this.set(labels, value))
      },
    })
  }

  #source(): MetricSource {
    return this.#taken ?? this.#take()
  }

  /**
   * The exposition text; one at a time. One metric per turn of the event loop: with hundreds of tables the text has
   * megabytes, and lookups go first.
   */
  async text(): Promise<string> {
    this.#taken = this.#take()
    try {
      const texts: string[] = []
      for (const metric of this.registry.getMetricsAsArray()) {
        const fast = metric instanceof CollectedHistogram
        texts.push(fast ? metric.text() : await this.registry.getSingleMetricAsString(metric.name))
        await nextTurn()
      }
      return `${texts.join('\n\n')}\n`
    } finally {
      this.#taken = undefined
    }
  }
}

interface MetricConfig {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
}
