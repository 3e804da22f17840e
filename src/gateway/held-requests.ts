/**
 * Holds lookups and changes back until the tables they are for are there. A listener that a start or reload opens may
 * get its first request before everything else is ready; it waits instead of being told that there is no
 * such table.
 */
import type { Lookup, LookupOptions, Query } from '../core/lookup.ts'
import type { LookupResult } from '../core/result.ts'
import type { Store, StoreRequest, StoreResult } from '../core/store/store.ts'

export class HeldRequests implements Lookup, Store {
  readonly #lookup: Lookup
  readonly #store: Store
  readonly #released: Promise<void>
  #isReleased = false
  /** Lets every request through that waits, and all later ones. Where it is never called, the connections have been closed. */
  release: () => void = () => {}

  constructor(lookup: Lookup, store: Store) {
    this.#lookup = lookup
    this.#store = store
    this.#released = new Promise((resolve) => {
      this.release = () => {
        this.#isReleased = true
        resolve()
      }
    })
  }

  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult> {
    if (this.#isReleased) return this.#lookup.lookup(query, options)
    return this.#released.then(() => this.#lookup.lookup(query, options))
  }

  /** A listener keeps this for good, so that it costs nothing later. */
  request(request: StoreRequest): StoreResult | Promise<StoreResult> {
    if (this.#isReleased) return this.#store.request(request)
    return this.#released.then(() => this.#store.request(request))
  }
}
