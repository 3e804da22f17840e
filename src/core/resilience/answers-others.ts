/**
 * Whether a service answers others while a lookup fails: then it is the key that fails, which a stranger may have
 * chosen, and no rule for outages takes the place of the answer.
 *
 *   its circuit is open, or it is seen not to answer     no
 *   it was asked in the last {@link CHECK_PAUSE_MS}      as it answered then
 *   else                                                 known questions are asked, until one is found
 *   none is known, or no time is left                    yes, if a good reply arrived since the lookup began
 *
 * A question that is known to be found shows more than that somebody answers: a service that refuses the credentials,
 * lost its data or says the same to everybody is as good as down.
 */
import type { Clock } from '../clock.ts'
import type { Reply } from '../upstream.ts'
import { CHECK_PAUSE_MS, MAX_CHECKS } from './circuit-limits.ts'
import type { KnownQuestion, KnownQuestions } from './known-questions.ts'
import { within } from './sleep.ts'

/** What is needed of an endpoint. */
export interface DoubtedEndpoint {
  readonly known: KnownQuestions
  /** When a good reply last arrived, monotonic ms. */
  readonly goodAtMs: number
  isFailing(nowMs: number): boolean
  /** @returns undefined when it was ended from here, which says nothing. */
  askKnown(question: KnownQuestion): Promise<Reply | undefined>
}

export class AnswersOthers {
  readonly #endpoint: DoubtedEndpoint
  readonly #clock: Clock
  #asking: Promise<boolean> | undefined
  #verdict = false
  #verdictAtMs = Number.NEGATIVE_INFINITY

  constructor(endpoint: DoubtedEndpoint, clock: Clock) {
    this.#endpoint = endpoint
    this.#clock = clock
  }

  /**
   * @param sinceMs When the lookup that fails began, monotonic ms.
   * @param deadlineMs By when the answer must be there, monotonic ms.
   * @returns A promise does not reject.
   */
  at(sinceMs: number, deadlineMs: number): boolean | Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#endpoint.isFailing(nowMs)) return false
    if (nowMs - this.#verdictAtMs < CHECK_PAUSE_MS) return this.#verdict
    if (this.#endpoint.known.isEmpty || nowMs >= deadlineMs) return this.#endpoint.goodAtMs >= sinceMs
    this.#asking ??= this.#ask()
    return within(this.#clock, deadlineMs - nowMs, this.#asking).then(
      (verdict) => verdict ?? this.#endpoint.goodAtMs >= sinceMs,
    )
  }

  async #ask(): Promise<boolean> {
    try {
      this.#verdict = await this.#isAnyFound()
    } finally {
      this.#asking = undefined
    }
    this.#verdictAtMs = this.#clock.monotonicMs()
    return this.#verdict
  }

  async #isAnyFound(): Promise<boolean> {
    for (const question of this.#endpoint.known.list().slice(0, MAX_CHECKS)) {
      const reply = await this.#endpoint.askKnown(question)
      if (reply?.result.kind === 'found') return true
      if (reply?.evidence === 'endpoint' || this.#endpoint.isFailing(this.#clock.monotonicMs())) return false
    }
    return false
  }
}

/** Returns whether one of them answers others. */
export function oneAnswers(
  endpoints: readonly { readonly others: AnswersOthers }[],
  sinceMs: number,
  deadlineMs: number,
): boolean | Promise<boolean> {
  const asked: Promise<boolean>[] = []
  for (const { others } of endpoints) {
    const answers = others.at(sinceMs, deadlineMs)
    if (answers === true) return true
    if (answers !== false) asked.push(answers)
  }
  return asked.length === 0 ? false : Promise.all(asked).then((all) => all.includes(true))
}
