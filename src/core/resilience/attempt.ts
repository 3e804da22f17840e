/**
 * One request to one endpoint: from its place in the limiter to what circuit, pause and metrics
 * learn from its reply.
 */
import { Cancellation, type CancelSignal } from '../cancellation.ts'
import type { RequestOutcome } from '../observer.ts'
import type { Reply } from '../upstream.ts'
import type { Permit } from './circuit-breaker.ts'
import { type EndpointState, pause } from './endpoint-order.ts'
import type { Claim } from './limiter.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

/** Why an attempt is made. */
export type AttemptKind = 'first' | 'failover' | 'retry' | 'hedge' | 'canary'

/** What the policies need to know of a reply; anything may be sent. */
export type AttemptReply = Pick<Reply, 'evidence' | 'retry' | 'retryAfterMs'>

/** What is sent, and for whom. */
export interface Sending<R extends AttemptReply> {
  /** Monotonic ms after which nobody waits any more. */
  readonly deadlineMs: number
  /** True when nobody waits. Read anew each time. */
  readonly background: boolean
  /** Sends one request; the signal is this attempt's own. */
  send(endpoint: number, options: { readonly timeoutMs: number; readonly signal: CancelSignal }): Promise<R>
  /** How to count a reply; undefined when nothing was sent. */
  outcome(reply: R): RequestOutcome | undefined
  /** Why a reply is a failure, in words for an operator; undefined when it is none. */
  failure(reply: R): string | undefined
  /** Is told of every reply but those that were cancelled. */
  replied?(ended: { endpoint: number; kind: AttemptKind; reply: R; durationMs: number }): void
}

/** How an attempt ended. */
export type Ended<R> =
  | { readonly kind: 'reply'; readonly reply: R; readonly endpoint: number }
  /** Ended by us: the other of a hedge won, room was needed, or the program ends. */
  | { readonly kind: 'cancelled' }
  /** The request rejected, which is a bug here. */
  | { readonly kind: 'defect'; readonly error: unknown }

/**
 * An attempt that was given less time than this, ms, because the deadline is near, says nothing about the
 * endpoint when it times out. Ours: a healthy service answers faster.
 */
export const FAIR_ATTEMPT_MS = 250

export class Attempt<R extends AttemptReply> implements Claim {
  place?: number
  readonly #guard: UpstreamGuard
  readonly #sending: Sending<R>
  readonly #cancellation = new Cancellation()

  constructor(guard: UpstreamGuard, sending: Sending<R>) {
    this.#guard = guard
    this.#sending = sending
  }

  get background(): boolean {
    return this.#sending.background
  }

  cancel(): void {
    this.#cancellation.cancel()
  }

  /** Gives back a place that was not used. */
  abandon(): void {
    this.#guard.limiter.release(this)
  }

  /** Sends the request; the caller has taken the place, which is given back at the end. Never rejects. */
  async run(endpoint: number, state: EndpointState, permit: Permit, kind: AttemptKind): Promise<Ended<R>> {
    const { clock, limiter, settings } = this.#guard
    const startMs = clock.monotonicMs()
    const timeoutMs = Math.min(settings.timeoutMs, this.#sending.deadlineMs - startMs)
    let evidence: Reply['evidence'] = 'none'
    try {
      const reply = await this.#sending.send(endpoint, { timeoutMs, signal: this.#cancellation })
      const durationMs = clock.monotonicMs() - startMs
      if (this.#cancellation.aborted) {
        this.#guard.observer.requestEnded(state.name, 'cancelled', durationMs)
        return { kind: 'cancelled' }
      }
      const outcome = this.#sending.outcome(reply)
      if (outcome !== undefined) {
        const cutShort = outcome === 'timeout' && timeoutMs < Math.min(settings.timeoutMs, FAIR_ATTEMPT_MS)
        if (!cutShort) evidence = reply.evidence
        if (evidence === 'endpoint' || evidence === 'key')
          state.lastFailure = this.#sending.failure(reply) ?? outcome
        this.#guard.observer.requestEnded(state.name, outcome, durationMs)
      }
      if (reply.retryAfterMs !== undefined) pause(state, reply.retryAfterMs, clock.monotonicMs())
      this.#sending.replied?.({ endpoint, kind, reply, durationMs })
      return { kind: 'reply', reply, endpoint }
    } catch (error) {
      return { kind: 'defect', error }
    } finally {
      state.breaker.record(permit, evidence, clock.monotonicMs())
      limiter.release(this)
    }
  }
}
