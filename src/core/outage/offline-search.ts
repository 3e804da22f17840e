/**
 * What a table would answer now if none of its services did: for the readiness, for proofs, and for domains filters
 * that are tables. Asks nobody, and counts and changes nothing.
 */
import { comparableDomain } from '../key/idn.ts'
import { domainOf } from '../key/key-parts.ts'
import { NOT_FOUND } from '../result.ts'
import { isOwnKey, type SearchKey } from '../search/search-keys.ts'
import type { TableSource } from '../source/table-source.ts'
import type { OutageRules } from './outage-rules.ts'
import type { OfflineAnswer } from './readiness.ts'

/** A table as a domains filter asks it. */
interface DomainsTable {
  readonly name: string
  answerOffline(key: string, asked: string): OfflineAnswer
}

interface OfflineSearchOptions {
  readonly sources: readonly TableSource[]
  readonly search: (key: string) => readonly SearchKey[]
  /** Undefined: every key is asked for. */
  readonly domains?: (
    key: string,
  ) =>
    | { readonly kind: 'pass' }
    | { readonly kind: 'filtered' }
    | { readonly kind: 'ask'; readonly domain: string; readonly table: DomainsTable }
}

/** Why a lookup would be deferred in a table without rules for outages. */
const NOTHING_STORED = 'no answer is stored that may be used'

export class OfflineSearch {
  readonly #options: OfflineSearchOptions
  readonly #outage: OutageRules | undefined

  constructor(options: OfflineSearchOptions, outage: OutageRules | undefined) {
    this.#options = options
    this.#outage = outage
  }

  /**
   * @param keys The search keys of `key`.
   * @param asked The key as it was asked.
   * @param exact The client tries partial keys itself.
   */
  answer(keys: readonly SearchKey[], key: string, asked: string, exact: boolean): OfflineAnswer {
    const answer = this.#filtered(key, exact) ?? this.#search(keys)
    if (answer.result !== undefined || this.#outage === undefined) return answer
    const { answer: known, at, why } = this.#outage.decide(keys, key, asked)
    return known ?? { result: undefined, at: at ?? answer.at, why }
  }

  /**
   * Time since which a key is found without a break by itself or without its extension, as far as is known; undefined
   * where its last known answer is not "found".
   */
  knownFoundForMs(key: string): number | undefined {
    const { domains, search, sources } = this.#options
    if (domains?.(key).kind === 'filtered') return undefined
    for (const searchKey of search(key)) {
      if (!isOwnKey(searchKey, key)) continue
      for (const source of sources) {
        const known = source.known(searchKey.key)
        if (known?.result.kind === 'found') return known.foundForMs
      }
    }
    return undefined
  }

  /** Undefined when the domain is one of ours. */
  #filtered(key: string, exact: boolean): OfflineAnswer | undefined {
    const verdict = exact && domainOf(key) === undefined ? undefined : this.#options.domains?.(key)
    if (verdict === undefined || verdict.kind === 'pass') return undefined
    if (verdict.kind === 'filtered') return { result: NOT_FOUND }
    const { table, domain } = verdict
    const written = table.answerOffline(domain, domain)
    const spelling = written.result?.kind === 'notfound' ? comparableDomain(domain) : domain
    const known = spelling === domain ? written : table.answerOffline(spelling, spelling)
    if (known.result?.kind === 'found') return undefined
    if (known.result !== undefined) return { result: NOT_FOUND }
    return { result: undefined, at: known.at, why: `${table.name}, which knows our domains: ${known.why}` }
  }

  #search(keys: readonly SearchKey[]): OfflineAnswer {
    for (const searchKey of keys) {
      for (const source of this.#options.sources) {
        const result = source.askOffline(searchKey.key)
        if (result === undefined) return { result, at: searchKey.key, why: NOTHING_STORED }
        if (result.kind === 'found') return { result }
      }
    }
    return { result: NOT_FOUND }
  }
}
