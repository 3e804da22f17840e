/**
 * What a table asks for one search key: an upstream, behind the table's answer store or
 * without one.
 */
import { Explanation } from './explain.ts'
import type { Sourced } from './result.ts'

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
