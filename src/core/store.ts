/**
 * The door to tables that clients write: as narrow as `Lookup`, and for the protocols that have
 * more operations than it.
 */
import { permanentFor } from './reason.ts'
import { CORE_REASONS } from './reasons.ts'
import type { LookupResult } from './result.ts'

/** One operation on a table. The bytes are as the client wrote them. */
export type StoreRequest =
  | {
      readonly operation: 'put'
      readonly table: string
      readonly key: Buffer
      readonly value: Buffer
      /** How long the entry is kept, at most as long as the table says; undefined: as the table says. */
      readonly ttlMs?: number | undefined
      /** Wall clock ms after which it is gone, where the client said that instead. */
      readonly expiresAtMs?: number | undefined
    }
  | { readonly operation: 'delete'; readonly table: string; readonly key: Buffer }
  /** One entry after another, in the order of the keys: the first one, or the next behind a key. */
  | { readonly operation: 'scan'; readonly table: string; readonly after?: Buffer }

/** What came of it. */
export type StoreResult =
  /** The entry is stored, or deleted. */
  | { readonly kind: 'done' }
  /** The entry that a scan came to. */
  | { readonly kind: 'entry'; readonly key: string; readonly value: string }
  /** No such key to delete, or the scan is at its end; and failures as those of lookups. */
  | Exclude<LookupResult, { readonly kind: 'found' }>

export interface Store {
  /** Neither throws nor rejects: what fails is a temporary result. */
  request(request: StoreRequest): StoreResult | Promise<StoreResult>
}

/** One table that takes changes. Keys and values are texts that have been checked. */
export interface TableStore {
  /** Resolves when the entry would survive the end of the program. */
  put(key: string, value: string, life: EntryLife): Promise<StoreResult>
  delete(key: string): Promise<StoreResult>
  /** The first entry, or the next one behind a key, which need not be there any more. */
  scan(after: string | undefined): StoreResult
  /** Removes entries. @returns How many. */
  purge(what: StorePurge): number
}

/** How long an entry lives, where its client says so. */
export interface EntryLife {
  readonly ttlMs?: number | undefined
  readonly expiresAtMs?: number | undefined
}

export type StorePurge =
  | { readonly kind: 'all' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'domain'; readonly domain: string }

/** Where no table takes changes. */
export const readOnlyStore: Store = {
  request: () => permanentFor(CORE_REASONS.readOnly),
}
