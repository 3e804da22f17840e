/**
 * One HTTP upstream as one table sees it: attempts over its endpoints, and the canary that says whether
 * a "not found" may be believed.
 *
 *   attempts -> found                                  the answer
 *            -> not found, canary found just before    the answer
 *            -> not found, canary older than maxAge    ask the canary; then the key again
 *            -> not found, canary not found            another endpoint, else temporary
 */
import type { TableObserver } from '../observer.ts'
import { DEFECT, type Temporary, temporary } from '../result.ts'
import type { CanaryStatus } from '../status.ts'
import type { Answer, Endpoint, Question, Reply, SendOptions, Upstream } from '../upstream.ts'
import { failureOf, outcomeOf } from './attempt-report.ts'
import { type AttemptsResult, makeAttempts } from './attempts.ts'
import { Batcher, type BatchOptions } from './batcher.ts'
import { Canary, type CanaryAsker, type CanarySettings, type Verdict } from './canary.ts'
import type { EndpointState } from './endpoint-order.ts'
import { type AskedUpstream, QuestionRequest } from './question-request.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

export interface ResilientUpstreamOptions {
  /** Name of the table that asks. */
  readonly table: string
  /** Shared by all tables of the upstream; configured before this is built. */
  readonly guard: UpstreamGuard
  /** For this table, as many as the guard has, in the same order. */
  readonly endpoints: readonly Endpoint[]
  /** Asks many keys in one request; undefined: a request for each key. Not with `sideEffects`. */
  readonly batch?: BatchOptions
  /** A lookup counts or reserves: no retry, no hedge. */
  readonly sideEffects: boolean
  readonly canary: CanarySettings | undefined
  readonly observer: TableObserver
  /** Is told of an exception where none may be. */
  readonly onDefect: (error: unknown, where: string) => void
}

export class ResilientUpstream implements Upstream {
  readonly name: string
  readonly #options: ResilientUpstreamOptions
  readonly #states: readonly EndpointState[]
  readonly #asked: AskedUpstream
  readonly #canary: Canary | undefined
  readonly #batcher: Batcher | undefined
  /** Why the canary was unreachable when it was asked last, by endpoint. */
  readonly #canaryFailures: (string | undefined)[] = []

