/**
 * What is known of one endpoint, shared by all tables.
 *
 *   closed --- `failures` different keys failed since the last good reply, or one is not answered in the usual time and
 *              nobody else is either ---> a question whose answer is known
 *                                     good: stays closed                       bad: open
 *   open   --- about every `openFor` the known question ---> good: closed
 *
 * What a stranger puts into a key says nothing about the service: failures alone never open the circuit
 * where a question is known. Where none is (no canary, nothing found so far), only failures of the endpoint
 * itself count, of at least {@link UNKNOWN_FAILURES} different keys, and none while others are answered; and while it is open
 * one lookup at a time tries it, about every `openFor`, when all others go elsewhere at once (half-open).
 * Monotonic time only: no step of the wall clock keeps a circuit open.
 */
import type { Clock, Timer } from '../clock.ts'
import type { CheckVerdict, CircuitState } from '../observed/observer.ts'
import type { Evidence, Reply } from '../upstream.ts'
import { AnswersOthers } from './answers-others.ts'
import { failureOf } from './attempt-report.ts'
import {
  ANSWERING_MS,
  type BreakerLimits,
  CHECK_PAUSE_MS,
  JITTER,
  MAX_CHECKS,
  MAX_RETRY_AFTER_MS,
  MIN_CHECK_MS,
  UNKNOWN_FAILURES,
} from './circuit-limits.ts'
import { FailingLookups } from './failing-lookups.ts'
import { type KnownQuestion, KnownQuestions } from './known-questions.ts'
import { isEnough, isFailure } from './known-reply.ts'
import { ResponseTime } from './response-time.ts'
import { Suspicion } from './suspicion.ts'

interface EndpointOptions {
  readonly name: string
  readonly limits: BreakerLimits
  readonly clock: Clock
  /** Numbers from 0 up to 1: endpoints that failed together are not tested together. */
  readonly random: () => number
  /** Sends a known question, past limits and circuit, in the time that is given. */
  readonly check: (question: KnownQuestion, timeoutMs: number, onSent: () => void) => Promise<Reply>
  readonly onChanged: (state: 'open' | 'closed', lastFailure: string | undefined) => void
  readonly onChecked: (verdict: CheckVerdict) => void
}

export class EndpointState {
  readonly name: string
  readonly known = new KnownQuestions()
  readonly responseTime = new ResponseTime()
  readonly suspicion = new Suspicion()
  readonly others: AnswersOthers
  readonly lookups = new FailingLookups()
  limits: BreakerLimits
  /** How its last request ended that spoke against it, in words. */
  lastFailure: string | undefined
  readonly #options: EndpointOptions
  #heardAtMs = Number.NEGATIVE_INFINITY // when any reply to a lookup last arrived, monotonic ms
  goodAtMs = Number.NEGATIVE_INFINITY // when a good one did
  knownAtMs = Number.NEGATIVE_INFINITY // when a known question was last found
  /** When the known question was sent that has no reply yet, monotonic ms. */
  #askedAtMs: number | undefined
  /** When its circuit last closed, monotonic ms. */
  closedAtMs = Number.NEGATIVE_INFINITY
  #circuit: CircuitState = 'closed'
  #pausedUntilMs = 0
  openedAtMs = Number.NEGATIVE_INFINITY
  #testAtMs = 0 // when the next test of an open circuit is due, monotonic ms
  #timer: Timer | undefined
  isRetired = false
  #checking: 'idle' | 'checking' = 'idle'
  #quietUntilMs = Number.NEGATIVE_INFINITY
  #turn = 0 // which known question comes next while the circuit is open

  constructor(options: EndpointOptions) {
    this.#options = options
    this.name = options.name
    this.limits = options.limits
    this.others = new AnswersOthers(this, options.clock)
  }

  get circuit(): CircuitState {
    return this.#circuit
  }

  /** How long it still asks not to be asked (Retry-After), ms; 0 when it does not. */
  pausedForMs(nowMs: number): number {
    return this.#circuit === 'closed' ? 0 : Math.max(0, this.#pausedUntilMs - nowMs)
  }

