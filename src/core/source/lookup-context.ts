/**
 * One lookup while it is answered: what limits it, what was read and what was done so far.
 */
import type { Attributes } from '../attributes.ts'
import type { Query } from '../lookup.ts'
import { Explanation } from '../observed/explain.ts'

export class LookupContext {
  /** The key as it was asked, before its case was folded. */
  readonly asked: string
  /** Monotonic ms by which the client must have its reply. */
  readonly deadlineMs: number
  /** Ask the service even if an answer is stored, and do not fall back on a stale one. */
  readonly bypass: boolean
  /** What was asked, where it is more than a key. */
  readonly query: Query | undefined
  /** Only the key itself is looked for: the client has a partial-key search of its own. */
  readonly exact: boolean
  /** False: no table holds the key, so only those of its parts are looked for that one may hold. */
  readonly isPossible: boolean
  /** What the answer to a question with attributes is stored under; undefined: under nothing. It is never shown. */
  storeKey: string | undefined
  /** How long it has waited for what other gateways know, ms. */
  tierWaitedMs = 0
  #readMs: number | undefined
  #silence: 'told' | 'waited-out' = 'told'
  #explanation: Explanation | undefined

  constructor(
    asked: string,
    startMs: number,
    timeoutMs: number,
    bypass: boolean,
    explanation: Explanation | undefined,
    query?: Query,
    exact = false,
    isPossible = true,
  ) {
    this.asked = asked
    this.deadlineMs = startMs + timeoutMs
    this.bypass = bypass
    this.exact = exact
    this.isPossible = isPossible
    this.#readMs = startMs
    this.#explanation = explanation
    this.query = query
  }

  /** What the client said besides the key. */
  get attributes(): Attributes | undefined {
    return this.query?.attributes
  }

  /** The monotonic clock as it was read at the start; undefined as soon as something had to be waited for. */
  get nowMs(): number | undefined {
    return this.#readMs
  }

  /** From here on time has passed. Called when the lookup has no answer synchronously. */
  hasToWait(): void {
    this.#readMs = undefined
  }

  /** True when no rule for outages answers, so that a service that answers nobody is waited for until the deadline. */
  get waitsOn(): boolean {
    return this.#silence === 'waited-out' || this.bypass
  }

  waitOn(): void {
    this.#silence = 'waited-out'
  }

  /** What was done so far. Undefined on the cached path, unless the caller asked for the steps. */
  get explanation(): Explanation | undefined {
    return this.#explanation
  }

  /**
   * The explanation, begun now if nobody had asked for one: every lookup that leaves the cached
   * path keeps one, for the log line of a slow or failed lookup.
   */
  record(): Explanation {
    this.#explanation ??= new Explanation()
    return this.#explanation
  }
}
