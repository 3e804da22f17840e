/**
 * All attempts for one question: the one place where the policies meet.
 *
 *   place in the limiter -> best endpoint -> its circuit -> one request [-> a hedge]
 *     final reply                     the answer
 *     not sent (connection failed)    another endpoint at once; that is no retry
 *     elsewhere (401, 403)            another endpoint, within attempts; no retry either, since no endpoint is
 *                                     asked twice, and its circuit does not open for the next lookup
 *     again                           a retry: within attempts, budget and deadline, after a jittered wait
 *
 * It knows nothing of keys and results: one key is sent this way, and so is a batch.
 */
import { STOPPING, type Temporary, temporary } from '../result.ts'
import { Attempt, type AttemptKind, type AttemptReply, type Ended, type Sending } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import { availableInMs, type EndpointState, type Preference, pickEndpoint } from './endpoint-order.ts'
import { sleep, within } from './sleep.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

/** Least time left for a request to be worth sending, ms. Ours: about one round trip. */
export const MIN_ATTEMPT_MS = 5

/** One question, to be sent to one endpoint after another. */
export interface AttemptsRequest<R extends AttemptReply> extends Sending<R> {
  /** Of the guard, as they were when the table was built. */
  readonly endpoints: readonly EndpointState[]
  /** Endpoints that must not be asked for this question. */
  readonly avoided?: ReadonlySet<number>
  /** Endpoints that are asked only when no other can be. Default none. */
  demoted?(endpoint: number): boolean
  /** The request counts or reserves: no retry, no hedge, another endpoint only when nothing was sent. */
  readonly sideEffects: boolean
}

/** What came of it. */
export type AttemptsResult<R> =
  | { readonly kind: 'reply'; readonly reply: R; readonly endpoint: number }
  /** No request was made, or it was ended by us. */
  | { readonly kind: 'held'; readonly result: Temporary }
  | { readonly kind: 'defect'; readonly error: unknown }

/** Asks until a reply is final or nothing more may be tried. Does not reject. */
export function makeAttempts<R extends AttemptReply>(
  guard: UpstreamGuard,
  request: AttemptsRequest<R>,
): Promise<AttemptsResult<R>> {
  return new Attempts(guard, request).run()
}

class Attempts<R extends AttemptReply> {
  readonly #guard: UpstreamGuard
  readonly #request: AttemptsRequest<R>
  readonly #tried = new Set<number>()
  readonly #preference: Preference
  /** Requests that count as attempts: not those that could not be sent. */
  #counted = 0
  #retries = 0
  /** What is answered when nothing better comes. */
  #worst: AttemptsResult<R> | undefined

