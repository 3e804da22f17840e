/**
 * Table sources whose answers a test writes down.
 */
import type { Clock } from '../../../src/core/clock.ts'
import type { Explanation } from '../../../src/core/observed/explain.ts'
import type { OthersAnswered, OthersQuestion } from '../../../src/core/resilience/others-answered.ts'
import {
  type AnswerSource,
  type Found,
  type LookupResult,
  NOT_FOUND,
  type NotFound,
  type Sourced,
} from '../../../src/core/result.ts'
import type { SearchKey } from '../../../src/core/search/search-keys.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import type { KnownAnswer, TableSource } from '../../../src/core/source/table-source.ts'

/** Answers by key; every other key is not found. A function decides by itself, now or later. */
export class ScriptedSource implements TableSource {
  readonly name: string
  /** Every key asked, in order. */
  readonly asked: string[] = []
  readonly #answers: Record<string, LookupResult | (() => Sourced | Promise<Sourced>)>
  readonly #source: AnswerSource

  constructor(
    name: string,
    answers: Record<string, LookupResult | (() => Sourced | Promise<Sourced>)>,
    source: AnswerSource = 'static',
  ) {
    this.name = name
    this.#answers = answers
    this.#source = source
  }

  /** What is known without asking, by key. */
  readonly knows: Record<string, KnownAnswer> = {}
  /** Every key protected, in order. */
  readonly protected: string[] = []

  /** What is answered without asking, by key. */
  readonly offline: Record<string, Found | NotFound> = {}

  askOffline(key: string): Found | NotFound | undefined {
    return this.offline[key]
  }

  known(key: string): KnownAnswer | undefined {
    return this.knows[key]
  }

  /** Whether its service answers others; undefined: nobody looks. */
  others: OthersAnswered | Promise<OthersAnswered>
  readonly othersAsked: OthersQuestion[] = []
  goodAtMs = Number.NEGATIVE_INFINITY

  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered> {
    this.othersAsked.push(question)
    return this.others
  }

  protect(key: string): void {
    this.protected.push(key)
  }

  ask(key: string, _context: LookupContext): Sourced | Promise<Sourced> {
    this.asked.push(key)
    const answer = this.#answers[key] ?? NOT_FOUND
    return typeof answer === 'function' ? answer() : { result: answer, source: this.#source }
  }
}

/** The key alone. */
export function exactly(key: string): SearchKey[] {
  return [{ key, withoutExtension: false }]
}

/** An answer that arrives later: the test decides when. */
export function later(): {
  answer: (sourced: Sourced) => void
  fail: (error: unknown) => void
  ask: () => Promise<Sourced>
} {
  let answer: (sourced: Sourced) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const promise = new Promise<Sourced>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  return { answer: (sourced) => answer(sourced), fail: (error) => fail(error), ask: () => promise }
}

/** A lookup that begins now. */
export function lookupFrom(
  clock: Clock,
  { withinMs = 5000, bypass = false, explanation }: LookupTraits = {},
): LookupContext {
  return new LookupContext('', clock.monotonicMs(), withinMs, bypass, explanation)
}

interface LookupTraits {
  readonly withinMs?: number
  readonly bypass?: boolean
  readonly explanation?: Explanation
}

/** What a source has that knows nothing without asking. */
export const KNOWS_NOTHING = {
  askOffline: () => undefined,
  known: () => undefined,
  answersOthers: () => undefined,
  goodAtMs: Number.NEGATIVE_INFINITY,
  protect: () => {},
}
