/**
 * Since when questions whose answer is known fail while nobody gets a good reply, and whether that can be nothing but an outage.
 *
 * A service whose workers are all busy with slow keys, which a stranger may have chosen, gives no reply, or 503, 429, or what its
 * queue says when it is full: the same as one that is gone. But what it is busy with are requests of ours. So no others are sent:
 * while the circuit is open, and while the time is more than `timeout` ({@link isHeld}). From then on each request ends within
 * `timeout`; and a service that goes on working when the connection is closed has the same time once more. A known question that
 * is sent after that competes with nothing, and when it fails, too, the service is out.
 *
 *   any good reply                    the time begins anew: a service that answers somebody is not out
 *   the connection is refused, or     nothing of ours can be the reason: it is out at once
 *   there is no access token
 */

import type { Reply } from '../upstream.ts'
import { isCertain } from './known-reply.ts'

/** How long the service must have been left alone before the known question that decides is sent, in times of `timeout`. Ours, see above. */
const TIMEOUTS = 2

export class FailingSince {
  /** When the first known question failed since the last good reply, monotonic ms. */
  #sinceMs: number | undefined
  #isOutage = false
  #isCertain = false

  get isOn(): boolean {
    return this.#sinceMs !== undefined
  }

  /** The last known question failed, and no request of ours can be the reason. */
  get isOutage(): boolean {
    return this.#isOutage
  }

  /** It was seen by one reply. */
  get isCertain(): boolean {
    return this.#isCertain
  }

  /** Returns whether lookups are not sent any more, so that nothing of ours is left. */
  isHeld(nowMs: number, timeoutMs: number): boolean {
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= timeoutMs
  }

  /**
   * A known question that is sent from then on decides, monotonic ms; infinite while none has failed.
   *
   * @param openedAtMs When the circuit opened, after which no lookup was sent; undefined while it is closed.
   */
  decidesAtMs(timeoutMs: number, openedAtMs?: number): number {
    if (this.#sinceMs === undefined) return Number.POSITIVE_INFINITY
    const heldAtMs = this.#sinceMs + timeoutMs
    const aloneAtMs = Math.min(heldAtMs, Math.max(this.#sinceMs, openedAtMs ?? heldAtMs))
    return aloneAtMs + TIMEOUTS * timeoutMs
  }

  /**
   * A known question failed.
   *
   * @param sentMs When it was sent, monotonic ms.
   * @param timeoutMs Longest time of a request.
   */
  failed(reply: Reply, sentMs: number, nowMs: number, timeoutMs: number, openedAtMs?: number): void {
    this.#isCertain = isCertain(reply)
    if (this.#isCertain || sentMs >= this.decidesAtMs(timeoutMs, openedAtMs)) this.#isOutage = true
    this.#sinceMs ??= nowMs
  }

  /** Somebody got a good reply. */
  ended(): void {
    this.#sinceMs = undefined
    this.#isOutage = false
    this.#isCertain = false
  }
}
