/**
 * One request to one endpoint: from its slot in the limiter to what endpoint and metrics learn from its reply.
 */
import { Cancellation } from '../cancellation.ts'
import type { Timer } from '../clock.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import type { Reply, SendOptions } from '../upstream.ts'
import { type AttemptKind, failureOf, outcomeOf, type RepliedAttempt } from './attempt-report.ts'
import type { Claim, Pace } from './claim.ts'
import type { Preference } from './endpoint-choice.ts'
import type { EndpointState } from './endpoint-state.ts'
import type { KeyKind, TableQueue } from './table-queue.ts'
import type { UpstreamState } from './upstream-state.ts'

/** What is sent, and for whom: one key, or a batch of them. */
export interface AttemptedRequest<R extends Reply = Reply> extends Preference {
  /** The table that asks. */
  readonly table: string
  /** Whose failure a failure is: the key, or the first one of a batch. */
  readonly key: string
  /** Monotonic ms after which nobody waits any more. */
  readonly deadlineMs: number
  /** False when nobody waits. Read again each time. */
  readonly hasWaiters: boolean
  /** The lookup that asks, if one does. */
  readonly lookup: object | undefined
  /** An answer was known before. */
  readonly wasAnswered: boolean
  /** The request counts or reserves: no retry, no hedge, another endpoint only when nothing was sent. */
  readonly sideEffects: boolean
  /** Sends one request; rejects only for a defect. The signal is this attempt's own. */
  send(endpoint: number, options: SendOptions): Promise<R>
  /** Returns whether its keys are asked in parts after such a reply, and not once more together. */
  isSplit(reply: R): boolean
  /** Of several keys, of which one may be slow: it is ended and asked in parts when others are answered meanwhile. */
  readonly isMany: boolean
  /** The reply of a request that was ended from here, for every key of it. */
  asReply(reply: Reply): R
  /** Called with every reply but those of requests that were ended from here. */
  replied(attempt: RepliedAttempt<R>): void
}

/** How an attempt ended. */
export type AttemptOutcome<R extends Reply> =
  | { readonly kind: 'reply'; readonly reply: R; readonly endpoint: number }
  /** Ended from here: the other of a hedge won, room was needed, or the program ends. */
  | { readonly kind: 'cancelled' }
  /** Ended from here, because it is slow and others need its slot. It may be asked again behind them. */
  | { readonly kind: 'gave-way' }

/**
 * An attempt that was given less time than this, ms, because the deadline is near, says nothing about the
 * endpoint when it times out. Ours: a healthy service answers faster.
 */
const FAIR_ATTEMPT_MS = 250

/**
 * Lag of the program, ms, from which a request that is late asks no known question: a reply may have arrived that is not read
 * yet. Ours: half of the time after which a request is late at all.
 */
const MAX_LAG_MS = 100

export class Attempt<R extends Reply = Reply> implements Claim {
  slot?: number
  queue?: TableQueue<Claim> | undefined
  heldAs?: KeyKind | undefined
  readonly kind: AttemptKind
  readonly #state: UpstreamState
  readonly #request: AttemptedRequest<R>
  readonly #cancellation = new Cancellation()
  #endpoint: EndpointState | undefined
  #startMs = 0
  /** When it was first seen to take longer than usual. */
  #lateSinceMs = Number.POSITIVE_INFINITY
  #split: Timer | undefined
  #end: 'wanted' | 'gave-way' = 'wanted'

  constructor(state: UpstreamState, request: AttemptedRequest<R>, kind: AttemptKind) {
    this.#state = state
    this.#request = request
    this.kind = kind
  }

  get table(): string {
    return this.#request.table
  }

  get hasWaiters(): boolean {
    return this.#request.hasWaiters
  }

  /** Returns whether the endpoint has answered others meanwhile: a failure is then this key's. */
  get othersAnswered(): boolean {
    return this.#endpoint !== undefined && this.#endpoint.suspicion.goodStartMs > this.#startMs
  }

  get lookup(): object | undefined {
    return this.#request.lookup
  }

  get keyKind(): KeyKind {
    return this.#state.keyKind(this.#request)
  }

