/**
 * A table's own copy in front of its service.
 *
 *   in the copy, which is young         -> found, synchronously
 *   in the copy, which is old           -> ask; found if the service cannot say
 *   not in the copy                     -> ask; if the service cannot say: found if it found the key since, else
 *                                          "not found" for `notFoundForMs`, unless it answers others
 *   authoritative                       -> the copy's answer, whatever the service would say
 *   no copy                             -> ask
 *
 * A "not found" of the copy is the service's own word about all of its keys, and no older than the table allows:
 * that is why it may be where a cache must say that nobody knows.
 */
import { type Clock, readableMs } from '../clock.ts'
import type { Explanation } from '../observed/explain.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import type { OthersAnswered, OthersQuestion } from '../resilience/others-answered.ts'
import { type Found, found, type LookupResult, NOT_FOUND, type NotFound, type Sourced } from '../result.ts'
import type { LookupContext } from '../source/lookup-context.ts'
import type { KnownAnswer, TableSource } from '../source/table-source.ts'
import { AnswersForCopy } from './answers-for-copy.ts'
import type { CopyPolicy, TableCopy } from './table-copy.ts'

/** Where an answer of the copy comes from, in metrics and logs. */
const SOURCE = 'replica'

const ABSENT: Sourced = { result: NOT_FOUND, source: SOURCE }

export class ReplicaSource implements TableSource {
  readonly name: string
  readonly #inner: TableSource
  readonly #copy: TableCopy
  readonly #policy: CopyPolicy
  readonly #others: AnswersForCopy
  readonly #clock: Pick<Clock, 'monotonicMs'>

  /** @param inner Asks the service, behind the answer store. */
  constructor(inner: TableSource, copy: TableCopy, policy: CopyPolicy, clock: Pick<Clock, 'monotonicMs'>) {
    this.name = inner.name
    this.#inner = inner
    this.#copy = copy
    this.#policy = policy
    this.#clock = clock
    this.#others = new AnswersForCopy(inner, copy, clock)
  }

  ask(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const { authoritative, freshForMs } = this.#policy
    const ageMs = this.#copy.ageMs(context.nowMs)
    if (authoritative) return this.#alone(key, ageMs, context.explanation)
    if (ageMs <= freshForMs && !context.bypass) {
      const value = this.#copy.find(key)
      if (value !== undefined) return this.#answer(key, found(value), ageMs, context.explanation)
    }
    const sinceMs = context.nowMs ?? this.#clock.monotonicMs()
    const { generation, round } = this.#copy
    const answer = this.#inner.ask(key, context)
    return answer instanceof Promise
      ? this.#later(key, answer, context, sinceMs, generation, round)
      : this.#afterService(key, answer, context, sinceMs)
  }

  askOffline(key: string): Found | NotFound | undefined {
    const ageMs = this.#copy.ageMs()
    const { authoritative, freshForMs } = this.#policy
    if (authoritative || ageMs <= freshForMs) {
      const known = this.#fallback(key, ageMs)
      if (known?.kind === 'found' || authoritative) return known
    }
    return this.#inner.askOffline(key) ?? this.#fallback(key, ageMs)
  }

  known(key: string): KnownAnswer | undefined {
    const ageMs = this.#copy.ageMs()
    const copied = this.#fallback(key, ageMs)
    const inner = this.#inner.known(key)
    if (copied === undefined || (copied.kind === 'notfound' && inner !== undefined)) return inner
    return { result: copied, ageMs, foundForMs: ageMs, confirmedByCanary: true }
  }

