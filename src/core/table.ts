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
import type { AttributeRules } from './attributes.ts'
import { comparableDomain } from './key/idn.ts'
import { isPossibleKey } from './key/key.ts'
import { domainOf } from './key/key-parts.ts'
import type { Explanation } from './observed/explain.ts'
import { OfflineSearch } from './outage/offline-search.ts'
import { type OutagePolicy, OutageRules, type RuleAnswer } from './outage/outage-rules.ts'
import type { OfflineAnswer } from './outage/readiness.ts'
import type { RecentLookups } from './outage/recent-lookups.ts'
import { temporaryFor } from './reason.ts'
import { CORE_REASONS } from './reasons.ts'
import {
  type FailedSource,
  isFailure,
  NOT_FOUND,
  type Permanent,
  type Sourced,
  type Temporary,
} from './result.ts'
import { extensionOf, propagateExtension } from './search/extension.ts'
import type { SearchKey } from './search/search-keys.ts'
import { type CandidateSource, firstAnswer } from './source/first-answer.ts'
import type { LookupContext } from './source/lookup-context.ts'
import { SILENT, type TableSource } from './source/table-source.ts'

/**
 * Search keys that are asked for ahead of their turn, most. Ours: an address has five keys at most, and a name
 * of a hundred labels, which a stranger chooses, must not take all the slots of an upstream.
 */
const MAX_AHEAD = 8

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
  /** Ask for up to {@link MAX_AHEAD} search keys ahead; the answer is still that of the first in order. */
  readonly searchParallel: boolean
  /** The delimiters of extensions that go back on the result addresses when the match was without them. */
  readonly propagate?: string
  /** What is answered when an upstream has failed. Undefined: its failure. */
  readonly outage?: OutagePolicy
  /** Keeps a sample of what is asked. */
  readonly recent?: RecentLookups
  /** It is asked by attributes, and has no keys. */
  readonly attributes?: AttributeRules
}

export class Table {
  readonly name: string
  readonly foldCase: boolean
  readonly deadlineMs: number
  readonly recent: RecentLookups | undefined
  readonly attributes: AttributeRules | undefined
  readonly #options: TableOptions
  readonly #searchKeys: CandidateSource<SearchKey>
  readonly #outage: OutageRules | undefined
  readonly #offline: OfflineSearch

