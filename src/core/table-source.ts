/**
 * What a table asks for one search key: an upstream, behind the table's answer store or
 * without one.
 */
import { Explanation } from './explain.ts'
import type { AnswerSource } from './lookup.ts'
import type { LookupResult } from './result.ts'

/** A result and where it came from. */
export interface Sourced {
  readonly result: LookupResult
  readonly source: AnswerSource
}

/** One upstream as a table sees it. */
export interface TableSource {
  readonly name: string
  /** Answers at once when the answer is at hand; the promise settles before the deadline and does not reject. */
  ask(key: string, context: LookupContext): Sourced | Promise<Sourced>
}

/** One lookup under way: how long it may take, and what was done for it so far. */
export class LookupContext {
  /** The key as it was asked, before its case was folded. */
  readonly asked: string
  /** Monotonic ms by which the client must have its reply. */
  readonly deadlineMs: number
  /** The monotonic clock as it was read at the begin; undefined as soon as something has to be waited for. */
  nowMs: number | undefined
  /** Ask the service although an answer is stored. */
  readonly bypass: boolean
  /** Undefined on the cached path, unless somebody asked for the steps. */
  explanation: Explanation | undefined

  constructor(
    asked: string,
    startMs: number,
    timeoutMs: number,
    bypass: boolean,
    explanation: Explanation | undefined,
  ) {
    this.asked = asked
    this.nowMs = startMs
    this.deadlineMs = startMs + timeoutMs
    this.bypass = bypass
    this.explanation = explanation
  }

  /**
   * The record of this lookup, begun now if nobody had asked for one: every lookup that
   * leaves the cached path keeps one, for the log line of a slow or failed lookup.
   */
  record(): Explanation {
    this.explanation ??= new Explanation()
    return this.explanation
  }
}

/** From cheapest to dearest: a lookup of several steps is counted under its dearest. */
const COST: Record<AnswerSource, number> = {
  refused: 0,
  filtered: 1,
  static: 2,
  cache: 3,
  stale: 4,
  shed: 5,
  upstream: 6,
}

/** The source to count a lookup under that needed both. */
export function dearer(a: AnswerSource, b: AnswerSource): AnswerSource {
  return COST[a] >= COST[b] ? a : b
}
