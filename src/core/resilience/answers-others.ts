/**
 * Whether a service answers others while a lookup fails: then it is the key that fails, which a stranger may have
 * chosen, and no rule for outages takes the place of the answer.
 *
 *   its circuit is open, or it is seen not to answer     no
 *   it was asked in the last {@link CHECK_PAUSE_MS}      as it answered then
 *   no time is left                                      as it answered since the lookup began; not asked: yes, since
 *                                                        no outage is seen
 *   else                                                 known questions of the table are asked, until one is found;
 *                                                        where it has none, those of others
 *   one that was found before is "not found" now         it is forgotten, and the next one is asked
 *   none is known                                        yes, if a good reply arrived since the lookup began; else
 *                                                        nobody can say
 *
 * A question that is known to be found shows more than that somebody answers: a service that refuses the credentials,
 * lost its data or says the same to everybody is as good as down.
 *
 * Where a wrong "no" would let somebody in, it is asked carefully:
 *
 *   a known question fails             no outage before nothing of ours can be the reason ({@link FailingSince}); the lookup
 *                                      waits for that, if its deadline allows
 *   the canary of the table is gone    no outage, unless the service fails for other tables, too: somebody may have deleted it
 */
import type { Clock } from '../clock.ts'
import type { Reply } from '../upstream.ts'
import { CHECK_PAUSE_MS, MAX_CHECKS } from './circuit-limits.ts'
import { FailingSince } from './failing-since.ts'
import type { KnownQuestion, KnownQuestions } from './known-questions.ts'
import { isCertain, isEnough, isOfEndpoint } from './known-reply.ts'
import type { OthersAnswered, OthersQuestion } from './others-answered.ts'
import { sleep, within } from './sleep.ts'

/** What is needed of an endpoint. */
interface DoubtedEndpoint {
  readonly known: KnownQuestions
  /** When a good reply last arrived, monotonic ms. */
  readonly goodAtMs: number
  /** When a known question was last found. */
  readonly knownAtMs: number
  readonly circuit: 'closed' | 'open' | 'half-open'
  /** When it last opened. */
  readonly openedAtMs: number
  readonly limits: { readonly timeoutMs: number }
  isFailing(nowMs: number): boolean
  /** @returns undefined when it was ended from here, which says nothing. */
  askKnown(question: KnownQuestion): Promise<Reply | undefined>
}

/** What known questions said lately of one table: one is found, none is, or its canary alone is missing. */
interface Verdict {
  readonly says: 'found' | 'failing' | 'missing'
  readonly atMs: number
}

export class AnswersOthers {
  readonly #endpoint: DoubtedEndpoint
  readonly #clock: Clock
  /** By table. */
  readonly #asking = new Map<string, Promise<Verdict>>()
  readonly #verdicts = new Map<string, Verdict>()
  /** Of all tables. */
  readonly #failing = new FailingSince()
  /** By known questions of the table itself. */
  readonly #ownFailing = new Map<string, FailingSince>()
  /** Tables that were asked carefully. */
  readonly #careful = new Set<string>()

  constructor(endpoint: DoubtedEndpoint, clock: Clock) {
    this.#endpoint = endpoint
    this.#clock = clock
  }

