/**
 * What the other upstreams of a table find while one of them fails: then the answer is not unknown, and no check is missed.
 */

import { isFailure } from '../result.ts'
import type { SearchKey } from '../search/search-keys.ts'
import type { LookupContext } from '../source/lookup-context.ts'
import type { TableSource } from '../source/table-source.ts'

/**
 * Asks for one key after the other, and an upstream that fails no further.
 *
 * @returns A key that one of them finds. Does not reject.
 */
export async function firstFound(
  sources: readonly TableSource[],
  keys: readonly SearchKey[],
  context: LookupContext,
): Promise<SearchKey | undefined> {
  for (const source of sources) {
    for (const searchKey of keys) {
      const { result } = await source.ask(searchKey.key, context)
      if (result.kind === 'found') return searchKey
      if (isFailure(result)) break
    }
  }
  return undefined
}
