/**
 * One lookup table: which keys to look for, in which upstreams, in which order.
 *
 *   domains filter -> for each search key, in Postfix's order:
 *                       for each upstream, in the order of the list:
 *                         found -> the answer; not found -> go on; anything else -> the end
 *
 * The search ends at the first failure: a later key or upstream that happens to answer
 * would hide what the failing one knows, and a wrong answer is worse than a late one.
 */
import type { Explanation } from './explain.ts'
import { costlier, NOT_FOUND, type Sourced, temporary } from './result.ts'
import { extensionOf, propagateExtension } from './search/extension.ts'
import type { SearchKey } from './search/search-keys.ts'
import type { LookupContext, TableSource } from './table-source.ts'

/** Makes the keys to look for out of a normalised key, most specific first: the key itself. */
export type KeySearch = (key: string) => readonly SearchKey[]

/** Decides whether a key is asked for at all: the domain it was decided by, and the other table that knows. */
export type DomainsFilter = (key: string) =>
  | { readonly kind: 'pass'; readonly domain: string | undefined }
  | { readonly kind: 'filtered'; readonly domain: string | undefined }
  /** Only the named table knows whether this domain is ours. */
  | { readonly kind: 'ask'; readonly domain: string; readonly table: Table }

export interface TableOptions {
  readonly name: string
  /** Asked in this order for each key; at least one. */
  readonly sources: readonly TableSource[]
  readonly search: KeySearch
  /** Undefined: every key is asked for. */
  readonly domains?: DomainsFilter
  readonly foldCase: boolean
  /** Longest time for one lookup, ms; at most 90 s, which is within Postfix's 100 s. */
  readonly deadlineMs: number
  /** Ask for all search keys at once; the answer is still that of the first in order. */
  readonly searchParallel: boolean
  /** The delimiters of extensions that go back on the result addresses when the match was without them. */
  readonly propagate?: string
}

export class Table {
  readonly name: string
  readonly foldCase: boolean
  readonly deadlineMs: number
  readonly #options: TableOptions

  constructor(options: TableOptions) {
    this.name = options.name
    this.foldCase = options.foldCase
    this.deadlineMs = options.deadlineMs
    this.#options = options
  }

  /**
   * Looks a normalised key up.
   *
   * @returns At once when every answer needed was at hand.
   */
  lookup(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const verdict = this.#options.domains?.(key)
    if (verdict === undefined) return this.#search(key, context)
    if (verdict.kind === 'pass') return this.#passed(key, verdict.domain, context)
    if (verdict.kind === 'filtered') return filtered(verdict.domain, context.explanation)
    const known = verdict.table.lookup(verdict.domain, context)
    if (known instanceof Promise)
      return known.then((one) => this.#afterDomain(key, verdict.domain, one, context))
    return this.#afterDomain(key, verdict.domain, known, context)
  }

  #afterDomain(
    key: string,
    domain: string,
    known: Sourced,
    context: LookupContext,
  ): Sourced | Promise<Sourced> {
    switch (known.result.kind) {
      case 'found':
        return this.#passed(key, domain, context)
      case 'notfound':
        return filtered(domain, context.explanation)
      default:
        return {
          result: temporary(
            'service',
            `the table that tells our domains does not answer: ${known.result.reason}`,
          ),
          source: known.source,
        }
    }
  }

  #passed(key: string, domain: string | undefined, context: LookupContext): Sourced | Promise<Sourced> {
    context.explanation?.add({ step: 'domains', domain, passed: true })
    return this.#search(key, context)
  }

  /** Looks for each key in turn. Stays synchronous as long as answers are at hand. */
  #search(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    // Most keys match as they are, so the others are only made when this one did not.
    let answer = this.#askFrom(0, key, context)
    if (!(answer instanceof Promise) && answer.result.kind !== 'notfound') return answer
    const keys = this.#options.search(key)
    if (keys.length === 1) return answer
    if (answer instanceof Promise) return this.#searchOn(keys, 0, answer, context)
    for (let at = 1; at < keys.length; at++) {
      const searchKey = keys[at] as SearchKey
      const next = this.#askFrom(0, searchKey.key, context)
      if (next instanceof Promise) return this.#searchOn(keys, at, next, context, answer)
      answer = withSource(next, answer)
      if (answer.result.kind !== 'notfound') return this.#finish(answer, searchKey, context)
    }
    return answer
  }

  /** Goes on from the first key whose answer has to be waited for. */
  async #searchOn(
    keys: readonly SearchKey[],
    from: number,
    pending: Promise<Sourced>,
    context: LookupContext,
    before?: Sourced,
  ): Promise<Sourced> {
    const ahead = this.#options.searchParallel
      ? keys.slice(from + 1).map(({ key }) => this.#askFrom(0, key, context))
      : undefined
    let answer = before === undefined ? await pending : withSource(await pending, before)
    for (let at = from; ; ) {
      if (answer.result.kind !== 'notfound') return this.#finish(answer, keys[at] as SearchKey, context)
      at += 1
      if (at === keys.length) return answer
      const next = ahead?.[at - from - 1] ?? this.#askFrom(0, (keys[at] as SearchKey).key, context)
      answer = withSource(await next, answer)
    }
  }

  /** Asks the upstreams for one key, from the given position of the list on. */
  #askFrom(position: number, key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const { sources } = this.#options
    let answer: Sourced = NO_ANSWER
    for (let at = position; at < sources.length; at++) {
      const next = (sources[at] as TableSource).ask(key, context)
      if (next instanceof Promise) {
        return sources.length === 1 ? next : this.#askOn(at, next, answer, key, context)
      }
      answer = at === position ? next : withSource(next, answer)
      if (answer.result.kind !== 'notfound') return answer
    }
    return answer
  }

  async #askOn(
    at: number,
    pending: Promise<Sourced>,
    before: Sourced,
    key: string,
    context: LookupContext,
  ): Promise<Sourced> {
    const own = await pending
    const answer = before === NO_ANSWER ? own : withSource(own, before)
    if (answer.result.kind !== 'notfound' || at + 1 === this.#options.sources.length) return answer
    return withSource(await this.#askFrom(at + 1, key, context), answer)
  }

  #finish(answer: Sourced, { withoutExtension }: SearchKey, context: LookupContext): Sourced {
    const { propagate } = this.#options
    if (!withoutExtension || propagate === undefined || answer.result.kind !== 'found') return answer
    const extension = extensionOf(context.asked, propagate)
    const before = answer.result.value
    const after = propagateExtension(before, extension)
    context.explanation?.add({ step: 'propagated', extension, before, after })
    return { result: { kind: 'found', value: after }, source: answer.source }
  }
}

/** Stands for "no key and no upstream was asked": a search without keys finds nothing. */
const NO_ANSWER: Sourced = { result: NOT_FOUND, source: 'filtered' }

function filtered(domain: string | undefined, explanation: Explanation | undefined): Sourced {
  explanation?.add({ step: 'domains', domain, passed: false })
  return NO_ANSWER
}

/** The later answer, counted under the costlier source of both. */
function withSource(answer: Sourced, before: Sourced): Sourced {
  const source = costlier(answer.source, before.source)
  return source === answer.source ? answer : { result: answer.result, source }
}
