/**
 * An upstream that is a function of the program that uses mapgate as a library.
 */
import type { Clock } from '../../core/clock.ts'
import { temporaryFor } from '../../core/reason.ts'
import { found, type LookupResult, notFound, permanent, temporary } from '../../core/result.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../core/upstream.ts'
import { whyNoValue, withoutOuterBlanks } from '../../core/value/value-text.ts'
import { FUNCTION_REASONS } from './reasons.ts'

/**
 * Looks one key up.
 *
 * The key is lower-cased text (see `foldCase`), perhaps empty. Keys that no table can hold (not
 * UTF-8, control bytes, over 10,000 bytes) are "not found" without a call; their parts are searched as for any key.
 *
 * Return the value, or a result made by `found`, `notFound`, `temporary` or `permanent`.
 * `undefined`, `null` and `''` are "not found", which lets Postfix reject the recipient: throw, or
 * return `temporary(...)`, when you do not know.
 */
export type TableFunction = (key: string) => TableAnswer | Promise<TableAnswer>

export type TableAnswer = LookupResult | string | null | undefined

interface FunctionUpstreamOptions {
  readonly name: string
  readonly call: TableFunction
  readonly clock: Clock
  /** Called with every exception of the function, which was answered as temporary. */
  readonly onDefect: (error: unknown) => void
}

export class FunctionUpstream implements Upstream {
  readonly name: string
  readonly health = UNWATCHED
  readonly #options: FunctionUpstreamOptions

  constructor(options: FunctionUpstreamOptions) {
    this.name = options.name
    this.#options = options
  }

  ask(question: Question): Answer | Promise<Answer> {
    const answer = this.#ask(question)
    if (question.explanation === undefined) return answer
    return answer instanceof Promise
      ? answer.then((one) => this.#explained(question, one))
      : this.#explained(question, answer)
  }

  #ask({ key, deadlineMs }: Question): Answer | Promise<Answer> {
    try {
      const answer = this.#options.call(key)
      return answer instanceof Promise ? this.#inTime(answer, deadlineMs) : answerOf(answer)
    } catch (error) {
      return this.#defect(error)
    }
  }

  #explained({ key, explanation }: Question, answer: Answer): Answer {
    const { result } = answer
    if (result.kind !== 'notmodified')
      explanation?.add({ step: 'upstream', kind: 'function', key, upstream: this.name, result })
    return answer
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }

  /** The answer of an asynchronous function, or a time-out; what comes later is dropped. */
  #inTime(answer: Promise<TableAnswer>, deadlineMs: number): Promise<Answer> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const timer = clock.after(deadlineMs - clock.monotonicMs(), () => resolve(LATE))
      answer
        .then(answerOf)
        .catch((error) => this.#defect(error))
        .then((result) => {
          timer.cancel()
          resolve(result)
        })
    })
  }

  #defect(error: unknown): Answer {
    this.#options.onDefect(error)
    return DEFECT
  }
}

const LATE = failed(temporaryFor(FUNCTION_REASONS.late))
const DEFECT = failed(temporaryFor(FUNCTION_REASONS.defect))

function failed(result: LookupResult): Answer {
  return { result, storable: false, source: 'upstream' }
}

/** @throws TypeError for what is no answer at all: a defect of the function. */
function answerOf(answer: TableAnswer): Answer {
  const result = resultOf(answer)
  return { result, storable: result.kind === 'found' || result.kind === 'notfound', source: 'upstream' }
}

function resultOf(answer: TableAnswer): LookupResult {
  if (answer === undefined || answer === null || answer === '') return notFound()
  if (typeof answer === 'string') return checked(answer)
  switch (answer.kind) {
    case 'found':
      return answer.value === '' ? notFound() : checked(answer.value)
    case 'notfound':
      return notFound()
    case 'temporary':
      return temporary(answer.cause, answer.reason)
    case 'permanent':
      return permanent(answer.cause, answer.reason)
    default:
      throw new TypeError('a table function returned something that is no answer')
  }
}

function checked(value: string): LookupResult {
  const why = whyNoValue(value)
  return why === undefined
    ? found(withoutOuterBlanks(value))
    : temporary('unreadable', `the table's answer ${why}`)
}