  get goodAtMs(): number {
    return this.#inner.goodAtMs
  }

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    return this.#inner.answersOthers(question)
  }

  protect(key: string): void {
    this.#inner.protect(key)
  }

  async #later(
    key: string,
    pending: Promise<Sourced>,
    context: LookupContext,
    sinceMs: number,
    generation: number,
    round: number,
  ): Promise<Sourced> {
    const answer = await pending
    if (answer.source === 'upstream') this.#note(key, answer.result, generation, round)
    return this.#afterService(key, answer, context, sinceMs)
  }

  /** What the service has just said of a key that the copy lacks. */
  #note(key: string, result: LookupResult, generation: number, round: number): void {
    if (result.kind === 'notfound') this.#copy.noteAnswer(key, undefined, generation, round)
    else if (result.kind === 'found' && this.#copy.find(key) === undefined)
      this.#copy.noteAnswer(key, result.value, generation, round)
  }

  /** What the copy knows where the service cannot say. */
  #afterService(
    key: string,
    answer: Sourced,
    context: LookupContext,
    sinceMs: number,
  ): Sourced | Promise<Sourced> {
    if (!cannotSay(answer.result) || context.bypass) return answer
    const ageMs = this.#copy.ageMs()
    const known = this.#fallback(key, ageMs)
    if (known === undefined) return answer
    if (known.kind === 'found') return this.#answer(key, known, ageMs, context.record())
    // It was not sent: a flood of our own clients says nothing about the service.
    if ('cause' in answer.result && answer.result.cause === 'overload') {
      this.#explain(key, answer.result, ageMs, context.record(), { unused: NOT_SENT })
      return answer
    }
    // One key that fails says nothing about the others: it may be new.
    const answers = this.#others.at(key, answer.result, context, sinceMs)
    return answers instanceof Promise
      ? answers.then((yes) => this.#absent(key, answer, ageMs, context, yes))
      : this.#absent(key, answer, ageMs, context, answers)
  }

  #absent(
    key: string,
    answer: Sourced,
    ageMs: number,
    context: LookupContext,
    answersOthers: boolean,
  ): Sourced {
    if (!answersOthers) return this.#answer(key, NOT_FOUND, ageMs, context.record())
    this.#explain(key, answer.result, ageMs, context.record(), { unused: ANSWERS_OTHERS })
    return answer
  }

  /** The copy's word while the service cannot be asked; undefined where it is too old for one. */
  #fallback(key: string, ageMs: number): Found | NotFound | undefined {
    const { notFoundForMs, staleForMs, authoritative } = this.#policy
    if (ageMs === Number.POSITIVE_INFINITY) return undefined
    const value = this.#copy.find(key)
    if (value !== undefined) return authoritative || ageMs <= staleForMs ? found(value) : undefined
    const since = authoritative ? undefined : this.#copy.foundSince(key, staleForMs)
    if (since !== undefined) return found(since)
    return notFoundForMs > 0 && ageMs <= notFoundForMs ? NOT_FOUND : undefined
  }

  #alone(key: string, ageMs: number, explanation: Explanation | undefined): Sourced {
    const known = this.#fallback(key, ageMs)
    if (known !== undefined) return this.#answer(key, known, ageMs, explanation)
    const reason = ageMs === Number.POSITIVE_INFINITY ? CORE_REASONS.noCopy : CORE_REASONS.copyTooOld
    const result = temporaryFor(reason)
    explanation?.add({ step: 'held', key, upstream: this.name, result })
    return { result, source: SOURCE }
  }

  #answer(
    key: string,
    result: Found | NotFound,
    ageMs: number,
    explanation: Explanation | undefined,
  ): Sourced {
    if (explanation !== undefined) {
      const isSince = result.kind === 'found' && this.#copy.find(key) === undefined
      this.#explain(key, result, ageMs, explanation, isSince ? { foundSince: true } : {})
    }
    return result.kind === 'found' ? { result, source: SOURCE } : ABSENT
  }

  #explain(
    key: string,
    result: LookupResult,
    ageMs: number,
    explanation: Explanation,
    more: { readonly foundSince?: true; readonly unused?: string },
  ): void {
    const { entries, listAgeMs } = this.#copy
    explanation.add({
      step: 'replica',
      key,
      upstream: this.name,
      entries,
      ageMs: readableMs(ageMs),
      ...(listAgeMs !== undefined && { listAgeMs: readableMs(listAgeMs) }),
      ...more,
      result,
    })
  }
}

const ANSWERS_OTHERS = 'the service answers others, so this is no outage'

const NOT_SENT = 'the lookup was not sent, since too many are, and that is no outage'

/** Returns whether the service said nothing about the key: it failed, or nobody could ask it. */
function cannotSay(result: LookupResult): boolean {
  if (result.kind === 'temporary') return result.cause !== 'defect' && result.cause !== 'stopping'
  return result.kind === 'permanent' && result.cause === 'refused'
}
