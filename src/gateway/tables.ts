/**
 * The tables of the configuration, running: the place where one lookup's way is put together.
 *
 *   Table            domains filter, search keys, list of upstreams
 *   CachedUpstream   answer store: look, share equal questions, store    (DirectSource where the kind is not cached)
 *   Upstream         what the kind makes of it for this table
 *
 * A reload keeps a table that nothing has changed for, and the answers of one whose fingerprint
 * is the same.
 */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CacheConfig, TableConfig } from '../config/config.ts'
import type { AttributeRules } from '../core/attributes.ts'
import { type AnswerStore, copyAnswers } from '../core/cache/answer-store.ts'
import type { AnswerTier } from '../core/cache/answer-tier.ts'
import { LossGuard } from '../core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../core/cache/memory-answer-store.ts'
import type { Clock } from '../core/clock.ts'
import { RecentLookups } from '../core/outage/recent-lookups.ts'
import { ReplicaSource } from '../core/replica/replica-source.ts'
import type { ReplicaOfTable } from '../core/replica/table-copy.ts'
import { filterByList, filterByTable } from '../core/search/domains-filter.ts'
import { searchKeys } from '../core/search/search-keys.ts'
import { DirectSource } from '../core/source/direct-source.ts'
import type { TableSource } from '../core/source/table-source.ts'
import { type DomainsFilter, type KeySearch, Table } from '../core/table.ts'
import type { TableTier } from '../tier/table-tier.ts'
import type { SharedUpstream } from '../upstreams/kind.ts'
import type { AnswersAfter, CountedAnswers, UnusedCopy } from './answers-after.ts'
import { addressSpellings } from './key-spellings.ts'
import { outagePolicy } from './outage-policy.ts'
import type { GatewayParts } from './parts.ts'
import { type RunningTable, type RunningTables, replicaOf } from './running-table.ts'
import { serviceSource } from './service-source.ts'
import { makeShadow, type RunningShadow } from './shadow.ts'
import { type RunningShared, tierOf } from './shared.ts'
import type { RunningUpstreams } from './upstreams.ts'

interface TableParts extends GatewayParts {
  /** The tables in use: for domains filters that are tables. */
  readonly tables: () => RunningTables
}

/** Builds the tables over upstreams that are configured already. */
export function buildTables(
  configs: Iterable<TableConfig>,
  upstreams: RunningUpstreams,
  shared: RunningShared | undefined,
  running: RunningTables,
  parts: TableParts,
): { readonly tables: RunningTables; readonly answers: AnswersAfter } {
  const tables = new Map<string, RunningTable>()
  const dropped: CountedAnswers[] = []
  const kept: CountedAnswers[] = []
  const copies: UnusedCopy[] = []
  for (const config of configs) {
    const own = config.upstreams.flatMap((name) => upstreams.get(name) ?? [])
    const old = running.get(config.name)
    const beside = config.shadow && upstreams.get(config.shadow.upstream)
    if (old !== undefined && old.shared === shared && isUnchanged(old, config, own, beside)) {
      tables.set(config.name, old)
      continue
    }
    const store = makeStore(config, old, parts)
    if (old?.store !== undefined && old.store.size > 0) {
      const counted = { table: config.name, count: old.store.size }
      if (old.config.fingerprint !== config.fingerprint) dropped.push(counted)
      else if (!haveSameUpstreams(old, own)) kept.push(counted)
    }
    const tier = store && tierOf(shared, config, own)
    const shadow = beside && makeShadow(config, beside, old, parts)
    const built = buildTable(config, own, store, tier, shadow, old, parts)
    tables.set(config.name, { ...built, shared })
    const copy = replicaOf(built.asked)?.dropped()
    if (copy !== undefined) copies.push({ table: config.name, ...copy })
  }
  return { tables, answers: { dropped, kept, copies } }
}

function isUnchanged(
  old: RunningTable,
  config: TableConfig,
  upstreams: readonly SharedUpstream[],
  beside: SharedUpstream | undefined,
): boolean {
  const before = old.shadow?.over
  const hasSameShadow =
    beside === undefined ? before === undefined : before !== undefined && beside.isSameFor(before)
  return isDeepStrictEqual(old.config, config) && hasSameShadow && haveSameUpstreams(old, upstreams)
}

function haveSameUpstreams(old: RunningTable, upstreams: readonly SharedUpstream[]): boolean {
  if (old.upstreams.length !== upstreams.length) return false
  return upstreams.every((upstream, index) => {
    const before = old.upstreams[index]
    return before !== undefined && upstream.isSameFor(before)
  })
}

