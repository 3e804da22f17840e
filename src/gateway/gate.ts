/**
 * Holds lookups back until the tables they are for are there. A listener that a start or reload
 * opens may get its first request before everything else is ready; it waits instead of being
 * told that there is no such table.
 */
import type { Lookup, LookupOptions, Query } from '../core/lookup.ts'
import type { LookupResult } from '../core/result.ts'

export class Gate implements Lookup {
  readonly #lookup: Lookup
  readonly #opened: Promise<void>
  #open: () => void = () => {}

  constructor(lookup: Lookup) {
    this.#lookup = lookup
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  lookup(query: Query, options?: LookupOptions): Promise<LookupResult> {
    return this.#opened.then(() => this.#lookup.lookup(query, options))
  }

  /** Lets every lookup through that waits. A gate that is never opened belongs to connections that were closed. */
  open(): void {
    this.#open()
  }
}