  /** A lookup of that table got a good reply. */
  heard(table: string): void {
    this.#failing.ended()
    if (this.#ownFailing.size > 0) this.#ownFailing.get(table)?.ended()
  }

  /** A known question that was sent then got this reply. */
  asked(question: KnownQuestion, reply: Reply, sentMs: number): void {
    const { table } = question.route
    const { kind } = reply.result
    if (kind === 'found') this.heard(table)
    const saysNothing = reply.evidence === 'none' && reply.status === undefined && !isCertain(reply)
    const { known, limits, circuit } = this.#endpoint
    if (kind === 'found' || saysNothing || (kind === 'notfound' && !known.isCanary(question))) return
    let own = this.#ownFailing.get(table)
    if (own === undefined) {
      own = new FailingSince()
      this.#ownFailing.set(table, own)
    }
    const openedAtMs = circuit === 'closed' ? undefined : this.#endpoint.openedAtMs
    for (const failing of [this.#failing, own])
      failing.failed(reply, sentMs, this.#clock.monotonicMs(), limits.timeoutMs, openedAtMs)
  }

  /** Returns whether lookups of that table are not sent: it must be seen whether they are what the service is busy with. */
  isHeld(table: string, nowMs: number): boolean {
    if (!this.#failing.isOn && this.#ownFailing.size === 0) return false
    if (!this.#careful.has(table)) return false
    return this.#failingOf(table).isHeld(nowMs, this.#endpoint.limits.timeoutMs)
  }

  /**
   * @param table The table in which a lookup fails: its own questions decide, where it has any.
   * @returns Undefined where nothing is known of it. A promise does not reject.
   */
  at(table: string, question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    const answer = this.#at(table, question)
    if (question.isCareful !== true) return answer
    this.#careful.add(table)
    return answer === 'failing' || answer instanceof Promise ? this.#outlast(table, question, answer) : answer
  }

  #at(table: string, question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    const { sinceMs, deadlineMs, isCareful } = question
    const nowMs = this.#clock.monotonicMs()
    const { circuit, known } = this.#endpoint
    if (isCareful !== true) {
      if (this.#endpoint.isFailing(nowMs)) return false
    } else if (circuit !== 'closed') return known.isEmpty || this.#isOutage(table) ? false : 'failing'
    const verdict = this.#verdicts.get(table)
    if (verdict !== undefined && nowMs - verdict.atMs < CHECK_PAUSE_MS)
      return this.#answer(table, verdict, isCareful)
    if (known.isEmpty) return this.#heardSince(sinceMs) || undefined
    if (nowMs >= deadlineMs) return this.#toldSince(table, question)
    let asking = this.#asking.get(table)
    if (asking === undefined) {
      asking = this.#ask(table)
      this.#asking.set(table, asking)
    }
    return within(this.#clock, deadlineMs - nowMs, asking).then((told) => {
      if (told === undefined) return this.#toldSince(table, question)
      // Where the circuit has opened meanwhile, what opened it decides.
      if (isCareful === true && this.#endpoint.circuit !== 'closed') return this.#at(table, question)
      return this.#answer(table, told, isCareful)
    })
  }

  /** Waits while the service fails, until it answers or that is an outage, as far as the deadline allows. */
  async #outlast(
    table: string,
    question: OthersQuestion,
    first: OthersAnswered | Promise<OthersAnswered>,
  ): Promise<OthersAnswered> {
    for (let answer = await first; ; answer = await this.#at(table, question)) {
      if (answer !== 'failing') return answer
      const nowMs = this.#clock.monotonicMs()
      const decidesAtMs = this.#decidesAtMs(table)
      if (decidesAtMs >= question.deadlineMs) return answer
      // Sooner than that, too: it may answer again.
      const againAtMs = nowMs + CHECK_PAUSE_MS
      const untilMs = decidesAtMs > nowMs ? Math.min(againAtMs, decidesAtMs) : againAtMs
      if (untilMs >= question.deadlineMs) return answer
      await sleep(this.#clock, untilMs - nowMs)
    }
  }

  /** The circuit may be open by what other tables are told: then the table's own questions must fail, too. */
  #isOutage(table: string): boolean {
    const own = this.#ownFailing.get(table)
    if (own?.isOutage === true) return true
    return this.#failing.isOutage && (own?.isOn === true || this.#failing.isCertain || !this.#hasOwn(table))
  }

  #decidesAtMs(table: string): number {
    const { circuit, openedAtMs, limits } = this.#endpoint
    const failing = circuit === 'closed' ? this.#failingOf(table) : this.#failing
    // Somebody got a good reply meanwhile: the next known question begins anew.
    if (!failing.isOn) return this.#clock.monotonicMs()
    return failing.decidesAtMs(limits.timeoutMs, circuit === 'closed' ? undefined : openedAtMs)
  }

  #hasOwn(table: string): boolean {
    return this.#endpoint.known.list().some(({ route }) => route.table === table)
  }

  /** By its own questions, where it has any. */
  #failingOf(table: string): FailingSince {
    const own = this.#ownFailing.get(table)
    if (own?.isOn === true || !this.#failing.isOn) return own ?? this.#failing
    return this.#hasOwn(table) ? NEVER : this.#failing
  }

  #answer(table: string, { says }: Verdict, isCareful: boolean | undefined): OthersAnswered {
    if (says === 'found') return true
    if (isCareful !== true) return false
    return says === 'failing' && this.#isOutage(table) ? false : says
  }

  #heardSince(sinceMs: number): boolean {
    const { goodAtMs, knownAtMs } = this.#endpoint
    return Math.max(goodAtMs, knownAtMs) >= sinceMs
  }

  #toldSince(table: string, { sinceMs, isCareful }: OthersQuestion): OthersAnswered {
    const verdict = this.#verdicts.get(table)
    if (verdict === undefined || verdict.atMs < sinceMs) return true
    return this.#answer(table, verdict, isCareful)
  }

