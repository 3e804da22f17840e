/**
 * All attempts for one question: the one place where the policies meet.
 *
 *   endpoint -> slot in the limiter -> one request [-> a hedge]
 *     retry none             the answer
 *     retry not-sent         another endpoint at once (the connection failed); that is no retry
 *     retry other-endpoint   another endpoint, within attempts (401, 403); no retry either, since no endpoint is
 *                            asked twice, and its circuit does not open for the next lookup
 *     retry any              a retry: within attempts, budget and deadline, after a jittered wait
 *
 * A reply with Retry-After holds for its key at this endpoint: another endpoint may be asked, this one not before.
 */
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { STOPPING, type Temporary } from '../result.ts'
import type { Reply } from '../upstream.ts'
import { Attempt, type AttemptedRequest, type AttemptOutcome } from './attempt.ts'
import type { AttemptKind } from './attempt-report.ts'
import { backoffMs } from './backoff.ts'
import { pickEndpoint } from './endpoint-choice.ts'
import { sleep, within } from './sleep.ts'
import type { UpstreamState } from './upstream-state.ts'

/** Least time left for a request to be worth sending, ms. Ours: about one round trip. */
export const MIN_ATTEMPT_MS = 5

/** What came of all attempts. */
export type AttemptsResult<R extends Reply> =
  | { readonly kind: 'reply'; readonly reply: R; readonly endpoint: number }
  /** No request was made, or it was ended from here. */
  | { readonly kind: 'held'; readonly result: Temporary }

/**
 * Asks until a reply is final or nothing more may be tried. Rejects only for a defect.
 *
 * @param first The endpoint to begin with, which was picked just now.
 */
export function makeAttempts<R extends Reply>(
  state: UpstreamState,
  request: AttemptedRequest<R>,
  first: number,
): Promise<AttemptsResult<R>> {
  return new Attempts(state, request).run(first)
}

class Attempts<R extends Reply> {
  readonly #state: UpstreamState
  readonly #request: AttemptedRequest<R>
  /** Endpoints, in the order in which they were asked. */
  #tried: readonly number[] = []
  /** Requests that count as attempts: not those that could not be sent. */
  #counted = 0
  #retries = 0
  #attempt: Attempt<R> | undefined

  constructor(state: UpstreamState, request: AttemptedRequest<R>) {
    this.#state = state
    this.#request = request
  }

