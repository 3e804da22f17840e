/**
 * Tables that are functions: what a program that uses mapgate as a library writes.
 */
import type { Clock } from '../core/clock.ts'
import { normaliseKey } from '../core/key.ts'
import type { Lookup, Query } from '../core/lookup.ts'
import { found, type LookupResult, notFound, permanent, temporary } from '../core/result.ts'
import { whyNoValue } from '../core/value-text.ts'

/**
 * Looks one key up.
 *
 * The key is lower-cased text (see `foldCase`), perhaps empty. Keys that no table can hold (not
 * UTF-8, control bytes, over 10,000 bytes) are answered "not found" without a call.
 *
 * Return the value, or a result made by `found`, `notFound`, `temporary` or `permanent`.
 * `undefined`, `null` and `''` are "not found", which lets Postfix reject the recipient: throw, or
 * return `temporary(...)`, when you do not know.
 */
export type TableFunction = (key: string) => TableAnswer | Promise<TableAnswer>

export type TableAnswer = LookupResult | string | null | undefined

export interface TableOptions {
  /** Whether keys are lower-cased before the call, as Postfix does for its own tables. Default true. */
  readonly foldCase?: boolean
  /** Longest time a function may take, ms; then the answer is temporary. Default {@link DEFAULT_DEADLINE_MS}. */
  readonly deadlineMs?: number
  /**
   * Is told every exception of a table function, which was answered as temporary, with the table's
   * name. Default: a warning of the process.
   */
  readonly onDefect?: (error: unknown, table: string) => void
}

/** Ours: within the 100 s that Postfix waits, and short enough for an SMTP client that waits too. */
export const DEFAULT_DEADLINE_MS = 30_000

/** Answers lookups by calling functions. */
export class FunctionLookup implements Lookup {
  readonly #tables: ReadonlyMap<string, TableFunction>
  readonly #options: Required<TableOptions>
  readonly #clock: Clock

  constructor(tables: ReadonlyMap<string, TableFunction>, options: TableOptions, clock: Clock) {
    this.#tables = tables
    this.#clock = clock
    this.#options = {
      foldCase: options.foldCase ?? true,
      deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
      onDefect: options.onDefect ?? warn,
    }
  }

  lookup(query: Query): LookupResult | Promise<LookupResult> {
    const table = this.#tables.get(query.table)
    if (table === undefined) return permanent('no-table', 'no such table')
    const key = normaliseKey(query.key, this.#options.foldCase)
    if (key.kind === 'impossible') return notFound()
    try {
      const answer = table(key.key)
      return answer instanceof Promise ? this.#inTime(answer, query.table) : resultOf(answer)
    } catch (error) {
      return this.#defect(error, query.table)
    }
  }

  /** The answer of an asynchronous function, or a time-out; what comes later is dropped. */
  #inTime(answer: Promise<TableAnswer>, table: string): Promise<LookupResult> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#options.deadlineMs, () =>
        resolve(temporary('timeout', 'no answer from the table in time')),
      )
      answer
        .then(resultOf)
        .catch((error) => this.#defect(error, table))
        .then((result) => {
          timer.cancel()
          resolve(result)
        })
    })
  }

  #defect(error: unknown, table: string): LookupResult {
    this.#options.onDefect(error, table)
    return temporary('defect', 'internal error of the table')
  }
}

/** Makes a result of what a function returned. Anything that is no answer at all is a defect. */
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
  return why === undefined ? found(value) : temporary('unreadable', `the table's answer ${why}`)
}

function warn(error: unknown, table: string): void {
  process.emitWarning(error instanceof Error ? error : String(error), { detail: `in the table ${table}` })
}
