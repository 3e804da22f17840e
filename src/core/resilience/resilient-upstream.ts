/**
 * One HTTP upstream as one table sees it: attempts over its endpoints, and the canary that says whether
 * a "not found" may be trusted.
 *
 *   attempts -> found                                  the answer
 *            -> not found, canary found just before    the answer
 *            -> not found, canary older than maxAge    ask the canary; then the key again
 *            -> not found, canary not found            another endpoint, else temporary
 */
import type { TableObserver } from '../observed/observer.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { DEFECT, type Temporary } from '../result.ts'
import type { CanaryStatus } from '../status.ts'
import type { Answer, Endpoint, Question, Reply, ServiceHealth, Upstream } from '../upstream.ts'
import { oneAnswers } from './answers-others.ts'
import { Attempt } from './attempt.ts'
import { answerOf, failureOf } from './attempt-report.ts'
import { type AttemptsResult, makeAttempts } from './attempts.ts'
import { Batcher, type BatchOptions } from './batcher.ts'
import { Canary, type CanaryAsker, type CanarySettings, type Verdict } from './canary.ts'
import type { KnownQuestions } from './known-questions.ts'
import type { OthersAnswered, OthersQuestion } from './others-answered.ts'
import { type AskedTable, QuestionRequest } from './question-request.ts'
import { CanaryRequest, TableRoute } from './table-route.ts'
import type { UpstreamState } from './upstream-state.ts'

interface ResilientUpstreamOptions {
  /** Name of the table that asks. */
  readonly table: string
  /** Shared by all tables of the upstream; configured before this is built. */
  readonly state: UpstreamState
  /** For this table, as many as the upstream has, in the same order. */
  readonly endpoints: readonly Endpoint[]
  /** Asks many keys in one request; undefined: a request for each key. Not with `sideEffects`. */
  readonly batch?: BatchOptions
  /** A lookup counts or reserves: no retry, no hedge. */
  readonly sideEffects: boolean
  readonly canary: CanarySettings | undefined
  readonly observer: TableObserver
  /** Called with an exception where none may be: a bug here. */
  readonly onDefect: (error: unknown, where: string) => void
}

export class ResilientUpstream implements Upstream, ServiceHealth {
  readonly name: string
  readonly health: ServiceHealth = this
  readonly #options: ResilientUpstreamOptions
  readonly #asked: AskedTable
  readonly #routes: readonly TableRoute[]
  readonly #canary: Canary | undefined
  readonly #batcher: Batcher | undefined
  /** Why the canary was unreachable when it was asked last, by endpoint. */
  readonly #canaryFailures: (string | undefined)[] = []