  constructor(guard: UpstreamGuard, request: AttemptsRequest<R>) {
    this.#guard = guard
    this.#request = request
    this.#preference = {
      tried: this.#tried,
      avoided: request.avoided ?? NONE,
      demoted: (endpoint) => request.demoted?.(endpoint) ?? false,
    }
  }

  async run(): Promise<AttemptsResult<R>> {
    this.#guard.budget.countRequest(this.#now())
    for (;;) {
      const ended: Ended<R> | Temporary = await this.#once()
      if (ended.kind === 'temporary') return this.#worst ?? { kind: 'held', result: ended }
      if (ended.kind === 'defect') return ended
      if (ended.kind === 'cancelled') {
        if (this.#stopped()) return { kind: 'held', result: STOPPING }
        if (this.#request.background) return { kind: 'held', result: GAVE_WAY }
        // Somebody began to wait while it was being cancelled: as if it had not been sent.
        this.#tried.clear()
        this.#counted--
        continue
      }
      if (ended.reply.retry === 'none') return ended
      // A refused credential says less than a failure: somebody else might know the answer.
      if (ended.reply.retry !== 'other-endpoint' || this.#worst === undefined) this.#worst = ended
      if (!(await this.#mayGoOn(ended.reply))) return this.#worst
    }
  }

  /** Gets a place, picks an endpoint and sends one request, or two with a hedge. */
  async #once(): Promise<Ended<R> | Temporary> {
    const held = this.#guard.unavailable(this.#request.endpoints, this.#preference)
    if (held !== undefined) return held
    const attempt = new Attempt(this.#guard, this.#request)
    const { deadlineMs } = this.#request
    const taken = this.#guard.limiter.take(attempt, deadlineMs)
    if (taken === false) return this.#guard.shed(attempt.background)
    if (taken !== true && !(await taken)) {
      if (this.#stopped()) return STOPPING
      // A batch may have taken in questions meanwhile that can wait longer than its first ones.
      return this.#request.deadlineMs > deadlineMs ? this.#once() : LATE_IN_QUEUE
    }
    const running = this.#mayStart()
      ? this.#launch(attempt, this.#counted === 0 ? 'first' : 'retry')
      : undefined
    if (running === undefined) {
      attempt.abandon()
      if (this.#stopped()) return STOPPING
      return this.#guard.unavailable(this.#request.endpoints, this.#preference) ?? LATE_IN_QUEUE
    }
    const { hedgeAfterMs } = this.#guard.settings
    if (hedgeAfterMs === undefined || this.#request.sideEffects) return await running
    return this.#withHedge(attempt, running, hedgeAfterMs)
  }

  #mayStart(): boolean {
    return !this.#stopped() && this.#left() >= MIN_ATTEMPT_MS
  }

  /** Sends to the best endpoint, with the place taken; undefined when none may be asked. */
  #launch(attempt: Attempt<R>, kind: AttemptKind): Promise<Ended<R>> | undefined {
    const nowMs = this.#now()
    const index = pickEndpoint(this.#request.endpoints, this.#preference, nowMs)
    const endpoint = index === undefined ? undefined : this.#request.endpoints[index]
    const permit = endpoint?.breaker.admit(nowMs)
    if (index === undefined || endpoint === undefined || permit === undefined) return undefined
    const failover = kind !== 'hedge' && this.#tried.size > 0 && !this.#tried.has(index)
    this.#tried.add(index)
    this.#counted++
    return attempt.run(index, endpoint, permit, failover ? 'failover' : kind)
  }

  /**
   * Waits for a slow request for a while, then asks another endpoint too. The first final reply
   * wins and the other request is aborted; if neither is final, the later one counts.
   */
  async #withHedge(first: Attempt<R>, running: Promise<Ended<R>>, afterMs: number): Promise<Ended<R>> {
    const early = await within(this.#guard.clock, afterMs, running)
    if (early !== undefined) return early
    const second = new Attempt(this.#guard, this.#request)
    const hedge = this.#mayHedge(second) ? this.#launch(second, 'hedge') : undefined
    if (hedge === undefined) {
      second.abandon()
      return running
    }
    this.#guard.observer.hedged()
    const winner = await Promise.race([
      running.then((ended) => ({ ended, loser: second, other: hedge })),
      hedge.then((ended) => ({ ended, loser: first, other: running })),
    ])
    if (winner.ended.kind === 'reply' && winner.ended.reply.retry !== 'none') return winner.other
    winner.loser.cancel()
    return winner.ended
  }

  #mayHedge(attempt: Attempt<R>): boolean {
    if (this.#counted >= this.#guard.settings.attempts || this.#left() < MIN_ATTEMPT_MS) return false
    const other = pickEndpoint(this.#request.endpoints, this.#preference, this.#now())
    if (other === undefined || this.#tried.has(other)) return false
    return this.#guard.limiter.takeSpare(attempt) && this.#guard.budget.take(this.#now())
  }

  /** Decides about another attempt, and waits as long as it must. */
  async #mayGoOn(reply: R): Promise<boolean> {
    const other = this.#hasUntried()
    if (reply.retry === 'not-sent' && other) {
      this.#counted--
      return true
    }
    if (this.#request.sideEffects || this.#counted >= this.#guard.settings.attempts) return false
    if (reply.retry === 'other-endpoint') return other
    const waitMs = this.#waitMs()
    if (waitMs === undefined || waitMs + MIN_ATTEMPT_MS > this.#left()) return false
    if (!this.#guard.budget.take(this.#now())) return false
    this.#guard.observer.retried()
    if (waitMs > 0) await sleep(this.#guard.clock, waitMs)
    return true
  }

  /** Time until the next attempt, ms: backoff, or the pause that every endpoint asked for if it is longer. */
  #waitMs(): number | undefined {
    const backoff = backoffMs(this.#retries++, this.#guard.random())
    const pauseMs = availableInMs(this.#request.endpoints, this.#preference, this.#now())
    return pauseMs === undefined ? undefined : Math.max(backoff, pauseMs)
  }

  #hasUntried(): boolean {
    const next = pickEndpoint(this.#request.endpoints, this.#preference, this.#now())
    return next !== undefined && !this.#tried.has(next)
  }

  #stopped(): boolean {
    return this.#guard.ended
  }

  #left(): number {
    return this.#request.deadlineMs - this.#now()
  }

  #now(): number {
    return this.#guard.clock.monotonicMs()
  }
}

const NONE: ReadonlySet<number> = new Set()

const LATE_IN_QUEUE = temporary(
  'overload',
  'no place free before the deadline; raise maxConcurrent or speed up the service',
)

const GAVE_WAY = temporary('overload', 'the request gave way to a waiting lookup; raise maxConcurrent')
