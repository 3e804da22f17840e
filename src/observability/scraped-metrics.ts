/**
 * Metrics that are filled when Prometheus scrapes, from numbers kept elsewhere, and the text of all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Counter, Gauge, Registry } from 'prom-client'
import type { Metric } from '../core/metric.ts'
import { CollectedHistogram } from './collected-histogram.ts'
import type { MetricSource, Row } from './metric-rows.ts'

export class ScrapedMetrics {
  readonly registry = new Registry()
  readonly #prefix: string
  readonly #take: () => MetricSource
  #taken: MetricSource | undefined
  #scrape: Promise<string> | undefined

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

  /** The exposition text. Scrapes at the same moment share one. */
  text(): Promise<string> {
    this.#scrape ??= this.#collect().finally(() => {
      this.#scrape = undefined
      this.#taken = undefined
    })
    return this.#scrape
  }

  /** One metric per turn of the event loop: with hundreds of tables the text has megabytes, and lookups go first. */
  async #collect(): Promise<string> {
    this.#taken = this.#take()
    const texts: string[] = []
    for (const metric of this.registry.getMetricsAsArray()) {
      const fast = metric instanceof CollectedHistogram
      texts.push(fast ? metric.text() : await this.registry.getSingleMetricAsString(metric.name))
      await nextTurn()
    }
    return `${texts.join('\n\n')}\n`
  }
}

interface MetricConfig {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
}
