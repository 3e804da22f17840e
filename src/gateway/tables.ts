/**
 * The tables of the configuration, running: the place where one lookup's way is put together.
 *
 *   Table            domains filter, search keys, list of upstreams
 *   CachedUpstream   answer store, coalescing, deadline            (static upstreams: DirectSource)
 *   ResilientUpstream limiter, attempts, circuit breakers, canary
 *   HttpEndpoint     one request
 *
 * A reload keeps a table that nothing has changed for, and the answers of one whose fingerprint
 * is the same.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CacheConfig, TableConfig } from '../config/model.ts'
import { AnswerStore } from '../core/cache/answer-store.ts'
import { CachedUpstream } from '../core/cache/cached-upstream.ts'
import { DirectSource } from '../core/direct-source.ts'
import type { BatchOptions } from '../core/resilience/batcher.ts'
import { ResilientUpstream } from '../core/resilience/resilient-upstream.ts'
import { filterByList, filterByTable } from '../core/search/domains-filter.ts'
import { searchKeys } from '../core/search/search-keys.ts'
import type { TableStatus } from '../core/status.ts'
import { type DomainsFilter, type KeySearch, Table } from '../core/table.ts'
import type { TableSource } from '../core/table-source.ts'
import type { HttpTableSettings } from '../upstreams/http/settings.ts'
import { StaticUpstream } from '../upstreams/static.ts'
import type { GatewayParts, Traced } from './parts.ts'
import type { RunningHttpUpstream, RunningUpstream } from './upstreams.ts'

export interface RunningTable {
  readonly config: TableConfig
  readonly table: Table
  readonly store: AnswerStore | undefined
  readonly resilient: readonly ResilientUpstream[]
  /** What it was built over: another object means that it must be built anew. */
  readonly upstreams: readonly RunningUpstream[]
}

export type RunningTables = ReadonlyMap<string, RunningTable>

/** Finds the table that runs now under a name that the configuration was checked to have. */
export type CurrentTable = (name: string) => Table

/** How a reload went for the answers that were stored. */
export interface CarriedAnswers {
  readonly table: string
  /** Answers dropped, because what decides about them has changed. */
  readonly dropped: number
}

/**
 * Builds the tables over upstreams that are committed already.
 *
 * @param current For filters that are tables.
 * @param dropped Is told of each table whose stored answers could not be kept.
 */
export function buildTables(
  configs: Iterable<TableConfig>,
  upstreams: ReadonlyMap<string, RunningUpstream>,
  running: RunningTables,
  current: CurrentTable,
  parts: GatewayParts,
  dropped: (carried: CarriedAnswers) => void = () => {},
): RunningTables {
  const built = new Map<string, RunningTable>()
  for (const config of configs) {
    const own = config.upstreams.flatMap((name) => upstreams.get(name) ?? [])
    const old = running.get(config.name)
    if (old !== undefined && isUnchanged(old, config, own)) {
      built.set(config.name, old)
      continue
    }
    const store = makeStore(config, old, parts)
    if (old?.store !== undefined && old.store.size > 0 && old.config.fingerprint !== config.fingerprint) {
      dropped({ table: config.name, dropped: old.store.size })
    }
    built.set(config.name, buildTable(config, own, store, current, parts))
  }
  return built
}

/** Static upstreams are compared by content, HTTP ones by what they share. */
function isUnchanged(old: RunningTable, config: TableConfig, upstreams: readonly RunningUpstream[]): boolean {
  if (!isDeepStrictEqual(old.config, config) || old.upstreams.length !== upstreams.length) return false
  return upstreams.every((upstream, index) => {
    const before = old.upstreams[index]
    if (before?.kind === 'static' || upstream.kind === 'static') return isDeepStrictEqual(before, upstream)
    return (
      before?.pools === upstream.pools &&
      isDeepStrictEqual(before.config.endpoints, upstream.config.endpoints)
    )
  })
}

function makeStore(
  { cache, fingerprint, name }: TableConfig,
  old: RunningTable | undefined,
  { clock, observability }: GatewayParts,
): AnswerStore | undefined {
  if (cache === undefined) return undefined
  const isKept = old?.store !== undefined && old.config.fingerprint === fingerprint
  if (isKept && haveSameBounds(old.config.cache, cache)) return old.store
  const observer = observability.observer.table(name)
  const store = new AnswerStore({ ...cache, clock, onEvicted: (count) => observer.cacheEvicted(count) })
  if (isKept) store.copyFrom(old.store)
  return store
}

