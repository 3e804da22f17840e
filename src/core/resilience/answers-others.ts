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
 *   a known question gets no reply     no outage before nothing of ours can be what the service is busy with ({@link Silence});
 *                                      the lookup waits for that, if its deadline allows
 *   the canary of the table is gone    no outage, unless the service fails for other tables, too: somebody may have deleted it
 */
import type { Clock } from '../clock.ts'
import type { Reply } from '../upstream.ts'
import { CHECK_PAUSE_MS, MAX_CHECKS } from './circuit-limits.ts'
import type { KnownQuestion, KnownQuestions } from './known-questions.ts'
import { isEnough, isNoReply, isOfEndpoint } from './known-reply.ts'
import type { OthersAnswered, OthersQuestion } from './others-answered.ts'
import { Silence } from './silence.ts'
import { sleep, within } from './sleep.ts'

/** What is needed of an endpoint. */
interface DoubtedEndpoint {
  readonly known: KnownQuestions
  /** When a good reply last arrived, monotonic ms. */
  readonly goodAtMs: number
  /** When a known question was last found. */
  readonly knownAtMs: number
  readonly circuit: 'closed' | 'open' | 'half-open'
  readonly silence: Silence
  readonly limits: { readonly timeoutMs: number }
  isFailing(nowMs: number): boolean
  /** @returns undefined when it was ended from here, which says nothing. */
  askKnown(question: KnownQuestion): Promise<Reply | undefined>
}

/** What known questions said lately of one table: one is found, none is, its canary alone is missing, or none gets a reply. */
interface Verdict {
  readonly says: 'found' | 'failing' | 'missing' | 'silent'
  readonly atMs: number
}

export class AnswersOthers {
  readonly #endpoint: DoubtedEndpoint
  readonly #clock: Clock
  /** By table. */
  readonly #asking = new Map<string, Promise<Verdict>>()
  readonly #verdicts = new Map<string, Verdict>()
  readonly #silences = new Map<string, Silence>()

  constructor(endpoint: DoubtedEndpoint, clock: Clock) {
    this.#endpoint = endpoint
    this.#clock = clock
  }

  /** A lookup of that table got a good reply. */
  heard(table: string, nowMs: number): void {
    if (this.#silences.size > 0)
      this.#silences.get(table)?.interrupted(nowMs, this.#endpoint.limits.timeoutMs)
  }

  /**
   * @param table The table in which a lookup fails: its own questions decide, where it has any.
   * @returns Undefined where nothing is known of it. A promise does not reject.
   */
  at(table: string, question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    const answer = this.#at(table, question)
    if (question.isCareful !== true) return answer
    return answer === 'silent' || answer instanceof Promise ? this.#outlast(table, question, answer) : answer
  }

  #at(table: string, question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    const { sinceMs, deadlineMs, isCareful } = question
    const nowMs = this.#clock.monotonicMs()
    const { circuit, silence } = this.#endpoint
    if (isCareful !== true) {
      if (this.#endpoint.isFailing(nowMs)) return false
    } else if (circuit !== 'closed') return silence.isOn && !silence.isOutage ? 'silent' : false
    const verdict = this.#verdicts.get(table)
    if (verdict !== undefined && nowMs - verdict.atMs < CHECK_PAUSE_MS)
      return this.#answer(table, verdict, isCareful)
    if (this.#endpoint.known.isEmpty) return this.#heardSince(sinceMs) || undefined
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

  /** Waits while the service is silent, until it answers or that is an outage, as far as the deadline allows. */
  async #outlast(
    table: string,
    question: OthersQuestion,
    first: OthersAnswered | Promise<OthersAnswered>,
  ): Promise<OthersAnswered> {
    for (let answer = await first; ; answer = await this.#at(table, question)) {
      if (answer !== 'silent') return answer
      const nowMs = this.#clock.monotonicMs()
      const silence = this.#endpoint.circuit === 'closed' ? this.#silenceOf(table) : this.#endpoint.silence
      const untilMs = Math.max(nowMs + CHECK_PAUSE_MS, silence.decidesAtMs)
      if (untilMs >= question.deadlineMs) return answer
      await sleep(this.#clock, untilMs - nowMs)
    }
  }

  #answer(table: string, { says }: Verdict, isCareful: boolean | undefined): OthersAnswered {
    if (says === 'found') return true
    if (says === 'failing' || isCareful !== true) return false
    return says === 'silent' && this.#silenceOf(table).isOutage ? false : says
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
    const { known, limits } = this.#endpoint
    const silence = this.#silenceOf(table)
    const isOwn = ({ route }: KnownQuestion) => route.table === table
    /** Canaries that are "not found". */
    const missing = new Set<KnownQuestion>()
    let answered = 0
    let silent = 0
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
      if (reply !== undefined) {
        if (isNoReply(reply)) silence.givenUp(startMs, nowMs, limits.timeoutMs)
        else silence.ended()
      }
      if (reply?.result.kind === 'found') return missing.size > 0 && !isOwn(question) ? 'missing' : 'found'
      if (this.#endpoint.isFailing(nowMs)) return 'silent'
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
      if (isNoReply(reply)) silent++
      const isFailure = isOfEndpoint(reply) && isEnough(reply, nowMs - startMs)
      if (isFailure && this.#endpoint.goodAtMs <= startMs) return isNoReply(reply) ? 'silent' : 'failing'
    }
    if (answered > 0) return silent === answered ? 'silent' : 'failing'
    // Where none could be sent, the slots were taken by requests that are not even slow: no outage is seen.
    return missing.size > 0 ? 'missing' : 'found'
  }

  #silenceOf(table: string): Silence {
    let silence = this.#silences.get(table)
    if (silence === undefined) {
      silence = new Silence()
      this.#silences.set(table, silence)
    }
    return silence
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
  for (const answer of [true, 'silent', 'missing', false] as const) if (all.includes(answer)) return answer
  return undefined
}
