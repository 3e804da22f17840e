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
 */
import type { Clock } from '../clock.ts'
import type { Reply } from '../upstream.ts'
import { CHECK_PAUSE_MS, MAX_CHECKS } from './circuit-limits.ts'
import type { KnownQuestion, KnownQuestions } from './known-questions.ts'
import { isEnough, isOfEndpoint } from './known-reply.ts'
import { within } from './sleep.ts'

/** What is needed of an endpoint. */
interface DoubtedEndpoint {
  readonly known: KnownQuestions
  /** When a good reply last arrived, monotonic ms. */
  readonly goodAtMs: number
  /** When a known question was last found. */
  readonly knownAtMs: number
  isFailing(nowMs: number): boolean
  /** @returns undefined when it was ended from here, which says nothing. */
  askKnown(question: KnownQuestion): Promise<Reply | undefined>
}

/** What a known question said lately of one table. */
interface Verdict {
  readonly yes: boolean
  readonly atMs: number
}

export class AnswersOthers {
  readonly #endpoint: DoubtedEndpoint
  readonly #clock: Clock
  /** By table. */
  readonly #asking = new Map<string, Promise<boolean>>()
  readonly #verdicts = new Map<string, Verdict>()

  constructor(endpoint: DoubtedEndpoint, clock: Clock) {
    this.#endpoint = endpoint
    this.#clock = clock
  }

  /**
   * @param table The table in which a lookup fails: its own questions decide, where it has any.
   * @param sinceMs When the lookup that fails began, monotonic ms.
   * @param deadlineMs By when the answer must be there, monotonic ms.
   * @returns Undefined where nothing is known of it. A promise does not reject.
   */
  at(table: string, sinceMs: number, deadlineMs: number): boolean | undefined | Promise<boolean | undefined> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#endpoint.isFailing(nowMs)) return false
    const verdict = this.#verdicts.get(table)
    if (verdict !== undefined && nowMs - verdict.atMs < CHECK_PAUSE_MS) return verdict.yes
    if (this.#endpoint.known.isEmpty) return this.#heardSince(sinceMs) || undefined
    if (nowMs >= deadlineMs) return this.#toldSince(table, sinceMs)
    let asking = this.#asking.get(table)
    if (asking === undefined) {
      asking = this.#ask(table)
      this.#asking.set(table, asking)
    }
    return within(this.#clock, deadlineMs - nowMs, asking).then(
      (yes) => yes ?? this.#toldSince(table, sinceMs),
    )
  }

  #heardSince(sinceMs: number): boolean {
    const { goodAtMs, knownAtMs } = this.#endpoint
    return Math.max(goodAtMs, knownAtMs) >= sinceMs
  }

  #toldSince(table: string, sinceMs: number): boolean {
    const verdict = this.#verdicts.get(table)
    return verdict === undefined || verdict.atMs < sinceMs || verdict.yes
  }

  async #ask(table: string): Promise<boolean> {
    try {
      const yes = await this.#isAnyFound(table)
      this.#verdicts.set(table, { yes, atMs: this.#clock.monotonicMs() })
      return yes
    } finally {
      this.#asking.delete(table)
    }
  }

  async #isAnyFound(table: string): Promise<boolean> {
    const { known } = this.#endpoint
    let answered = 0
    let forgotten = 0
    for (let turn = 0; turn < MAX_CHECKS; turn++) {
      const all = known.list()
      const own = all.filter(({ route }) => route.table === table)
      const questions = own.length > 0 ? own : all
      const question = questions[(turn - forgotten) % questions.length]
      // What is known no more was answered, all the same.
      if (question === undefined) return forgotten > 0
      const startMs = this.#clock.monotonicMs()
      const reply = await this.#endpoint.askKnown(question)
      if (reply?.result.kind === 'found') return true
      const nowMs = this.#clock.monotonicMs()
      if (this.#endpoint.isFailing(nowMs)) return false
      if (reply === undefined) continue
      if (!known.list().includes(question)) {
        forgotten++
        continue
      }
      answered++
      const isFailure = isOfEndpoint(reply) && isEnough(reply, nowMs - startMs)
      if (isFailure && this.#endpoint.goodAtMs <= startMs) return false
    }
    // Where none could be sent, the slots were taken by requests that are not even slow: no outage is seen.
    return answered === 0
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
  sinceMs: number,
  deadlineMs: number,
): boolean | undefined | Promise<boolean | undefined> {
  const asked: Promise<boolean | undefined>[] = []
  let isKnown = false
  for (const { others } of endpoints) {
    const answers = others.at(table, sinceMs, deadlineMs)
    if (answers === true) return true
    if (answers === false) isKnown = true
    else if (answers !== undefined) asked.push(answers)
  }
  const none = isKnown ? false : undefined
  if (asked.length === 0) return none
  return Promise.all(asked).then((all) => all.includes(true) || (all.includes(false) ? false : none))
}