function haveSameBounds(a: CacheConfig | undefined, b: CacheConfig): boolean {
  return (
    a?.maxEntries === b.maxEntries &&
    a.maxNegativeEntries === b.maxNegativeEntries &&
    a.maxBytes === b.maxBytes
  )
}

function buildTable(
  config: TableConfig,
  upstreams: readonly RunningUpstream[],
  store: AnswerStore | undefined,
  current: CurrentTable,
  parts: GatewayParts,
): RunningTable {
  const resilient: ResilientUpstream[] = []
  const sources = upstreams.map((upstream): TableSource => {
    if (upstream.kind === 'static') return staticSource(config, upstream.config)
    const guarded = guardedUpstream(config, upstream, parts)
    resilient.push(guarded)
    return cachedSource(config, guarded, store, resilient.length - 1, parts)
  })
  const table = new Table({
    name: config.name,
    sources,
    search: keySearch(config),
    domains: domainsFilter(config, current),
    foldCase: config.foldCase,
    deadlineMs: config.deadlineMs,
    // What goes in one request is asked together: the keys of a lookup cost no more than one of them.
    searchParallel: config.searchParallel || config.batch !== undefined,
    propagate: config.propagateExtension ? config.recipientDelimiter : undefined,
  })
  return { config, table, store, resilient, upstreams }
}

function staticSource(
  { name, response, foldCase }: TableConfig,
  upstream: { readonly name: string; readonly entries: ReadonlyMap<string, readonly string[]> },
): TableSource {
  const { separator } = response
  return new DirectSource(name, new StaticUpstream({ ...upstream, separator, foldCase }))
}

function guardedUpstream(
  config: TableConfig,
  { guard, pools }: RunningHttpUpstream,
  { observability, traced }: GatewayParts,
): ResilientUpstream {
  const { name, request, response, sideEffects, batch, canary } = config
  if (request === undefined) throw new TypeError(`unchecked configuration: table ${name} has no request`)
  const settings = { name, request, response, sideEffects, batch }
  return new ResilientUpstream({
    table: name,
    guard,
    endpoints: guard.endpoints.map((_endpoint, index) =>
      traced.endpoint(guard.name, pools.endpoint(settings, index)),
    ),
    batch: batchOptions(settings, { guard, pools }, traced),
    sideEffects,
    canary,
    observer: observability.observer.table(name),
    onDefect: (error, where) => observability.observer.defect(error, where),
  })
}

function batchOptions(
  settings: HttpTableSettings & Pick<TableConfig, 'batch'>,
  { guard, pools }: Pick<RunningHttpUpstream, 'guard' | 'pools'>,
  traced: Traced,
): BatchOptions | undefined {
  if (settings.batch === undefined) return undefined
  const endpoints = guard.endpoints.flatMap((_endpoint, index) => {
    const endpoint = pools.batchEndpoint(settings, index)
    return endpoint === undefined ? [] : [traced.batchEndpoint(guard.name, endpoint)]
  })
  return { endpoints, maxWaitMs: settings.batch.maxWaitMs }
}

function cachedSource(
  config: TableConfig,
  upstream: ResilientUpstream,
  store: AnswerStore | undefined,
  upstreamIndex: number,
  { clock, random, observability }: GatewayParts,
): CachedUpstream {
  const { name, deadlineMs, sideEffects, cache } = config
  return new CachedUpstream({
    table: name,
    upstream,
    clock,
    random,
    deadlineMs,
    sideEffects,
    cache: store && cache && { store, policy: cache, upstreamIndex },
    observer: observability.observer.table(name),
    onDefect: (error, where) => observability.observer.defect(error, where),
  })
}

function keySearch(config: TableConfig): KeySearch {
  const options = {
    recipientDelimiter: config.recipientDelimiter,
    localDomains: new Set(config.localDomains),
    parentDomainMatchesSubdomains: config.parentDomainMatchesSubdomains,
  }
  return (key) => searchKeys(config.search, key, options)
}

/** A filter that is a table looks that table up at each lookup, so that it follows a reload. */
function domainsFilter({ domains }: TableConfig, current: CurrentTable): DomainsFilter | undefined {
  if (domains === undefined) return undefined
  if (domains.kind === 'list') return filterByList(domains.domains)
  const filter = filterByTable(domains.table)
  return (key) => {
    const verdict = filter(key)
    return verdict.kind === 'ask' ? { ...verdict, table: current(verdict.table) } : verdict
  }
}

export function tableStatus({ config, store, resilient }: RunningTable): TableStatus {
  return {
    name: config.name,
    upstreams: config.upstreams,
    search: config.search,
    ...(store !== undefined && { cache: store.status() }),
    canaries: resilient.flatMap((upstream) => upstream.canaryStatus()),
  }
}
