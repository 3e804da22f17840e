/**
 * The door to tables that clients write: as narrow as `Lookup`, and for the protocols that have
 * more operations than it.
 */
import { permanentFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import type { LookupResult, Temporary } from '../result.ts'

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

/** A closed set: it is a metric label. */
export type StoreOperation = StoreRequest['operation']

export interface Store {
  /** Neither throws nor rejects: what fails is a temporary result. */
  request(request: StoreRequest): StoreResult | Promise<StoreResult>
}

/** One table that takes changes. Keys and values are texts that have been checked. */
export interface TableStore {
  /** Other gateways have the same entries, so that what is done here is done there. */
  readonly isShared?: true
  /** Resolves when the entry would survive the end of the program. */
  put(key: string, value: string, life: EntryLife): Promise<StoreResult>
  delete(key: string): Promise<StoreResult>
  /**
   * Entries in the order of their keys: the first ones, or the next ones behind a key, which need not be there any more.
   *
   * @param limit Most entries of the page, at least 1. It may have fewer and still not be the last.
   */
  entries(after: string | undefined, limit: number): StorePage | Temporary | Promise<StorePage | Temporary>
  /** Removes entries. @returns How many. */
  purge(what: StorePurge): Promise<number | Temporary>
}

/** One entry as it is kept. */
export interface StoredEntry {
  readonly key: string
  readonly value: string
  /** Wall clock ms at which it is gone. */
  readonly expiresAtMs: number
}

export interface StorePage {
  readonly kind: 'page'
  readonly entries: readonly StoredEntry[]
  /** False: no entry is behind the last one of the page. */
  readonly hasMore: boolean
}

/** How much a store holds at most, and for how long. */
export interface StoreBounds {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly ttlMs: number
}

export interface StoreTotals {
  readonly entries: number
  readonly bytes: number
  /** Entries that this program dropped before their time since the store was opened, because it was full. */
  readonly evicted: number
}

/** Bytes after which a page of entries ends. Ours: some megabytes at once hold nobody up. */
export const MAX_PAGE_BYTES = 1_048_576

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
