/**
 * Which purges happened since a question was asked, so that an answer asked for before a
 * purge does not come back after it.
 */
import { comparableDomain } from '../key/idn.ts'

/** What a purge forgets. */
export type PurgeScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'key'; readonly key: string }
  /** Every key of a domain: `user@domain`, `@domain` and `domain`, in any case and spelling. */
  | { readonly kind: 'domain'; readonly domain: string }

/**
 * Purges remembered, ours: a request lasts 90 s at most. A question older than the
 * oldest of them counts as purged, which costs one more request and is never wrong.
 */
const REMEMBERED_PURGES = 1000

export class PurgeLog {
  /** Purges so far: a question notes it when it is asked. */
  generation = 0
  readonly #recent: PurgeScope[] = []

  add(scope: PurgeScope): void {
    this.generation++
    this.#recent.push(scope)
    if (this.#recent.length > REMEMBERED_PURGES) this.#recent.shift()
  }

  /** Returns whether `key` was purged after `generation` was noted. */
  purgedSince(generation: number, key: string): boolean {
    const missed = this.generation - generation
    if (missed === 0) return false
    if (missed > this.#recent.length) return true
    return this.#recent.slice(-missed).some((scope) => inScope(scope, key))
  }
}

/** Returns whether a purge takes a key with it. */
export function inScope(scope: PurgeScope, key: string): boolean {
  switch (scope.kind) {
    case 'all':
      return true
    case 'key':
      return key === scope.key
    case 'domain':
      return domainOrKey(key) === comparableDomain(scope.domain.toLowerCase())
  }
}

/** What follows the last `@`, as Postfix has it; the whole key when there is none. Comparable. */
function domainOrKey(key: string): string {
  return comparableDomain(key.slice(key.lastIndexOf('@') + 1).toLowerCase())
}