  async #ask(table: string): Promise<Verdict> {
    try {
      const says = await this.#judge(table)
      const verdict = { says, atMs: this.#clock.monotonicMs() }
      this.#verdicts.set(table, verdict)
      return verdict
    } finally {
      this.#asking.delete(table)
    }
  }

  async #judge(table: string): Promise<Verdict['says']> {
    const { known } = this.#endpoint
    const isOwn = ({ route }: KnownQuestion) => route.table === table
    /** Canaries that are "not found". */
    const missing = new Set<KnownQuestion>()
    let answered = 0
    let passedOver = 0
    for (let turn = 0; turn < MAX_CHECKS; turn++) {
      const all = known.list().filter((one) => !missing.has(one))
      const own = all.filter(isOwn)
      const questions = own.length > 0 ? own : all
      const question = questions[(turn - passedOver) % questions.length]
      // What is known no more was answered, all the same.
      if (question === undefined) return missing.size > 0 ? 'missing' : passedOver > 0 ? 'found' : 'failing'
      const startMs = this.#clock.monotonicMs()
      const reply = await this.#endpoint.askKnown(question)
      const nowMs = this.#clock.monotonicMs()
      if (reply?.result.kind === 'found') return missing.size > 0 && !isOwn(question) ? 'missing' : 'found'
      if (this.#endpoint.isFailing(nowMs)) return 'failing'
      if (reply === undefined) continue
      if (!known.list().includes(question)) {
        passedOver++
        continue
      }
      if (reply.result.kind === 'notfound') {
        // The table has lost its own canary, and nothing else is seen: what others are told decides.
        if (!isOwn(question)) return 'failing'
        missing.add(question)
        passedOver++
        continue
      }
      answered++
      const isFailure = isOfEndpoint(reply) && isEnough(reply, nowMs - startMs)
      if (isFailure && this.#endpoint.goodAtMs <= startMs) return 'failing'
    }
    if (answered > 0 || this.#ownFailing.get(table)?.isCertain === true) return 'failing'
    // Where none could be sent, the slots were taken by requests that are not even slow: no outage is seen.
    return missing.size > 0 ? 'missing' : 'found'
  }
}

/**
 * Returns whether one of them answers others.
 *
 * @returns Undefined where nothing is known of any.
 */
export function oneAnswers(
  endpoints: readonly { readonly others: AnswersOthers }[],
  table: string,
  question: OthersQuestion,
): OthersAnswered | Promise<OthersAnswered> {
  const all = endpoints.map(({ others }) => others.at(table, question))
  if (all.includes(true)) return true
  return all.some((answer) => answer instanceof Promise)
    ? Promise.all(all).then(joined)
    : joined(all as OthersAnswered[])
}

/** It is an outage only where no endpoint may be well. */
function joined(all: readonly OthersAnswered[]): OthersAnswered {
  for (const answer of [true, 'failing', 'missing', false] as const) if (all.includes(answer)) return answer
  return undefined
}

/** Of a table whose own questions have not failed. */
const NEVER = new FailingSince()
