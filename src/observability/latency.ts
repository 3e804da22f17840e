/**
 * Latencies counted in buckets, in plain numbers: what a Prometheus histogram is made of, and
 * what the percentiles of the page are estimated from. No I/O, no clock.
 */

/**
 * Upper bounds of a lookup's duration, in seconds. A cached answer takes tens of microseconds, a
 * service on the same network milliseconds; 90 s is the longest deadline a table may have, because
 * the Postfix client gives up at 100 s (tcp_table(5), socketmap_table(5)).
 */
export const LOOKUP_SECONDS_BUCKETS: readonly number[] = [
  0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
  5, 10, 30, 90,
]

/** Upper bounds of one HTTP request, in seconds: no network answers in less than a tenth of a millisecond. */
export const REQUEST_SECONDS_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90,
]

const MS_PER_SECOND = 1000

/** Counts durations. Observing adds to three numbers. */
export class LatencyHistogram {
  /** Upper bounds, inclusive, in seconds. */
  readonly boundsSeconds: readonly number[]
  /** Observations per bucket, not cumulative; the last one counts what is above every bound. */
  readonly counts: number[]
  count = 0
  sumMs = 0
  readonly #boundsMs: readonly number[]

  constructor(boundsSeconds: readonly number[]) {
    this.boundsSeconds = boundsSeconds
    this.#boundsMs = boundsSeconds.map((seconds) => seconds * MS_PER_SECOND)
    this.counts = new Array<number>(boundsSeconds.length + 1).fill(0)
  }

  /** @param durationMs Not negative. */
  observe(durationMs: number): void {
    this.count += 1
    this.sumMs += durationMs
    const bucket = this.#bucketOf(durationMs)
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }

  /** A cached answer falls in one of the first buckets, so walking from below is the shortest way. */
  #bucketOf(durationMs: number): number {
    const bounds = this.#boundsMs
    let bucket = 0
    while (bucket < bounds.length && durationMs > (bounds[bucket] ?? 0)) bucket += 1
    return bucket
  }
}

/**
 * Estimates a percentile as Prometheus' histogram_quantile does: linear inside the bucket it falls in.
 *
 * @param counts Observations per bucket, one more than there are bounds.
 * @param quantile 0 to 1.
 * @returns Milliseconds; the highest bound for what lies above it; undefined without observations.
 */
export function percentileMs(
  boundsSeconds: readonly number[],
  counts: readonly number[],
  quantile: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let left = quantile * total
  let lower = 0
  for (const [bucket, upper] of boundsSeconds.entries()) {
    const inBucket = counts[bucket] ?? 0
    if (inBucket > 0 && left <= inBucket) return (lower + (upper - lower) * (left / inBucket)) * MS_PER_SECOND
    left -= inBucket
    lower = upper
  }
  return lower * MS_PER_SECOND
}
