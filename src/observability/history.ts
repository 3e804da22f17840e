/**
 * The last ten minutes, so that a fresh page is not empty: every two seconds one point with the
 * rates and latencies since the point before, taken from the counters. Kept in memory, bounded.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { HistoryPoint } from '../core/observed/history-point.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { Counters } from './counters.ts'
import { pointBetween, type Reading, readCounters } from './history-point.ts'

/** Time between two points, ms. Ours: live to the eye, and 300 points for ten minutes. */
const HISTORY_STEP_MS = 2000

/** Points kept: ten minutes. */
const HISTORY_POINTS = 300

export class History {
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #status: () => GatewayStatus
  readonly #onPoint: (point: HistoryPoint) => void
  readonly #points: HistoryPoint[] = []
  #last: Reading
  #timer: Timer | undefined

  constructor(
    clock: Clock,
    counters: Counters,
    status: () => GatewayStatus,
    onPoint: (point: HistoryPoint) => void,
  ) {
    this.#clock = clock
    this.#counters = counters
    this.#status = status
    this.#onPoint = onPoint
    this.#last = readCounters(counters, clock.monotonicMs())
  }

  /** Takes a point every {@link HISTORY_STEP_MS} until {@link stop}. */
  start(): void {
    this.#timer = this.#clock.after(HISTORY_STEP_MS, () => {
      this.start()
      this.#takePoint()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The oldest first. */
  points(): readonly HistoryPoint[] {
    return this.#points
  }

  #takePoint(): void {
    const now = readCounters(this.#counters, this.#clock.monotonicMs())
    const point = pointBetween(this.#last, now, this.#clock.wallMs(), this.#status())
    this.#last = now
    this.#points.push(point)
    if (this.#points.length > HISTORY_POINTS) this.#points.shift()
    this.#onPoint(point)
  }
}
