/**
 * Asks a map as Postfix does for one parameter: postmap(1) tries only the key as it is, and Postfix the partial keys
 * behind it, and puts the extension back where the parameter does.
 *
 * Not asked: users without their domain, since which domains are local is a matter of main.cf.
 */
import type { PostfixParameter } from '../../config/postfix-parameters.ts'
import type { LookupResult } from '../../core/result.ts'
import { found, NOT_FOUND } from '../../core/result.ts'
import { extensionOf, propagateExtension } from '../../core/search/extension.ts'
import { type SearchKey, searchKeys } from '../../core/search/search-keys.ts'
import type { Side } from './side.ts'

export class SearchingSide implements Side {
  readonly shown: string
  readonly #side: Side
  readonly #parameter: PostfixParameter
  readonly #delimiter: string

  /** @param delimiter recipient_delimiter of main.cf. */
  constructor(side: Side, parameter: PostfixParameter, delimiter: string) {
    this.shown = side.shown
    this.#side = side
    this.#parameter = parameter
    this.#delimiter = delimiter
  }

  /** The first spelling of every key, then the second of those that were not found, and so on. */
  async ask(keys: readonly Buffer[]): Promise<readonly LookupResult[]> {
    const searches = keys.map((key) => this.#spellings(key.toString()))
    const results: LookupResult[] = keys.map(() => NOT_FOUND)
    let open = keys.map((_key, index) => index)
    for (let round = 0; open.length > 0; round++) {
      const asked = open.flatMap((index) => {
        const spelling = searches[index]?.[round]
        return spelling === undefined ? [] : [{ index, spelling }]
      })
      if (asked.length === 0) break
      const answers = await this.#side.ask(asked.map(({ spelling }) => Buffer.from(spelling.key)))
      for (const [at, { index, spelling }] of asked.entries()) {
        const answer = answers[at] ?? NOT_FOUND
        results[index] = answer.kind === 'found' ? this.#found(answer.value, spelling, keys[index]) : answer
      }
      open = asked.flatMap(({ index }) => (results[index]?.kind === 'notfound' ? [index] : []))
    }
    return results
  }

  close(): Promise<void> {
    return this.#side.close()
  }

  /** Postfix folds the case of keys before it asks. */
  #spellings(key: string): readonly SearchKey[] {
    const { search } = this.#parameter
    return searchKeys(search, key.toLowerCase(), {
      recipientDelimiter: this.#delimiter,
      localDomains: new Set(),
      parentDomainMatchesSubdomains: search.startsWith('access-'),
    })
  }

  #found(value: string, { withoutExtension }: SearchKey, key: Buffer | undefined): LookupResult {
    const isPut = withoutExtension && this.#parameter.propagateExtension
    return found(isPut ? propagateExtension(value, extensionOf(String(key), this.#delimiter)) : value)
  }
}