  constructor(options: ResilientUpstreamOptions) {
    this.name = options.guard.name
    this.#options = options
    this.#states = options.guard.endpoints
    this.#asked = {
      name: this.name,
      endpoints: options.endpoints,
      states: this.#states,
      sideEffects: options.sideEffects,
      isDemoted: (endpoint) => this.#isDemoted(endpoint),
    }
    const { batch, canary, guard, observer } = options
    const demoted = (endpoint: number) => this.#isDemoted(endpoint)
    this.#batcher = batch && new Batcher({ ...batch, guard, states: this.#states, demoted })
    this.#canary =
      canary &&
      new Canary({
        settings: canary,
        endpoints: options.endpoints.length,
        clock: guard.clock,
        ask: (endpoint, asker) => this.#askCanary(canary.key, endpoint, asker),
        onChanged: (endpoint, state) =>
          observer.canaryChanged(
            this.name,
            this.#nameOf(endpoint),
            state,
            state === 'unreachable' ? this.#canaryFailures[endpoint] : undefined,
          ),
      })
  }

  /** Starts to ask the canary ahead of need. */
  start(): void {
    this.#canary?.start()
  }

  /** Ends the canary's timer; questions under way go on. */
  stop(): void {
    this.#canary?.stop()
  }

  /** Answers at once, without any I/O, when nothing may be asked; else by a promise that does not reject. */
  ask(question: Question): Answer | Promise<Answer> {
    const refusal = this.#options.guard.refusal(this.#states, NO_PREFERENCE, !question.hasWaiters)
    if (refusal !== undefined) return this.#held(question, refusal)
    question.onAbandoned(this.#options.guard.limiter.makeRoom)
    return this.#ask(question).catch((error) => this.#defect(error))
  }

  /** Not while the canary of that endpoint is missing, nor before it was found for the first time. */
  trustsNegative(endpoint: number): boolean {
    return this.#canary?.believesStored(endpoint) ?? true
  }

  canaryStatus(): CanaryStatus[] {
    const states = this.#canary?.status() ?? []
    return states.map((state, index) => ({ upstream: this.name, endpoint: this.#nameOf(index), state }))
  }

  async #ask(question: Question): Promise<Answer> {
    const canary = this.#canary
    /** Endpoints whose canary was found, or not found, for this question. */
    const verified = canary === undefined ? NONE : new Set<number>()
    const doubted = canary === undefined ? NONE : new Set<number>()
    if (canary !== undefined && this.#options.sideEffects) await this.#verifyAll(canary, question, verified)
    for (;;) {
      const result = await this.#attempts(question, doubted)
      if (result.kind === 'defect') return this.#defect(result.error)
      if (result.kind === 'held') return this.#held(question, doubted.size > 0 ? NO_CANARY : result.result)
      const { reply, endpoint } = result
      const believed =
        canary === undefined ||
        reply.result.kind !== 'notfound' ||
        reply.suppressed !== undefined ||
        verified.has(endpoint) ||
        canary.believes(endpoint)
      if (believed) return answerOf(reply, endpoint)
      if (this.#options.sideEffects) return this.#held(question, NO_CANARY)
      const found = await canary.check(endpoint, question.deadlineMs)
      if (found) verified.add(endpoint)
      else doubted.add(endpoint)
      if (doubted.size === this.#states.length)
        return { ...this.#held(question, NO_CANARY), source: 'upstream' }
    }
  }

  /** A key that must be asked once only: its canary is asked before. */
  async #verifyAll(canary: Canary, question: Question, verified: Set<number>): Promise<void> {
    const checks = this.#states.map(async (_state, endpoint) => {
      if (canary.believes(endpoint) || (await canary.check(endpoint, question.deadlineMs)))
        verified.add(endpoint)
    })
    await Promise.all(checks)
  }

  #attempts(question: Question, avoided: ReadonlySet<number>): Promise<AttemptsResult<Reply>> {
    if (this.#batcher !== undefined) return this.#batcher.ask(question, avoided)
    return makeAttempts(this.#options.guard, new QuestionRequest(this.#asked, question, avoided))
  }

  #isDemoted(endpoint: number): boolean {
    return this.#canary?.isMissing(endpoint) ?? false
  }

  /** One question for the canary, to one endpoint only, through the same limiter and circuit. */
  async #askCanary(key: string, endpoint: number, asker: CanaryAsker): Promise<Verdict> {
    const { guard } = this.#options
    const others = new Set(this.#states.keys())
    others.delete(endpoint)
    const result = await makeAttempts<Reply>(guard, {
      deadlineMs: guard.clock.monotonicMs() + guard.settings.timeoutMs,
      get background() {
        return asker.background
      },
      endpoints: this.#states,
      avoided: others,
      sideEffects: true,
      send: (index, options) => this.#sendCanary(key, index, options),
      outcome: outcomeOf,
      failure: failureOf,
    })
    if (result.kind === 'defect') {
      this.#options.onDefect(result.error, `canary of upstream ${this.name}`)
      return 'unreachable'
    }
    this.#canaryFailures[endpoint] =
      result.kind === 'held'
        ? (this.#states[endpoint]?.lastFailure ?? failureOf(result))
        : failureOf(result.reply)
    if (result.kind === 'held') return result.result.cause === 'overload' ? 'unasked' : 'unreachable'
    if (result.reply.result.kind === 'found') return 'found'
    return result.reply.result.kind === 'notfound' ? 'missing' : 'unreachable'
  }

  /** By the route that lookups take: only that one can vouch for their "not found". */
  async #sendCanary(key: string, index: number, options: SendOptions): Promise<Reply> {
    const { batch, endpoints } = this.#options
    if (batch === undefined) return endpointAt(endpoints, index).send(key, options)
    const { replies, overall } = await endpointAt(batch.endpoints, index).sendMany([key], options)
    return replies.get(key) ?? overall
  }

  #held(question: Question, result: Temporary): Answer {
    question.explanation?.add({ step: 'held', key: question.key, upstream: this.name, result })
    return { result, storable: false, source: 'shed' }
  }

  #defect(error: unknown): Answer {
    this.#options.onDefect(error, `upstream ${this.name}`)
    return {
      result: DEFECT,
      storable: false,
      source: 'shed',
    }
  }

  #nameOf(endpoint: number): string {
    return this.#states[endpoint]?.name ?? ''
  }
}

/** Stays empty: nothing is verified or doubted without a canary. */
const NONE: Set<number> = new Set()

const NO_PREFERENCE = { tried: new Set<number>(), avoided: new Set<number>(), demoted: () => false }

const NO_CANARY = temporary(
  'canary',
  'the service does not know its canary, so its "not found" is not believed; check its path and deployment',
)

function endpointAt<E extends Endpoint>(endpoints: readonly E[], index: number): E {
  const endpoint = endpoints[index]
  if (endpoint === undefined) throw new RangeError('the guard has more endpoints than the table')
  return endpoint
}

function answerOf(reply: Reply, endpoint: number): Answer {
  const { kind } = reply.result
  const isAnswer = kind === 'found' || kind === 'notfound' || kind === 'notmodified'
  return {
    result: reply.result,
    storable: isAnswer && reply.suppressed === undefined,
    caching: reply.caching,
    validators: reply.validators,
    endpoint,
    // A key that lacks a part was not asked for at all.
    source: reply.suppressed === undefined ? 'upstream' : 'filtered',
  }
}
