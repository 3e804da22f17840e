/**
 * What is measured of the gateway during a soak, and when it counts as flat.
 */
export interface Sample {
  /** Since the begin, s. */
  readonly atS: number
  /** Replies that the clients have checked so far. */
  readonly replies: number
  /** After a garbage collection. */
  readonly heapBytes: number
  readonly rssBytes: number
  readonly descriptors: number
  /** Timers of the gateway's clock that wait. */
  readonly timers: number
  /** Other things that Node.js waits for. */
  readonly resources: number
}

/** The quantities that must not grow. */
export const WATCHED = ['heapBytes', 'descriptors', 'timers', 'resources'] as const
export type Watched = (typeof WATCHED)[number]

/** What may be added beside a tenth: noise of small numbers. */
const NOISE: Readonly<Record<Watched, number>> = {
  heapBytes: 4 * 1024 * 1024,
  descriptors: 20,
  timers: 40,
  resources: 10,
}

/** A quantity over the run: the medians of its first and last third, the first minute left out. */
export interface Trend {
  readonly first: number
  readonly last: number
  readonly flat: boolean
}

const WARM_UP_S = 60

export function trend(samples: readonly Sample[], quantity: Watched): Trend {
  const warm = samples.filter(({ atS }) => atS >= WARM_UP_S)
  const settled = warm.length >= 6 ? warm : samples
  const third = Math.max(1, Math.floor(settled.length / 3))
  const first = median(settled.slice(0, third).map((sample) => sample[quantity]))
  const last = median(settled.slice(-third).map((sample) => sample[quantity]))
  return { first, last, flat: last <= first * 1.1 + NOISE[quantity] }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