  pace(nowMs: number): Pace {
    const endpoint = this.#endpoint
    if (endpoint === undefined || this.#cancellation.aborted) return 'usual'
    if (nowMs - this.#startMs < endpoint.responseTime.slowAfterMs) return 'usual'
    return this.#isOutlier(endpoint) ? 'slow-alone' : 'slow'
  }

  giveWay(): void {
    this.#end = 'gave-way'
    this.cancel()
  }

  moveOn(endpoint: object): void {
    if (this.#endpoint === endpoint && this.kind !== 'canary' && !this.#request.sideEffects) this.giveWay()
  }

  cancel(): void {
    this.#cancellation.cancel()
  }

  /** Counts a request that takes longer than usual as a failure of its key; only its end may speak about the endpoint. */
  watch(nowMs: number): void {
    const endpoint = this.#endpoint
    if (endpoint === undefined || this.#cancellation.aborted) return
    if (nowMs - this.#startMs >= endpoint.responseTime.lateAfterMs && this.#state.watchLagMs < MAX_LAG_MS)
      endpoint.late(this.#startMs)
    if (this.pace(nowMs) === 'usual') return
    this.#lateSinceMs = Math.min(this.#lateSinceMs, nowMs)
    if (this.kind !== 'first') return
    endpoint.lastFailure ??= 'timeout: no answer for longer than usual'
    endpoint.failed(this.#request.key, this.#startMs, 'none')
  }

  /** The request that was sent later, to another endpoint, was answered first. */
  lostToHedge(): void {
    this.#endpoint?.failed(this.#request.key, this.#startMs, 'none')
    this.cancel()
  }

  /** Gives back a slot that was not used. */
  abandon(): void {
    this.#state.limiter.release(this)
  }

  /** Sends the request; the slot, if one was taken, is given back at the end. Rejects only for a defect. */
  async run(index: number): Promise<AttemptOutcome<R>> {
    const { clock, limiter, observer, settings } = this.#state
    const endpoint = this.#request.endpoints[index]
    if (endpoint === undefined) throw new RangeError('the upstream has more endpoints than the table')
    const startMs = clock.monotonicMs()
    const timeoutMs = Math.min(settings.timeoutMs, this.#request.deadlineMs - startMs)
    this.#endpoint = endpoint
    this.#startMs = startMs
    const trial = this.kind !== 'canary' && endpoint.begin()
    this.#state.watchSlow()
    if (this.#request.isMany) this.#splitLater(endpoint.responseTime.splitAfterMs)
    try {
      const sent = await this.#request.send(index, { timeoutMs, signal: this.#cancellation })
      const durationMs = clock.monotonicMs() - startMs
      const gaveWay = this.#end === 'gave-way' && !this.#state.ended
      if (this.#cancellation.aborted && !gaveWay) {
        observer.requestEnded(endpoint.name, 'cancelled', durationMs)
        if (trial) endpoint.trialCancelled()
        return { kind: 'cancelled' }
      }
      const isMany = this.#request.isMany
      const reply = gaveWay ? this.#request.asReply(SLOW) : sent
      if (reply.status !== undefined) endpoint.heard(startMs + durationMs, reply.evidence, this.table)
      const outcome = outcomeOf(reply)
      if (outcome === undefined) {
        if (trial) endpoint.trialCancelled() // nothing was sent
      } else if (gaveWay) {
        observer.requestEnded(endpoint.name, outcome, durationMs)
        if (trial) endpoint.trialCancelled()
        if (!isMany) this.#rememberSlow(endpoint)
      } else {
        observer.requestEnded(endpoint.name, outcome, durationMs)
        // Later than its time-out: it was this machine that was not there.
        if (reply.evidence === 'good' && durationMs <= timeoutMs) endpoint.responseTime.add(durationMs)
        if (outcome === 'timeout' && !isMany) this.#rememberSlow(endpoint)
        const cutShort = outcome === 'timeout' && timeoutMs < Math.min(settings.timeoutMs, FAIR_ATTEMPT_MS)
        const counts = this.kind === 'first' && !cutShort
        endpoint.replied(this.#request.key, startMs, reply, counts, trial)
        if (this.kind !== 'canary') this.#countLookup(endpoint, reply, startMs + durationMs)
      }
      this.#request.replied({ kind: this.kind, reply, durationMs, endpoint: index })
      return gaveWay && !isMany ? { kind: 'gave-way' } : { kind: 'reply', reply, endpoint: index }
    } catch (error) {
      if (trial) endpoint.trialCancelled()
      throw error
    } finally {
      this.#split?.cancel()
      limiter.release(this)
    }
  }

  #countLookup(endpoint: EndpointState, reply: Reply, nowMs: number): void {
    const isGood = reply.evidence === 'good'
    endpoint.lookups.replied(nowMs, isGood)
    if (isGood || endpoint.onlyKnownForMs(nowMs) === undefined) return
    this.#state.observer.troubled(
      'lookups',
      `endpoint ${endpoint.name} answers only questions whose answer is known, such as its canaries: all lookups fail (${failureOf(reply)}); look at the service`,
    )
  }

  /** Of many keys one may be what takes so long. In parts it costs little, so it is enough that others were answered meanwhile. */
  #splitLater(afterMs: number): void {
    this.#split = this.#state.clock.after(afterMs, () => {
      if (this.othersAnswered && this.#request.isMany) this.giveWay()
      else this.#splitLater(afterMs)
    })
  }

  /**
   * Returns whether a lookup that was sent when this one was late already has been answered well. Not only one that was sent
   * later: under load, replies come in any order.
   */
  #isOutlier({ suspicion }: EndpointState): boolean {
    return suspicion.goodStartMs > this.#lateSinceMs
  }

  /** The next request for this key waits behind others, if it is the key that is slow and not the endpoint. */
  #rememberSlow(endpoint: EndpointState): void {
    if (this.#isOutlier(endpoint)) this.#state.rememberSlowKey(this.table, this.#request.key)
  }
}

/** Ended for others: it is asked again, behind them, or in parts. */
const SLOW: Reply = { result: temporaryFor(CORE_REASONS.tooSlow), evidence: 'none', retry: 'any' }