  /** Returns whether a lookup of that table may be sent to it now. */
  isAvailable(nowMs: number, table?: string): boolean {
    if (this.#circuit === 'closed') return table === undefined || !this.others.isHeld(table, nowMs)
    // A lookup is a trial only where no known question is going to be.
    if (this.#timer !== undefined || this.#checking === 'checking') return false
    return this.#circuit === 'open' && nowMs >= this.#testAtMs
  }

  /**
   * Returns whether it is seen not to answer: its circuit is open, or a question whose answer is known has had no reply for
   * longer than usual, and no lookup has had one since. One that is slow for some keys, or slow as always, does not fail.
   */
  isFailing(nowMs: number): boolean {
    if (this.#circuit !== 'closed') return true
    const askedAtMs = this.#askedAtMs ?? Number.POSITIVE_INFINITY
    return this.#heardAtMs < askedAtMs && nowMs - askedAtMs >= this.responseTime.slowAfterMs
  }

  /** For how long only its known questions have been answered, ms; undefined where it is not so, or not for a minute yet. */
  onlyKnownForMs(nowMs: number): number | undefined {
    return this.#circuit === 'closed' ? this.lookups.forMs(nowMs, this.knownAtMs) : undefined
  }

  /** A reply to a lookup of that table arrived. */
  heard(nowMs: number, evidence: Evidence, table: string): void {
    this.#heardAtMs = nowMs
    if (evidence !== 'good') return
    this.goodAtMs = nowMs
    this.others.heard(table)
  }

  /** A request has been under way since then, and longer than usual: if nobody was answered meanwhile, it may be a hang. */
  late(startMs: number): void {
    if (this.#circuit === 'closed' && this.#heardAtMs <= startMs && !this.known.isEmpty) void this.#test()
  }

  /** A lookup is sent, which {@link isAvailable} allowed. Returns whether it is the trial of an open circuit. */
  begin(): boolean {
    if (this.#circuit !== 'open') return false
    this.#circuit = 'half-open'
    return true
  }

  /** A trial was ended from here, so it says nothing. */
  trialCancelled(): void {
    if (this.#circuit === 'half-open') this.#circuit = 'open'
  }

  /**
   * A request ended by a reply.
   *
   * @param counts False for further attempts: a lookup counts once.
   */
  replied(key: string, startMs: number, reply: Reply, counts: boolean, trial: boolean): void {
    const speaksAgainst = isFailure(reply)
    if (speaksAgainst) this.lastFailure = failureOf(reply) ?? this.lastFailure
    if (reply.evidence === 'good') this.#good(startMs)
    else if (trial) this.#tried(reply)
    else if (counts && speaksAgainst) this.failed(key, startMs, reply.evidence, reply.retryAfterMs)
  }

  /** A key failed, or waits for longer than usual although it was sent first. */
  failed(key: string, startMs: number, evidence: Evidence, retryAfterMs?: number): void {
    if (this.#circuit !== 'closed') return
    const enough = Math.max(this.limits.failures, UNKNOWN_FAILURES)
    this.suspicion.failed(key, startMs, evidence, enough)
    if (this.known.isEmpty) {
      const isAnswering = this.#options.clock.monotonicMs() - this.goodAtMs < ANSWERING_MS
      if (this.suspicion.endpointKeys >= enough && !isAnswering) this.#open(retryAfterMs)
    } else if (this.suspicion.keys >= this.limits.failures) void this.#test()
  }

  /** Another one takes its place, or none: its circuit is not open any more. */
  retire(): void {
    this.stop()
    this.isRetired = true
    if (this.#circuit === 'closed') return
    this.#circuit = 'closed'
    this.#options.onChanged('closed', undefined)
  }

  /** The endpoint is gone, or the program ends. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #good(startMs: number): void {
    this.suspicion.good(startMs)
    if (this.#circuit !== 'closed' && startMs >= this.openedAtMs) this.#close()
  }

  /** A lookup was the trial. Any reply but a failure of the endpoint shows that it is there. */
  #tried(reply: Reply): void {
    if (reply.evidence === 'endpoint') {
      this.#circuit = 'open'
      this.#scheduleTest(reply.retryAfterMs)
    } else this.#close()
  }

  /** Asks known questions until one is answered well, or it is clear that they are not. */
  async #test(): Promise<void> {
    const { clock } = this.#options
    if (this.#checking === 'checking' || clock.monotonicMs() < this.#quietUntilMs) return
    this.#checking = 'checking'
    const beganMs = clock.monotonicMs()
    try {
      const questions = this.known.list()
      let pauseMs: number | undefined
      for (let turn = 0; turn < MAX_CHECKS; turn++) {
        const question = questions[turn % questions.length]
        if (question === undefined) break
        const startMs = clock.monotonicMs()
        const reply = await this.askKnown(question)
        if (reply === undefined || this.#circuit !== 'closed') return
        if (!isFailure(reply)) return this.#acquit()
        // It is about the endpoint, unless lookups were answered meanwhile.
        if (isEnough(reply, clock.monotonicMs() - startMs) && this.goodAtMs <= startMs)
          return this.#open(reply.retryAfterMs)
        pauseMs = reply.retryAfterMs
      }
      if (this.goodAtMs > beganMs) this.#acquit()
      else this.#open(pauseMs)
    } finally {
      this.#checking = 'idle'
    }
  }

  /** It answers: a known question, or lookups while none of those is answered. */
  #acquit(): void {
    this.#quietUntilMs = this.#options.clock.monotonicMs() + CHECK_PAUSE_MS
    this.suspicion.clear()
  }

  /** While the circuit is open: one known question, each time another. */
  async #retest(): Promise<void> {
    const question = this.known.inTurn(this.#turn++)
    if (question === undefined || this.#checking === 'checking') return
    this.#checking = 'checking'
    const askedAtMs = this.#options.clock.monotonicMs()
    const reply = await this.askKnown(question)
    this.#checking = 'idle'
    if (this.#circuit === 'closed') return
    if (reply !== undefined && !isFailure(reply)) return this.#close()
    // From one question to the next: what a service that hung answers now must not wait for the time of both.
    this.#scheduleTest(reply?.retryAfterMs, askedAtMs)
  }

  /** @returns undefined when it was ended from here, which says nothing. */
  async askKnown(question: KnownQuestion): Promise<Reply | undefined> {
    const { clock, check, onChecked } = this.#options
    const startMs = clock.monotonicMs()
    const timeoutMs = Math.max(MIN_CHECK_MS, this.responseTime.slowAfterMs)
    const reply = await check(question, timeoutMs, () => {
      this.#askedAtMs = clock.monotonicMs()
    })
    this.#askedAtMs = undefined
    this.others.asked(question, reply, startMs)
    if (reply.evidence === 'none' && reply.status === undefined && reply.suppressed === undefined)
      return undefined
    const failed = isFailure(reply)
    onChecked(failed ? 'failed' : 'passed')
    if (failed) this.lastFailure = failureOf(reply) ?? this.lastFailure
    else if (reply.result.kind === 'found') this.knownAtMs = clock.monotonicMs()
    else if (reply.result.kind === 'notfound') this.known.forget(question)
    this.known.asked(question, reply.result.kind === 'found')
    question.route.checked?.(question.key, reply)
    if (!failed) this.suspicion.good(startMs)
    return reply
  }

  #open(retryAfterMs?: number): void {
    if (this.isRetired) return
    this.openedAtMs = this.#options.clock.monotonicMs()
    this.#circuit = 'open'
    this.#pausedUntilMs = 0
    this.#turn = 0
    this.suspicion.clear()
    this.#options.onChanged('open', this.lastFailure)
    this.#scheduleTest(retryAfterMs)
  }

  #close(): void {
    this.stop()
    this.suspicion.clear()
    this.#circuit = 'closed'
    this.closedAtMs = this.#options.clock.monotonicMs()
    this.#options.onChanged('closed', undefined)
  }

  #scheduleTest(retryAfterMs?: number, sinceMs?: number): void {
    const { clock, random } = this.#options
    const nowMs = clock.monotonicMs()
    const waitMs = Math.max(0, this.limits.openForMs * (1 - JITTER * random()) - (nowMs - (sinceMs ?? nowMs)))
    if (retryAfterMs !== undefined) this.#pausedUntilMs = nowMs + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
    // Nobody but a lookup can try it where nothing is known, and then the pause it asked for holds.
    this.#testAtMs = Math.max(nowMs + waitMs, this.known.isEmpty ? this.#pausedUntilMs : 0)
    this.stop()
    if (this.known.isEmpty) return
    this.#timer = clock.after(waitMs, () => {
      this.#timer = undefined
      void this.#retest()
    })
  }
}
