/**
 * The last problems, for the page and for the operator in the morning: what, where, since when
 * and how often. Kept in memory, bounded.
 */
import type { Clock } from '../core/clock.ts'

/** Problems kept. Ours: more than a person reads, little memory. */
const MAX_PROBLEMS = 100

/** Longest text of a problem, in characters. Ours. */
const MAX_TEXT_LENGTH = 500

const NUMBERS = /\d+(?:\.\d+)?/g

/** What kind of trouble. Besides these there are the words of the upstream kinds for what is wrong with their upstreams. */
export type ProblemKind =
  | 'circuit'
  | 'canary'
  | 'lookup'
  | 'shed'
  | 'reload'
  | 'defect'
  | 'listener'
  | 'log'
  | 'cache-file'
  | 'replica'
  | 'store'
  | 'secrets'
  | 'shared'

/** One trouble; the same trouble again counts up and shows the latest text. */
export interface Problem {
  /** A {@link ProblemKind}, or a word of an upstream kind. */
  readonly kind: string
  /** The table, upstream, endpoint or listener it is about; '' for the whole program. */
  readonly where: string
  /** One sentence. */
  readonly text: string
  /** Wall clock ms. */
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly count: number
}

export class Problems {
  readonly #clock: Clock
  readonly #redact: (text: string) => string
  /** In the order of `lastAtMs`. */
  readonly #problems = new Map<string, Problem>()

  constructor(clock: Clock, redact: (text: string) => string) {
    this.#clock = clock
    this.#redact = redact
  }

  add(kind: string, where: string, text: string): Problem {
    const nowMs = this.#clock.wallMs()
    const shown = this.#redact(text).slice(0, MAX_TEXT_LENGTH)
    // The same trouble with another number, such as "a pause of 12 s", is the same trouble.
    const id = JSON.stringify([kind, where, shown.replace(NUMBERS, '0')])
    const before = this.#problems.get(id)
    const problem: Problem = {
      kind,
      where,
      text: shown,
      firstAtMs: before?.firstAtMs ?? nowMs,
      lastAtMs: nowMs,
      count: (before?.count ?? 0) + 1,
    }
    // Deleted first, so that the map keeps the order of the last time.
    this.#problems.delete(id)
    this.#problems.set(id, problem)
    this.#forgetOldest()
    return problem
  }

  /** The latest first. */
  list(): Problem[] {
    return [...this.#problems.values()].reverse()
  }

  #forgetOldest(): void {
    if (this.#problems.size <= MAX_PROBLEMS) return
    const oldest = this.#problems.keys().next()
    if (oldest.done !== true) this.#problems.delete(oldest.value)
  }
}
