/**
 * A prom-client histogram whose numbers are kept elsewhere: prom-client's own `observe` hashes
 * labels on each call, which a cached lookup cannot afford, and it has no way to be given counts.
 */
import { Histogram, type HistogramConfiguration } from 'prom-client'
import type { LatencyHistogram } from './latency.ts'

const MS_PER_SECOND = 1000

type Labels = Record<string, string>

/** Adds one series; series with equal labels are summed. */
export type AddSeries = (labels: Labels, series: LatencyHistogram) => void

interface Sum {
  readonly labels: Labels
  readonly counts: number[]
  sumMs: number
  count: number
}

interface Sample {
  readonly labels: { readonly le?: string | number }
  /** Part of prom-client's samples: labels that all samples of a series have in common. */
  readonly sharedLabels: Record<string, string>
  readonly value: number
  readonly metricName: string
}

/** Asks `fill` for its series at each scrape. All of them have the bounds of `buckets`. */
export class CollectedHistogram extends Histogram {
  readonly #config: HistogramConfiguration<string>
  readonly #fill: (add: AddSeries) => void

  constructor(config: HistogramConfiguration<string>, fill: (add: AddSeries) => void) {
    super(config)
    this.#config = config
    this.#fill = fill
  }

  /** What `get` and the registry ask. prom-client does not declare it. */
  getForPromString(): Promise<unknown> {
    const { name, help } = this.#config
    return Promise.resolve({ name, help, type: 'histogram', values: this.#samples() })
  }

  /** The exposition text, several times faster than prom-client makes it: the labels of a series are escaped once. */
  text(): string {
    const { name, help } = this.#config
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
    let shared: Labels | undefined
    let sharedText = ''
    for (const { metricName, labels, sharedLabels, value } of this.#samples()) {
      if (sharedLabels !== shared) sharedText = labelsText(sharedLabels)
      shared = sharedLabels
      const le = labels.le === undefined ? '' : `le="${labels.le}"`
      const all = le === '' || sharedText === '' ? le + sharedText : `${le},${sharedText}`
      lines.push(all === '' ? `${metricName} ${value}` : `${metricName}{${all}} ${value}`)
    }
    return lines.join('\n')
  }

  #samples(): Sample[] {
    const sums = new Map<string, Sum>()
    this.#fill((labels, series) => addSeries(sums, labels, series))
    return [...sums.values()].flatMap((sum) => this.#samplesOf(sum))
  }

  /** Buckets of the exposition format are cumulative, and `+Inf` equals the count. */
  #samplesOf({ labels, counts, sumMs, count }: Sum): Sample[] {
    const { name, buckets = [] } = this.#config
    let below = 0
    const samples: Sample[] = buckets.map((bound, bucket) => {
      below += counts[bucket] ?? 0
      return { metricName: `${name}_bucket`, labels: { le: bound }, sharedLabels: labels, value: below }
    })
    samples.push({ metricName: `${name}_bucket`, labels: { le: '+Inf' }, sharedLabels: labels, value: count })
    samples.push({
      metricName: `${name}_sum`,
      labels: {},
      sharedLabels: labels,
      value: sumMs / MS_PER_SECOND,
    })
    samples.push({ metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count })
    return samples
  }
}

/** Source: https://prometheus.io/docs/instrumenting/exposition_formats/, text format, escaping of label values. */
function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, escapeCharacter)}"`)
    .join(',')
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}

function addSeries(sums: Map<string, Sum>, labels: Labels, series: LatencyHistogram): void {
  const key = JSON.stringify(labels)
  const sum = sums.get(key)
  if (sum === undefined) {
    sums.set(key, { labels, counts: [...series.counts], sumMs: series.sumMs, count: series.count })
    return
  }
  for (const [bucket, count] of series.counts.entries())
    sum.counts[bucket] = (sum.counts[bucket] ?? 0) + count
  sum.sumMs += series.sumMs
  sum.count += series.count
}
