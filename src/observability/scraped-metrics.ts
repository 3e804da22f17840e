/**
 * Metrics that are filled when Prometheus scrapes, from numbers kept elsewhere, and the text of all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Counter, Gauge, Registry } from 'prom-client'
import type { GatewayStatus } from '../core/status.ts'
import { type AddSeries, CollectedHistogram } from './collected-histogram.ts'

export type Labels = Record<string, string>

/** Gives one sample. */
export type Write = (labels: Labels, value: number) => void

export class ScrapedMetrics {
  readonly registry = new Registry()
  readonly #prefix: string
  readonly #takeStatus: () => GatewayStatus
  #status: GatewayStatus | undefined
  #scrape: Promise<string> | undefined

  /** @param takeStatus Asked once per scrape, so that all gauges are of one moment. */
  constructor(prefix: string, takeStatus: () => GatewayStatus) {
    this.#prefix = prefix
    this.#takeStatus = takeStatus
  }

  counter(name: string, help: string, labelNames: string[], fill: (write: Write) => void): void {
    new Counter({
      name: this.#prefix + name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset()
        fill((labels, value) => this.inc(labels, value))
      },
    })
  }

  gauge(
    name: string,
    help: string,
    labelNames: string[],
    fill: (write: Write, status: GatewayStatus) => void,
  ): void {
    const statusNow = () => this.#status ?? this.#takeStatus()
    new Gauge({
      name: this.#prefix + name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset()
        // A reset gauge without labels is 0 in prom-client; one that is not known must not be shown as 0.
        if (labelNames.length === 0) this.remove()
        fill((labels, value) => this.set(labels, value), statusNow())
      },
    })
  }

  /** @param buckets Upper bounds of every series that `fill` adds, in seconds. */
  histogram(
    name: string,
    help: string,
    labelNames: string[],
    buckets: readonly number[],
    fill: (add: AddSeries) => void,
  ): void {
    const registers = [this.registry]
    new CollectedHistogram(
      { name: this.#prefix + name, help, labelNames, buckets: [...buckets], registers },
      fill,
    )
  }

  /** The exposition text. Scrapes at the same moment share one. */
  text(): Promise<string> {
    this.#scrape ??= this.#collect().finally(() => {
      this.#scrape = undefined
      this.#status = undefined
    })
    return this.#scrape
  }

  /** One metric per turn of the event loop: with hundreds of tables the text has megabytes, and lookups go first. */
  async #collect(): Promise<string> {
    this.#status = this.#takeStatus()
    const texts: string[] = []
    for (const metric of this.registry.getMetricsAsArray()) {
      const fast = metric instanceof CollectedHistogram
      texts.push(fast ? metric.text() : await this.registry.getSingleMetricAsString(metric.name))
      await nextTurn()
    }
    return `${texts.join('\n\n')}\n`
  }
}
