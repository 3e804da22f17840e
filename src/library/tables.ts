/**
 * The tables of a library server: functions behind the same search and answer store that tables of
 * the gateway have.
 */

import { CachedUpstream } from '../core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../core/cache/memory-answer-store.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import { type Observer, silentObserver } from '../core/observed/observer.ts'
import { Resolver } from '../core/resolver.ts'
import { DELIMITERS } from '../core/search/extension.ts'
import { type SearchKind, searchKeys } from '../core/search/search-keys.ts'
import { DirectSource } from '../core/source/direct-source.ts'
import type { TableSource } from '../core/source/table-source.ts'
import { Table } from '../core/table.ts'
import type { Upstream } from '../core/upstream.ts'
import type { TableFunction } from '../upstreams/function/function-upstream.ts'
import { SharedFunction } from '../upstreams/function/kind.ts'

export interface TableOptions {
  /** Whether keys are lower-cased before the call, as Postfix does for its own tables. Default true. */
  readonly foldCase?: boolean
  /** Longest time for one lookup, ms; then the answer is temporary. Default {@link DEFAULT_DEADLINE_MS}. */
  readonly deadlineMs?: number
  /**
   * Which keys the function is called with, in Postfix's order, until one is found: see `search` in
   * docs/configuration.md. Default `exact`, the key alone.
   */
  readonly search?: SearchKind
  /** Characters that separate user and extension, as `recipient_delimiter` of Postfix. Default none. */
  readonly recipientDelimiter?: string
  /** Domains for which the bare user is tried too. Default none. */
  readonly localDomains?: readonly string[]
  /** Default: the function is called for each lookup. */
  readonly cache?: TableCacheOptions
  /**
   * Called with every exception of a table function, which was answered as temporary, and the table's
   * name. Default: a warning of the process.
   */
  readonly onDefect?: (error: unknown, table: string) => void
}

/** How long answers of a function are used. Equal lookups at the same moment share one call. */
export interface TableCacheOptions {
  /** How long a found answer is used without a call, ms. */
  readonly ttlMs: number
  /** The same for "not found", ms. Default 0: never used again, since what was created meanwhile would bounce. */
  readonly negativeTtlMs?: number
  /** How long a found answer is used after `ttlMs` while the function is called in the background, ms. Default 0. */
  readonly staleWhileRevalidateMs?: number
  /** How long a found answer is used after `ttlMs` when the function fails, or takes longer than a second, ms. Default 0. */
  readonly staleIfErrorMs?: number
  /** Most found answers, and as many "not found". Default {@link DEFAULT_MAX_ENTRIES}. */
  readonly maxEntries?: number
}

/** Ours: within the 100 s that Postfix waits, and short enough for an SMTP client that waits too. */
const DEFAULT_DEADLINE_MS = 30_000

/** Answers of each kind that one table keeps. Ours: tens of megabytes with usual addresses. */
const DEFAULT_MAX_ENTRIES = 100_000

/** Most memory for the answers of one table, and as much for "not found", bytes. Ours: holds the entries above. */
const MAX_STORE_BYTES = 64 * 1024 * 1024

/** How long a lookup that has a stale answer waits for the function, ms. Source: as `cache.staleAfter` of a table; RFC 8767 section 5. */
const STALE_AFTER_MS = 1000

/** Answers lookups by calling functions. */
export function lookupIn(
  functions: ReadonlyMap<string, TableFunction>,
  options: TableOptions,
  clock: Clock,
): Lookup {
  const onDefect = options.onDefect ?? warn
  const observer: Observer = { ...silentObserver, defect: onDefect }
  const resolver = new Resolver(clock, observer)
  resolver.serve(Array.from(functions, ([name, call]) => tableOf(name, call, options, clock, observer)))
  return resolver
}

function tableOf(
  name: string,
  call: TableFunction,
  options: TableOptions,
  clock: Clock,
  observer: Observer,
): Table {
  const {
    foldCase = true,
    deadlineMs = DEFAULT_DEADLINE_MS,
    search = 'exact',
    recipientDelimiter = '',
  } = options
  if (!DELIMITERS.test(recipientDelimiter)) {
    throw new TypeError(
      `recipientDelimiter: ${JSON.stringify(recipientDelimiter)} must be signs such as "+", without "@", blanks, letters and digits`,
    )
  }
  const searchOptions = {
    recipientDelimiter,
    localDomains: new Set(options.localDomains?.map((domain) => domain.toLowerCase())),
    parentDomainMatchesSubdomains: search.startsWith('access-'),
  }
  const shared = new SharedFunction({ kind: 'function', name, call }, { ...PARTS, clock, observer })
  const { upstream } = shared.forTable({ name, foldCase, sideEffects: false })
  return new Table({
    name,
    sources: [sourceOf(name, upstream, deadlineMs, options.cache, clock, observer)],
    search: (key) => searchKeys(search, key, searchOptions),
    foldCase,
    deadlineMs,
    searchParallel: false,
  })
}

function sourceOf(
  table: string,
  upstream: Upstream,
  deadlineMs: number,
  cache: TableCacheOptions | undefined,
  clock: Clock,
  observer: Observer,
): TableSource {
  if (cache === undefined) return new DirectSource(table, upstream)
  const { ttlMs, negativeTtlMs = 0, staleWhileRevalidateMs = 0, staleIfErrorMs = 0 } = cache
  const maxEntries = cache.maxEntries ?? DEFAULT_MAX_ENTRIES
  const bounds = { maxEntries, maxNegativeEntries: maxEntries, maxBytes: MAX_STORE_BYTES }
  const policy = {
    ttlMs,
    negativeTtlMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    staleAfterMs: STALE_AFTER_MS,
    jitter: 0,
    honorCacheControl: false,
    minTtlMs: 0,
    maxTtlMs: ttlMs,
  }
  return new CachedUpstream({
    table,
    upstream,
    clock,
    random: Math.random,
    deadlineMs,
    sideEffects: false,
    cache: { store: new MemoryAnswerStore({ ...bounds, clock }), policy, hasCanary: false, upstreamIndex: 0 },
    observer: observer.table(table),
    onDefect: observer.defect,
  })
}

/** What a function does not use. */
const PARTS = {
  random: Math.random,
  traced: {
    endpoint: <T>(_upstream: string, inner: T) => inner,
    batchEndpoint: <T>(_upstream: string, inner: T) => inner,
  },
  overloaded: () => false,
  onCredentialsRefused: () => {},
  readFile: (path: string) => Promise.reject(new TypeError(`a function has no file ${path}`)),
}

function warn(error: unknown, table: string): void {
  process.emitWarning(error instanceof Error ? error : String(error), { detail: `in the table ${table}` })
}
