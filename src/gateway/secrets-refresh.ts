/**
 * Reads the secrets again after a service refused them or TLS failed, at most once a minute: a
 * rotated token takes effect without a reload, and a service that refuses everything does not
 * make the disk busy.
 */
import type { Clock } from '../core/clock.ts'

/** Shortest time between two readings, ms. Source: docs/configuration.md, secrets. */
const MIN_INTERVAL_MS = 60_000

export class SecretsRefresh {
  readonly #clock: Clock
  readonly #refresh: () => Promise<void>
  #lastMs = Number.NEGATIVE_INFINITY

  /** @param refresh Does not reject. */
  constructor(clock: Clock, refresh: () => Promise<void>) {
    this.#clock = clock
    this.#refresh = refresh
  }

  /** Somebody saw a refusal. */
  wanted(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lastMs < MIN_INTERVAL_MS) return
    this.#lastMs = nowMs
    void this.#refresh()
  }
}
