/**
 * What is known of search keys without asking.
 */
import type { SearchKey } from '../search/search-keys.ts'
import type { KnownAnswer, TableSource } from '../source/table-source.ts'

export interface KnownKey {
  readonly searchKey: SearchKey
  readonly known: KnownAnswer
}

/** The first key that is known to be found, whatever is known of those before it. */
export function firstKnown(
  sources: readonly TableSource[],
  keys: readonly SearchKey[],
): KnownKey | undefined {
  for (const searchKey of keys) {
    for (const source of sources) {
      const known = source.known(searchKey.key)
      if (known?.result.kind === 'found') return { searchKey, known }
    }
  }
  return undefined
}

/** Returns whether "not found" is what this upstream would answer now without being asked: fresh, or static. */
export function isCurrent(source: TableSource, { key }: SearchKey): boolean {
  return source.askOffline(key)?.kind === 'notfound'
}

/** @returns Why one known answer is no "not found" that counts. */
export function refusalOf(known: KnownAnswer | undefined, forMs: number): string | undefined {
  if (known === undefined) return 'was not asked before, or is forgotten'
  if (known.result.kind === 'found') return 'is known to be found'
  if (!known.confirmedByCanary) return 'was answered by a service without a canary'
  if (known.ageMs >= forMs) return 'was answered longer ago than staleNotFound.for allows'
  return undefined
}