  async run(first: number): Promise<AttemptsResult<R>> {
    this.#state.budget.countRequest(this.#now())
    let endpoint: number | undefined = first
    /** What is answered when nothing better comes. */
    let last: AttemptsResult<R> | undefined
    for (;;) {
      const outcome: AttemptOutcome<R> | Temporary = await this.#once(endpoint)
      if (outcome.kind === 'temporary') return last ?? { kind: 'held', result: outcome }
      if (outcome.kind === 'gave-way') {
        last ??= { kind: 'held', result: TOO_SLOW }
        // It waits behind others now, for as long as its deadline allows.
        if (this.#request.sideEffects || !this.#request.hasWaiters) return last
        this.#counted--
      } else if (outcome.kind === 'cancelled') {
        if (this.#state.ended) return { kind: 'held', result: STOPPING }
        if (!this.#request.hasWaiters || this.#request.sideEffects) return { kind: 'held', result: GAVE_WAY }
        // Somebody began to wait while it was being cancelled: as if it had not been sent.
        this.#tried = []
        this.#counted--
      } else {
        const { reply } = outcome
        if (reply.retry === 'none') return outcome
        // A refused credential says less than a failure: somebody else might know the answer.
        if (reply.retry !== 'other-endpoint' || last === undefined) last = outcome
        if (!(await this.#mayGoOn(reply))) return last
      }
      endpoint = this.#pick()
    }
  }

  /** Gets a slot and sends one request, or two with a hedge. No promise of its own while a slot is free. */
  #once(picked: number | undefined): Temporary | Promise<AttemptOutcome<R> | Temporary> {
    if (picked === undefined) return this.#state.unavailable(this.#request)
    const attempt = new Attempt(this.#state, this.#request, this.#kindFor(picked))
    const { deadlineMs } = this.#request
    const taken = this.#state.limiter.take(attempt, deadlineMs)
    if (taken === false) return this.#state.shed(attempt.hasWaiters)
    return taken === true ? this.#send(attempt, picked) : this.#whenSlotIsFree(attempt, taken, deadlineMs)
  }

  async #whenSlotIsFree(
    attempt: Attempt<R>,
    taken: Promise<boolean>,
    deadlineMs: number,
  ): Promise<AttemptOutcome<R> | Temporary> {
    const gotSlot = await taken
    // A batch may have taken in questions meanwhile that can wait longer than its first ones.
    if (!gotSlot && !this.#state.ended && this.#request.deadlineMs > deadlineMs)
      return this.#once(this.#pick())
    // While it waited a circuit may have opened or closed.
    return this.#send(attempt, gotSlot ? this.#pick() : undefined)
  }

  #send(attempt: Attempt<R>, endpoint: number | undefined): Temporary | Promise<AttemptOutcome<R>> {
    const { settings } = this.#state
    if (endpoint === undefined || this.#state.ended || this.#left() < MIN_ATTEMPT_MS) {
      attempt.abandon()
      if (this.#state.ended) return STOPPING
      return this.#pick() === undefined ? this.#state.unavailable(this.#request) : LATE_IN_QUEUE
    }
    const running = this.#run(attempt, endpoint)
    if (settings.hedgeAfterMs === undefined || this.#request.sideEffects) return running
    return this.#withHedge(attempt, running, settings.hedgeAfterMs)
  }

  #run(attempt: Attempt<R>, endpoint: number): Promise<AttemptOutcome<R>> {
    this.#tried = this.#tried.length === 0 ? [endpoint] : [...this.#tried, endpoint]
    this.#counted++
    this.#attempt = attempt
    return attempt.run(endpoint)
  }

  #kindFor(endpoint: number): AttemptKind {
    if (this.#tried.length > 0 && !this.#tried.includes(endpoint)) return 'failover'
    return this.#counted === 0 ? 'first' : 'retry'
  }

  /**
   * Waits for a slow request for a while, then asks another endpoint too. The first final reply
   * wins and the other request is aborted; if neither is final, the later one counts.
   */
  async #withHedge(
    first: Attempt<R>,
    running: Promise<AttemptOutcome<R>>,
    afterMs: number,
  ): Promise<AttemptOutcome<R>> {
    const early = await within(this.#state.clock, afterMs, running)
    if (early !== undefined) return early
    const second = new Attempt(this.#state, this.#request, 'hedge')
    const other = this.#hedgeEndpoint(second)
    if (other === undefined) return running
    const hedge = this.#run(second, other)
    this.#state.observer.hedged()
    const winner = await Promise.race([
      running.then((outcome) => ({ outcome, loser: second, other: hedge })),
      hedge.then((outcome) => ({ outcome, loser: first, other: running })),
    ])
    if (winner.outcome.kind !== 'reply' || winner.outcome.reply.retry !== 'none') return winner.other
    if (winner.loser === first) first.lostToHedge()
    else winner.loser.cancel()
    winner.other.catch(() => {}) // nobody needs its answer any more
    return winner.outcome
  }

  /** The endpoint for a hedge, with a slot taken; undefined where none may be sent. */
  #hedgeEndpoint(attempt: Attempt<R>): number | undefined {
    if (this.#counted >= this.#state.settings.attempts || this.#left() < MIN_ATTEMPT_MS) return undefined
    const other = this.#pickOther()
    if (other === undefined || !this.#state.limiter.takeSpare(attempt)) return undefined
    if (this.#state.budget.take(this.#now())) return other
    attempt.abandon()
    return undefined
  }

  /** Decides about another attempt, and waits as long as it must. */
  async #mayGoOn(reply: R): Promise<boolean> {
    const other = this.#pickOther()
    if (reply.retry === 'not-sent' && other !== undefined) {
      this.#counted--
      return true
    }
    if (this.#request.sideEffects || this.#counted >= this.#state.settings.attempts) return false
    if (reply.retry === 'other-endpoint') return other !== undefined
    if (this.#request.isSplit(reply)) return false
    const backoff = backoffMs(this.#retries++, this.#state.random())
    const waitMs = other === undefined ? Math.max(backoff, reply.retryAfterMs ?? 0) : backoff
    if (waitMs + MIN_ATTEMPT_MS > this.#left() || this.#pick() === undefined) return false
    if (!this.#state.budget.take(this.#now(), this.#attempt?.othersAnswered)) return false
    this.#state.observer.retried()
    if (waitMs > 0) await sleep(this.#state.clock, waitMs)
    return true
  }

  #pick(): number | undefined {
    return pickEndpoint(this.#request, this.#tried, this.#now())
  }

  /** An endpoint that was not asked yet. */
  #pickOther(): number | undefined {
    const next = this.#pick()
    return next === undefined || this.#tried.includes(next) ? undefined : next
  }

  #left(): number {
    return this.#request.deadlineMs - this.#now()
  }

  #now(): number {
    return this.#state.clock.monotonicMs()
  }
}

const LATE_IN_QUEUE = temporaryFor(CORE_REASONS.noSlot)

const TOO_SLOW = temporaryFor(CORE_REASONS.tooSlow)

const GAVE_WAY = temporaryFor(CORE_REASONS.gaveWay)
