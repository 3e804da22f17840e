/**
 * The implementation of {@link Lookup}: finds the table, makes the key comparable, keeps
 * the promise that a lookup returns a value, and tells the observer.
 */
import { attributeKey } from './attributes.ts'
import type { Clock } from './clock.ts'
import { SlotList, type Slotted } from './collections/slot-list.ts'
import { type ImpossibleKey, type NormalisedKey, normaliseKey } from './key/key.ts'
import { ADMIN_PROTOCOL, type Lookup, type LookupOptions, type Query } from './lookup.ts'
import type { Explanation } from './observed/explain.ts'
import type { Observer, TableObserver } from './observed/observer.ts'
import { permanentFor } from './reason.ts'
import { CORE_REASONS } from './reasons.ts'
import { type AnswerSource, DEFECT, type LookupResult, NO_TABLE, type Sourced, STOPPING } from './result.ts'
import { LookupContext } from './source/lookup-context.ts'
import type { Table } from './table.ts'

/** A configured table with the observer that counts for it. */
interface Served {
  readonly table: Table
  readonly observer: TableObserver
}

/** A lookup that waits for an upstream. */
class Waiting implements Slotted {
  slot?: number
  /** Answers it; also when the gateway stops first. */
  readonly answer: (result: LookupResult, source: AnswerSource) => void

  constructor(answer: (result: LookupResult, source: AnswerSource) => void) {
    this.answer = answer
  }
}

export class Resolver implements Lookup {
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #waiting = new SlotList<Waiting>()
  #served: ReadonlyMap<string, Served> = new Map()
  #state: 'open' | 'stopped' = 'open'

  constructor(clock: Clock, observer: Observer) {
    this.#clock = clock
    this.#observer = observer
  }

  /** Answers from these tables from now on. Lookups under way end in the tables they began in. */
  serve(tables: Iterable<Table>): void {
    const served = new Map<string, Served>()
    for (const table of tables) served.set(table.name, { table, observer: this.#observer.table(table.name) })
    this.#served = served
  }

  /** How many lookups wait for an upstream. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Answers every waiting lookup, and all that come later, as temporary: the end of the program. */
  stop(): void {
    this.#state = 'stopped'
    for (const { answer } of this.#waiting.toArray()) answer(STOPPING, 'refused')
  }

  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult> {
    const startMs = this.#clock.monotonicMs()
    const served = this.#served.get(query.table)
    if (this.#state === 'stopped') return this.#refuse(query, STOPPING, startMs, served)
    if (served === undefined) return this.#refuse(query, NO_TABLE, startMs, served)

    const { table, observer } = served
    const rules = table.attributes
    if (rules !== undefined && query.attributes === undefined)
      return this.#refuse(query, NEEDS_ATTRIBUTES, startMs, served)
    const key = rules === undefined ? normaliseKey(query.key, table.foldCase) : labelOf(query)
    const isPossible = key.kind === 'key'
    options?.explanation?.add(
      isPossible
        ? { step: 'key', key: key.key }
        : { step: 'key', key: undefined, why: WHY_IMPOSSIBLE[key.why] },
    )
    if (query.attributes !== undefined)
      options?.explanation?.add({ step: 'attributes', attributes: query.attributes.shown })
    // What somebody tries by hand is no mail, and what is said besides a key is not asked twice. Nor is what no table holds.
    if (query.protocol !== ADMIN_PROTOCOL && rules === undefined && isPossible)
      table.recent?.add(key.key, key.asked, startMs, query.exact)
    const context = new LookupContext(
      key.asked,
      startMs,
      table.deadlineMs,
      options?.cache === 'bypass',
      options?.explanation,
      rules === undefined ? undefined : query,
      query.exact === true,
      isPossible,
    )
    if (rules !== undefined && query.attributes !== undefined)
      context.storeKey = attributeKey(query.attributes, rules)
    let sourced: Sourced | Promise<Sourced>
    try {
      sourced = table.lookup(key.key, context)
    } catch (error) {
      this.#observer.defect(error, 'lookup')
      return this.#answer(query, DEFECT, 'refused', startMs, observer, context.explanation)
    }
    if (sourced instanceof Promise) return this.#wait(query, sourced, startMs, observer, context)
    return this.#answer(query, sourced.result, sourced.source, startMs, observer, context.explanation)
  }

  #wait(
    query: Query,
    pending: Promise<Sourced>,
    startMs: number,
    observer: TableObserver,
    context: LookupContext,
  ): Promise<LookupResult> {
    context.hasToWait()
    return new Promise((resolve) => {
      const waiting = new Waiting((result, source) => {
        if (!this.#waiting.delete(waiting)) return
        resolve(this.#answer(query, result, source, startMs, observer, context.explanation))
      })
      this.#waiting.add(waiting)
      pending.then(
        ({ result, source }) => waiting.answer(result, source),
        (error) => {
          this.#observer.defect(error, 'lookup')
          waiting.answer(DEFECT, 'refused')
        },
      )
    })
  }

  #refuse(query: Query, result: LookupResult, startMs: number, served: Served | undefined): LookupResult {
    // A name that is not configured is whatever a client sent: it may not become a label.
    const observer = served?.observer ?? this.#observer.table('')
    return this.#answer(query, result, 'refused', startMs, observer, undefined)
  }

  #answer(
    query: Query,
    result: LookupResult,
    source: AnswerSource,
    startMs: number,
    observer: TableObserver,
    explanation: Explanation | undefined,
  ): LookupResult {
    const told = this.#deliverable(query, result)
    explanation?.add({ step: 'answer', source, result: told })
    observer.answered(query, told, source, this.#clock.monotonicMs() - startMs, explanation)
    return told
  }

  /** The result as the client will read it: what is sent, and nothing else, is counted and logged. */
  #deliverable(query: Query, result: LookupResult): LookupResult {
    if (result.kind !== 'found' || query.client === undefined) return result
    try {
      return query.client.deliverable(result)
    } catch (error) {
      this.#observer.defect(error, 'lookup')
      return DEFECT
    }
  }
}

const NEEDS_ATTRIBUTES = permanentFor(CORE_REASONS.needsAttributes)

/** Longest text that stands for a question with attributes, in UTF-16 units. Ours: no address is longer. */
const MAX_LABEL_LENGTH = 320

/**
 * What a question with attributes is called in logs. There is no key that cannot exist: nobody was asked whether such a question
 * has an answer.
 */
function labelOf({ key }: Query): NormalisedKey {
  const text = key.toString('utf8').slice(0, MAX_LABEL_LENGTH)
  return { kind: 'key', key: text, asked: text }
}

/** For explanations: what makes such a key impossible. */
const WHY_IMPOSSIBLE: Record<ImpossibleKey, string> = {
  'too long': 'longer than Postfix sends, so no table has it',
  'control bytes': 'control bytes, so no table has it',
  'not UTF-8': 'not valid UTF-8, so Postfix says it does not exist',
}