  constructor(options: TableOptions) {
    this.name = options.name
    this.foldCase = options.foldCase
    this.deadlineMs = options.deadlineMs
    this.recent = options.recent
    this.attributes = options.attributes
    this.#options = options
    this.#outage = options.outage && new OutageRules(options.outage, options.sources)
    this.#offline = new OfflineSearch(options, this.#outage)
    this.#searchKeys = {
      ask: (searchKey, _key, context) => this.#askSources(searchKey.key, context),
      chosen: (answer, searchKey, context) => this.#propagate(answer, searchKey, context),
    }
  }

  /**
   * Looks a normalised key up.
   *
   * @returns The answer itself when every answer needed was available synchronously.
   */
  lookup(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const answer = this.#lookup(key, context)
    if (this.#outage === undefined && this.attributes === undefined) return answer
    if (answer instanceof Promise) return this.#later(key, answer, context)
    if (this.attributes === undefined && answer.result.kind === 'found') return answer
    return this.#settle(key, answer, context)
  }

  async #later(key: string, pending: Promise<Sourced>, context: LookupContext): Promise<Sourced> {
    const answer = await this.#settle(key, await pending, context)
    if (answer.result !== SILENT) return answer
    context.waitOn()
    return this.#settle(key, await this.#lookup(key, context), context)
  }

  /** What a client would not read is no answer, and the rules for outages hold for it, too. */
  #settle(key: string, answer: Sourced, context: LookupContext): Sourced | Promise<Sourced> {
    const { result, source } = answer
    if (this.attributes === undefined || result.kind !== 'found')
      return this.#afterOutage(key, answer, context)
    const told = context.query?.client?.deliverable(result) ?? result
    if (told === result) return answer
    const failedAt = this.#options.sources.length === 1 ? undefined : SOME_ANSWER
    return this.#afterOutage(key, { result: told, source, failedAt }, context)
  }

  /** As {@link OfflineSearch.knownFoundForMs} has it. Asks nobody. */
  knownFoundForMs(key: string): number | undefined {
    return this.#offline.knownFoundForMs(key)
  }

  /**
   * What the table would answer now if none of its services did. Asks nobody, and counts and changes nothing.
   *
   * @param asked The key as it was asked.
   * @param exact The client tries partial keys itself.
   */
  answerOffline(key: string, asked: string, exact = false): OfflineAnswer {
    return this.#offline.answer(this.#keys(key, { exact, isPossible: true }), key, asked, exact)
  }

  /** What the rules for outages make of an answer that is not "found". */
  #afterOutage(key: string, answer: Sourced, context: LookupContext): Sourced | Promise<Sourced> {
    const { result, source } = answer
    if (this.#outage === undefined) return answer
    const keys = this.#keys(key, context)
    if (isFailure(result)) {
      const rule = this.#outage.answer(
        {
          result,
          at: answer.failedAt ?? this.#options.sources[0],
          sinceMs: context.deadlineMs - this.deadlineMs,
          mustBeSeen: this.#mustBeSeen(result),
        },
        keys,
        key,
        context,
      )
      if (!(rule instanceof Promise)) return this.#byRule(rule, answer, context)
      context.hasToWait()
      return rule.then((known) => this.#byRule(known, answer, context))
    }
    if (result.kind === 'notfound' && (source === 'upstream' || source === 'shared'))
      this.#outage.notFound(keys, key, context.asked)
    return answer
  }

  #byRule(known: RuleAnswer | undefined, failed: Sourced, context: LookupContext): Sourced {
    if (known === undefined) return failed
    return known.searchKey === undefined
      ? known.answer
      : this.#propagate(known.answer, known.searchKey, context)
  }

  /**
   * Returns whether a failure is an outage only where the service is seen to answer nobody. A refused request may be this
   * key's, and a full queue is ours.
   */
  #mustBeSeen({ kind, cause }: Temporary | Permanent): boolean {
    // Asked by attributes, a wrong path or a refused credential is an outage like others.
    return cause === 'overload' || (kind === 'permanent' && this.attributes === undefined)
  }

  #lookup(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const verdict = this.#options.domains?.(key)
    // A filter does not decide on `user@`, `.parent` and `*`, which such a client tries for a key of any domain.
    if (verdict === undefined || (context.exact && domainOf(key) === undefined))
      return this.#search(key, context)
    if (verdict.kind === 'pass') return this.#passed(key, verdict.domain, context)
    if (verdict.kind === 'filtered') return filtered(verdict.domain, context.explanation)
    return this.#askDomain(key, verdict.domain, verdict.table, context)
  }

  #askDomain(key: string, domain: string, table: Table, context: LookupContext): Sourced | Promise<Sourced> {
    const known = table.lookup(domain, context)
    if (known instanceof Promise)
      return known.then((one) => this.#afterDomain(key, domain, table, one, context))
    return this.#afterDomain(key, domain, table, known, context)
  }

  #afterDomain(
    key: string,
    domain: string,
    table: Table,
    known: Sourced,
    context: LookupContext,
  ): Sourced | Promise<Sourced> {
    switch (known.result.kind) {
      case 'found':
        return this.#passed(key, domain, context)
      case 'notfound': {
        // The table may know the domain by its A-label.
        const spelling = comparableDomain(domain)
        if (spelling !== domain) return this.#askDomain(key, spelling, table, context)
        return filtered(domain, context.explanation)
      }
      default:
        return {
          result: temporaryFor(CORE_REASONS.domainsTable, known.result.reason),
          source: known.source,
          failedAt: known.failedAt ?? table.#options.sources[0],
        }
    }
  }

  #passed(key: string, domain: string | undefined, context: LookupContext): Sourced | Promise<Sourced> {
    context.explanation?.add({ step: 'domains', domain, passed: true })
    return this.#search(key, context)
  }

  /** Looks for each key in turn; for one that no table holds, only for those of its parts that one may hold. */
  #search(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const own = context.isPossible ? this.#askSources(key, context) : undefined
    // Most keys match as they are, so the others are only made when this one did not.
    if (own !== undefined && !(own instanceof Promise) && own.result.kind !== 'notfound') return own
    const keys = this.#keys(key, context)
    const [first] = keys
    if (first === undefined) return NO_ANSWER
    if (own !== undefined && keys.length === 1) return own
    const answer = own ?? this.#askSources(first.key, context)
    const ahead = this.#options.searchParallel ? MAX_AHEAD : 0
    return firstAnswer(keys, this.#searchKeys, key, context, answer, ahead)
  }

  #keys(key: string, { exact, isPossible }: KeyTraits): readonly SearchKey[] {
    const keys = exact ? [{ key, withoutExtension: false }] : this.#options.search(key)
    return isPossible ? keys : keys.filter((searchKey) => isPossibleKey(searchKey.key))
  }

  /** Asks the upstreams for one key. */
  #askSources(key: string, context: LookupContext): Sourced | Promise<Sourced> {
    const { sources } = this.#options
    const [first] = sources
    if (first === undefined) return NO_ANSWER
    const answer = first.ask(key, context)
    return sources.length === 1 ? answer : firstAnswer(sources, UPSTREAMS, key, context, answer, 0)
  }

  /** Puts the extension back on the result where the match was without it. */
  #propagate(answer: Sourced, { withoutExtension }: SearchKey, context: LookupContext): Sourced {
    const { propagate } = this.#options
    if (!withoutExtension || propagate === undefined || answer.result.kind !== 'found') return answer
    const extension = extensionOf(context.asked, propagate)
    // Nothing is delivered to it, and bytes that are no UTF-8 are not known any more.
    if (!context.isPossible && !isPossibleKey(extension)) return answer
    const before = answer.result.value
    const after = propagateExtension(before, extension)
    context.explanation?.add({ step: 'propagated', extension, before, after })
    return { result: { kind: 'found', value: after }, source: answer.source }
  }
}

type KeyTraits = Pick<LookupContext, 'exact' | 'isPossible'>

const UPSTREAMS: CandidateSource<TableSource> = {
  ask: (source, key, context) => source.ask(key, context),
  chosen: (answer, failedAt) =>
    isFailure(answer.result) ? { result: answer.result, source: answer.source, failedAt } : answer,
}

/** One of several upstreams gave an answer that the client would not read: so it answers. */
const SOME_ANSWER: FailedSource = { answersOthers: () => true }

/** Stands for "nothing was asked": a key outside the domains is not found. */
const NO_ANSWER: Sourced = { result: NOT_FOUND, source: 'filtered' }

function filtered(domain: string | undefined, explanation: Explanation | undefined): Sourced {
  explanation?.add({ step: 'domains', domain, passed: false })
  return NO_ANSWER
}