function makeStore(
  { attributes, cache, fingerprint, name }: TableConfig,
  old: RunningTable | undefined,
  { clock, observability }: GatewayParts,
): AnswerStore | undefined {
  if (cache === undefined || (attributes !== undefined && attributes.cacheBy === undefined)) return undefined
  const isKept = old?.store !== undefined && old.config.fingerprint === fingerprint
  if (isKept && haveSameBounds(old.config.cache, cache)) return old.store
  const observer = observability.observer.table(name)
  const store = new MemoryAnswerStore({
    ...cache,
    clock,
    // Strangers may ask for anything twice; what the proof table knows they do not choose.
    protectsNegative: cache.staleNotFound?.ifFoundIn === undefined ? 'used' : 'chosen',
    onEvicted: (count) => observer.cacheEvicted(count),
  })
  if (isKept) copyAnswers(old.store, store)
  return store
}

function haveSameBounds(a: CacheConfig | undefined, b: CacheConfig): boolean {
  return (
    a?.maxEntries === b.maxEntries &&
    a.maxNegativeEntries === b.maxNegativeEntries &&
    a.maxBytes === b.maxBytes &&
    a.staleNotFound?.ifFoundIn === b.staleNotFound?.ifFoundIn
  )
}

function buildTable(
  config: TableConfig,
  upstreams: readonly SharedUpstream[],
  store: AnswerStore | undefined,
  tier: TableTier | undefined,
  shadow: RunningShadow | undefined,
  old: RunningTable | undefined,
  parts: TableParts,
): Omit<RunningTable, 'shared'> {
  const asked = upstreams.map((upstream) => upstream.forTable(config))
  let stored = 0
  const recent = old?.recent ?? new RecentLookups(parts.random)
  const observer = parts.observability.observer.table(config.name)
  const lossGuard =
    old !== undefined && old.config.fingerprint === config.fingerprint
      ? old.lossGuard
      : new LossGuard(parts.clock, (isHolding) => observer.lossChanged(isHolding))
  const outage = outagePolicy(config, parts)
  const sources = asked.map(({ upstream, replica }, index): TableSource => {
    if (!upstreams[index]?.kind.cached) return new DirectSource(config.name, upstream)
    const kept = store && { store, tier, upstreamIndex: stored++, hasOutageRules: outage !== undefined }
    // Beside the first that asks a service.
    const beside = upstreams.findIndex(({ kind }) => kind.cached) === index ? shadow : undefined
    const service = serviceSource(config, upstream, kept, lossGuard, beside, parts)
    return replica === undefined
      ? service
      : replicated(config, service, replica, { store, tier, clock: parts.clock })
  })
  const table = new Table({
    name: config.name,
    sources,
    search: keySearch(config),
    domains: domainsFilter(config, parts.tables),
    foldCase: foldsCase(config, upstreams),
    deadlineMs: config.deadlineMs,
    // What goes in one request is asked together: the keys of a lookup cost no more than one of them.
    searchParallel: config.searchParallel || asked.some(({ asksTogether }) => asksTogether === true),
    propagate: config.propagateExtension ? config.recipientDelimiter : undefined,
    outage,
    recent,
    attributes: attributeRules(config),
  })
  return { config, table, recent, store, tier, lossGuard, asked, upstreams, shadow }
}

function foldsCase({ foldCase }: TableConfig, upstreams: readonly SharedUpstream[]): boolean {
  return foldCase && !upstreams.some(({ kind }) => kind.keepsCase === true)
}

/** Of this process, so that a hash in its memory says nothing to anybody who reads it. */
const SALT = randomBytes(32)

function attributeRules({ attributes }: TableConfig): AttributeRules | undefined {
  if (attributes === undefined) return undefined
  return { cacheBy: attributes.cacheBy, secret: new Set(attributes.secret), salt: SALT }
}

/** The table's own copy in front of what asks the service. */
function replicated(
  { cache }: TableConfig,
  service: TableSource,
  replica: ReplicaOfTable,
  {
    store,
    tier,
    clock,
  }: {
    readonly store: AnswerStore | undefined
    readonly tier: AnswerTier | undefined
    readonly clock: Clock
  },
): TableSource {
  const { policy } = replica
  // What was stored of a key that is gone must not outlive it.
  replica.onGone = (keys) => {
    if (keys === undefined) {
      store?.purge({ kind: 'all' })
      tier?.forget()
    } else
      for (const gone of keys)
        for (const key of addressSpellings(gone)) {
          store?.purge({ kind: 'key', key })
          tier?.delete(key)
        }
  }
  const staleForMs = Math.max(policy.freshForMs, policy.notFoundForMs, cache?.staleIfErrorMs ?? 0)
  return new ReplicaSource(service, replica.copy, { ...policy, staleForMs }, clock)
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
function domainsFilter({ domains }: TableConfig, tables: () => RunningTables): DomainsFilter | undefined {
  if (domains === undefined) return undefined
  if (domains.kind === 'list') return filterByList(domains.domains)
  const filter = filterByTable(domains.table)
  return (key) => {
    const verdict = filter(key)
    if (verdict.kind !== 'ask') return verdict
    const table = tables().get(verdict.table)?.table
    if (table === undefined) throw new TypeError(`unchecked configuration: no table ${verdict.table}`)
    return { ...verdict, table }
  }
}
