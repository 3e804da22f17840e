/**
 * Since when questions whose answer is known get no reply, and whether that can be nothing but an outage.
 *
 * A service with few workers is as silent as one that hangs while each worker is busy with a slow key, which a stranger may
 * have chosen. But what it is busy with are requests of ours. Each of those ends within `timeout`, by a good reply, after which
 * the time counts anew, or without one; and a service that goes on working when the connection is closed has the same time once
 * more. While the circuit is open, no others are sent. So a known question that is sent after {@link TIMEOUTS} times `timeout`
 * of silence competes with nothing, and when it gets no reply either, the service hangs.
 *
 *   a stranger cannot make it look so          whose slow keys, as many as there are workers, take less than that
 *   nor keep a real outage from being seen     since in one nobody gets a good reply, whatever is asked
 *   it is seen in bounded time                 the circuit opens within 2 s; then twice `timeout`, and the next known question:
 *                                              `openFor`, and its own time, which is a second, or up to `timeout` at a slow service
 */

/** How long silence must last before the known question that decides is sent, in times of `timeout`. Ours, see above. */
const TIMEOUTS = 2

export class Silence {
  /** Undefined: the last known question got a reply. */
  #decidesAtMs: number | undefined
  #isOutage = false

  /** The last known question got no reply. */
  get isOn(): boolean {
    return this.#decidesAtMs !== undefined
  }

  /** No request of ours can be what the service is busy with. */
  get isOutage(): boolean {
    return this.#isOutage
  }

  /** A known question that is sent from then on decides, monotonic ms. */
  get decidesAtMs(): number {
    return this.#decidesAtMs ?? Number.POSITIVE_INFINITY
  }

  /**
   * A known question is given up without a reply.
   *
   * @param sentMs When it was sent, monotonic ms.
   * @param timeoutMs Longest time of a request.
   */
  givenUp(sentMs: number, nowMs: number, timeoutMs: number): void {
    if (this.#decidesAtMs === undefined) this.#begin(nowMs, timeoutMs)
    else if (sentMs >= this.#decidesAtMs) this.#isOutage = true
  }

  /** A lookup got a good reply. */
  interrupted(nowMs: number, timeoutMs: number): void {
    if (this.#decidesAtMs !== undefined) this.#begin(nowMs, timeoutMs)
  }

  /** A known question got a reply, whatever it says. */
  ended(): void {
    this.#decidesAtMs = undefined
    this.#isOutage = false
  }

  #begin(nowMs: number, timeoutMs: number): void {
    this.#decidesAtMs = nowMs + TIMEOUTS * timeoutMs
    this.#isOutage = false
  }
}