  constructor(options: ResilientUpstreamOptions) {
    const { batch, canary, state, observer } = options
    this.name = state.name
    this.#options = options
    this.#asked = {
      table: options.table,
      upstream: this.name,
      senders: options.endpoints,
      endpoints: state.endpoints,
      avoided: NONE,
      sideEffects: options.sideEffects,
      isDemoted: (endpoint) => this.#canary?.isMissing(endpoint) ?? false,
    }
    this.#batcher = batch && new Batcher({ ...batch, state, asked: this.#asked })
    this.#routes = options.endpoints.map(
      (endpoint, index) =>
        new TableRoute({
          table: options.table,
          endpoint,
          batch: batch?.endpoints[index],
          attributes: canary?.attributes,
          clock: state.clock,
          onDefect: (error) => options.onDefect(error, `canary of upstream ${this.name}`),
          onChecked: (key, reply, sentAt) => {
            if (key === canary?.key) this.#canary?.learn(index, this.#verdictOf(reply, index), sentAt)
          },
        }),
    )
    this.#canary =
      canary &&
      new Canary({
        settings: canary,
        endpoints: options.endpoints.length,
        clock: state.clock,
        ask: (endpoint, asker) => this.#askCanary(canary.key, endpoint, asker),
        onChanged: (endpoint, canaryState) => {
          const failure = canaryState === 'unreachable' ? this.#canaryFailures[endpoint] : undefined
          observer.canaryChanged(this.name, this.#nameOf(endpoint), canaryState, failure)
        },
      })
  }

  /** Starts to ask the canary ahead of need, and lets it decide about the circuits. */
  start(): void {
    const { canary, sideEffects } = this.#options
    if (!sideEffects) this.#eachKnown((known, route) => known.adopt(route))
    if (this.#canary === undefined || canary === undefined) return
    // Attributes that are written down were chosen to be asked again and again.
    if (!sideEffects || canary.attributes !== undefined)
      this.#eachKnown((known, route) => known.addCanary(route, canary.key))
    this.#canary.start()
  }

  /** Ends the canary's timer; questions under way go on. */
  stop(): void {
    this.#canary?.stop()
    this.#eachKnown((known, route) => known.removeRoute(route))
  }

  /** Answers at once, without any I/O, when nothing may be asked; else by a promise that does not reject. */
  ask(question: Question): Answer | Promise<Answer> {
    const { state } = this.#options
    const first = state.admit(this.#asked, question)
    if (typeof first !== 'number') return this.#withoutAsking(question, first)
    question.onAbandoned(state.limiter.freeSlots)
    return this.#ask(question, first)
  }

  /** No endpoint answers, as far as is seen: each has an open circuit, or is silent to everybody. */
  get isFailing(): boolean {
    const nowMs = this.#options.state.clock.monotonicMs()
    return this.#asked.endpoints.every((endpoint) => endpoint.isFailing(nowMs))
  }

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    return oneAnswers(this.#asked.endpoints, this.#options.table, question)
  }

  /** When the circuit of an endpoint last closed. */
  get recoveredAtMs(): number {
    let latestMs = Number.NEGATIVE_INFINITY
    for (const { closedAtMs } of this.#asked.endpoints) latestMs = Math.max(latestMs, closedAtMs)
    return latestMs
  }

  /** When one of the endpoints last gave a good reply to a lookup. */
  get goodAtMs(): number {
    let latestMs = Number.NEGATIVE_INFINITY
    for (const { lookups } of this.#asked.endpoints) latestMs = Math.max(latestMs, lookups.goodAtMs)
    return latestMs
  }

  needsNoRequest(key: string): boolean {
    return this.#unsent(key) !== undefined
  }

  /** Not while the canary of that endpoint is missing, nor before it was found for the first time. */
  trustsNegative(endpoint: number): boolean {
    return this.#canary?.trustsStored(endpoint) ?? true
  }

  canaryStatus(): CanaryStatus[] {
    const states = this.#canary?.status() ?? []
    return states.map((state, index) => ({ upstream: this.name, endpoint: this.#nameOf(index), state }))
  }

  async #ask(question: Question, first: number): Promise<Answer> {
    try {
      if (this.#canary !== undefined) return await this.#askTrusted(this.#canary, question, first)
      const result = await this.#attempts(question, NONE, first)
      if (result.kind === 'held') return this.#held(question, result.result)
      return this.#answer(question, result.reply, result.endpoint)
    } catch (error) {
      this.#options.onDefect(error, `upstream ${this.name}`)
      return { result: DEFECT, storable: false, source: 'shed' }
    }
  }

  /** Asks until a "not found" comes from an endpoint that its canary speaks for. */
  async #askTrusted(canary: Canary, question: Question, first: number): Promise<Answer> {
    /** Endpoints whose canary was found, or not found, for this question. */
    const verified = new Set<number>()
    const doubted = new Set<number>()
    if (this.#options.sideEffects) await this.#verifyAll(canary, question, verified)
    let next: number | Temporary = first
    for (;;) {
      if (typeof next !== 'number') return this.#held(question, doubted.size > 0 ? NO_CANARY : next)
      const result = await this.#attempts(question, doubted, next)
      if (result.kind === 'held') return this.#held(question, doubted.size > 0 ? NO_CANARY : result.result)
      const { reply, endpoint } = result
      const trusted =
        reply.result.kind !== 'notfound' ||
        reply.suppressed !== undefined ||
        verified.has(endpoint) ||
        canary.trusts(endpoint)
      if (trusted) return this.#answer(question, reply, endpoint)
      if (this.#options.sideEffects) return this.#held(question, NO_CANARY)
      const found = await canary.check(endpoint, question.deadlineMs)
      const [upstream, name, key] = [this.name, this.#nameOf(endpoint), this.#options.canary?.key ?? '']
      question.explanation?.add({ step: 'canary', key, upstream, endpoint: name, found })
      if (found) verified.add(endpoint)
      else doubted.add(endpoint)
      if (doubted.size === this.#asked.endpoints.length)
        return { ...this.#held(question, NO_CANARY), source: 'upstream' }
      next = this.#options.state.admit({ ...this.#asked, avoided: doubted }, question)
    }
  }

  /** A key that must be asked once only: its canary is asked before. */
  async #verifyAll(canary: Canary, question: Question, verified: Set<number>): Promise<void> {
    const checks = this.#asked.endpoints.map(async (_state, endpoint) => {
      if (canary.trusts(endpoint) || (await canary.check(endpoint, question.deadlineMs)))
        verified.add(endpoint)
    })
    await Promise.all(checks)
  }

  #attempts(question: Question, avoided: ReadonlySet<number>, first: number): Promise<AttemptsResult<Reply>> {
    if (this.#batcher !== undefined) return this.#batcher.ask(question, avoided)
    return makeAttempts(this.#options.state, new QuestionRequest(this.#asked, question, avoided), first)
  }

  #answer(question: Question, reply: Reply, endpoint: number): Answer {
    if (reply.result.kind === 'found') {
      this.#options.state.rememberAnswered(question.key)
      // Without its attributes a question cannot be asked again.
      const isKnown = !this.#options.sideEffects && question.attributes === undefined
      if (isKnown) this.#remember(question.key, endpoint)
    }
    return answerOf(reply, endpoint)
  }

  /** A key that was found is a question whose answer is known. */
  #remember(key: string, endpoint: number): void {
    const route = this.#routes[endpoint]
    if (route === undefined) return
    const nowMs = this.#options.state.clock.monotonicMs()
    this.#asked.endpoints[endpoint]?.known.remember(route, key, nowMs)
  }

  /** One question for the canary, to one endpoint only: past its circuit, with a slot of the limiter. */
  async #askCanary(key: string, endpoint: number, asker: CanaryAsker): Promise<Verdict> {
    const { state } = this.#options
    const route = this.#routes[endpoint]
    if (route === undefined) return 'unasked'
    const deadlineMs = state.clock.monotonicMs() + state.settings.timeoutMs
    const attempt = new Attempt(
      state,
      new CanaryRequest(this.#asked, route, key, asker, deadlineMs),
      'canary',
    )
    if (state.ended || !(await state.limiter.take(attempt, deadlineMs))) return 'unasked'
    try {
      const outcome = await attempt.run(endpoint)
      return outcome.kind === 'reply' ? this.#verdictOf(outcome.reply, endpoint) : 'unasked'
    } catch {
      return 'unreachable' // a defect, which the route has reported
    }
  }

  #verdictOf(reply: Reply, endpoint: number): Verdict {
    if (reply.isUnsent) return 'unasked'
    this.#canaryFailures[endpoint] = failureOf(reply)
    if (reply.result.kind === 'found') return 'found'
    return reply.result.kind === 'notfound' ? 'missing' : 'unreachable'
  }

  #eachKnown(run: (known: KnownQuestions, route: TableRoute) => void): void {
    for (const [index, { known }] of this.#asked.endpoints.entries()) {
      const route = this.#routes[index]
      if (route !== undefined) run(known, route)
    }
  }

  /** Nobody can be asked. */
  #withoutAsking(question: Question, result: Temporary): Answer {
    const { key } = question
    const reply = this.#options.state.ended ? undefined : this.#unsent(key)
    if (reply?.suppressed === undefined) return this.#held(question, result)
    question.explanation?.add({ step: 'suppressed', key, upstream: this.name, why: reply.suppressed })
    return answerOf(reply, 0)
  }

  /** A batch takes every key. */
  #unsent(key: string): Reply | undefined {
    return this.#batcher === undefined ? this.#options.endpoints[0]?.unsent?.(key) : undefined
  }

  #held(question: Question, result: Temporary): Answer {
    question.explanation?.add({ step: 'held', key: question.key, upstream: this.name, result })
    return { result, storable: false, source: 'shed' }
  }

  #nameOf(endpoint: number): string {
    return this.#asked.endpoints[endpoint]?.name ?? ''
  }
}

/** Stays empty: nothing is verified or doubted without a canary. */
const NONE: ReadonlySet<number> = new Set()

const NO_CANARY = temporaryFor(CORE_REASONS.canaryMissing)
