/**
 * When the failures of one endpoint look like more than one key's.
 *
 * Different keys are counted that failed since the last good reply: since the last *start* of a request that
 * was answered well, so that a burst of time-outs is no run of failures when good replies came in between.
 */
import type { Evidence } from '../upstream.ts'

interface FailedKey {
  readonly startMs: number
  readonly evidence: Evidence
}

export class Suspicion {
  readonly #failed = new Map<string, FailedKey>()
  #goodStartMs = Number.NEGATIVE_INFINITY

  /** Start of the latest request that was answered well, monotonic ms. */
  get goodStartMs(): number {
    return this.#goodStartMs
  }

  /** A request that started then was answered well: what failed before it was the fault of its key. */
  good(startMs: number): void {
    if (startMs <= this.#goodStartMs) return
    this.#goodStartMs = startMs
    if (this.#failed.size === 0) return
    for (const [key, failed] of this.#failed) if (failed.startMs < startMs) this.#failed.delete(key)
  }

  /**
   * A key failed.
   *
   * @param limit How many different keys matter: no more are kept.
   */
  failed(key: string, startMs: number, evidence: Evidence, limit: number): void {
    if (startMs < this.#goodStartMs) return
    const known = this.#failed.get(key)
    if (known === undefined && this.#failed.size >= limit) return
    // What speaks against the endpoint is not taken back by another attempt that speaks about the key.
    if (known?.evidence === 'endpoint') return
    this.#failed.set(key, { startMs, evidence })
  }

  /** Different keys that failed since the last good reply. */
  get keys(): number {
    return this.#failed.size
  }

  /** Those of them whose failure speaks about the endpoint. */
  get endpointKeys(): number {
    let count = 0
    for (const { evidence } of this.#failed.values()) if (evidence === 'endpoint') count++
    return count
  }

  clear(): void {
    this.#failed.clear()
  }
}
