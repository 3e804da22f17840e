/**
 * The tables of a checked file as the program uses them, each with its fingerprint.
 */
import { fingerprint } from './fingerprint.ts'
import type { BatchConfig, CacheConfig, RequestConfig, TableConfig, UpstreamConfig } from './model.ts'
import { POSTFIX_PARAMETERS } from './postfix-parameters.ts'
import type { TableFile } from './schema/table.ts'
import { bytes, listed, ms } from './values.ts'

/** A table that has all but its fingerprint. */
type Unmarked = Omit<TableConfig, 'fingerprint'>

export function buildTables(
  files: Readonly<Record<string, TableFile>>,
  upstreams: ReadonlyMap<string, UpstreamConfig>,
): ReadonlyMap<string, TableConfig> {
  const tables = new Map(Object.entries(files).map(([name, file]) => [name, buildTable(name, file)]))
  return new Map(
    [...tables].map(([name, table]) => [name, { ...table, fingerprint: mark(table, tables, upstreams) }]),
  )
}

/** Chains of filter tables have an end: cycles were refused before. */
function mark(
  table: Unmarked,
  tables: ReadonlyMap<string, Unmarked>,
  upstreams: ReadonlyMap<string, UpstreamConfig>,
): string {
  const filter = table.domains?.kind === 'table' ? tables.get(table.domains.table) : undefined
  return fingerprint(
    table,
    table.upstreams.flatMap((name) => upstreams.get(name) ?? []),
    filter && mark(filter, tables, upstreams),
  )
}

function buildTable(name: string, file: TableFile): Unmarked {
  const usedBy = listed(file.usedBy)
  // The first parameter decides; the checks warn when the others differ.
  const parameter = usedBy.map((use) => POSTFIX_PARAMETERS.get(use)).find((known) => known !== undefined)
  const search = file.search ?? parameter?.search ?? 'exact'
  const { canary } = file
  return {
    name,
    usedBy,
    upstreams: listed(file.upstream ?? []),
    request: file.request && buildRequest(file.request),
    response: buildResponse(file.response),
    search,
    searchParallel: file.searchParallel,
    batch: file.batch && buildBatch(file.batch),
    recipientDelimiter: file.recipientDelimiter,
    localDomains: file.localDomains.map((domain) => domain.toLowerCase()),
    // Source: the default of parent_domain_matches_subdomains, postconf(5).
    parentDomainMatchesSubdomains: file.parentDomainMatchesSubdomains ?? search.startsWith('access-'),
    propagateExtension: file.propagateExtension ?? parameter?.propagateExtension ?? false,
    domains: buildDomains(file.domains),
    foldCase: file.foldCase,
    deadlineMs: ms(file.deadline),
    sideEffects: file.sideEffects,
    cache: buildCache(file.cache),
    canary: canary && { key: canary.key, everyMs: ms(canary.every), maxAgeMs: ms(canary.maxAge) },
  }
}

/** Domain names mean the same in either case (RFC 1035 section 2.3.3). */
function buildDomains(domains: TableFile['domains']): Unmarked['domains'] {
  if (domains === undefined) return undefined
  if (!Array.isArray(domains)) return { kind: 'table', table: domains.table }
  return { kind: 'list', domains: domains.map((domain) => domain.toLowerCase()) }
}

function buildResponse(file: TableFile['response']): Unmarked['response'] {
  const { value, error, notFoundMark: mark } = file
  const notFoundMark = mark && {
    contentType: mark.contentType?.toLowerCase(),
    header: mark.header,
    jsonPath: mark.jsonPath,
  }
  return { ...file, value, error, notFoundMark }
}

function buildRequest(file: NonNullable<TableFile['request' | 'batch']>): RequestConfig {
  return {
    method: file.method,
    path: file.path ?? '',
    query: new Map(Object.entries(file.query)),
    headers: new Map(Object.entries(file.headers).map(([key, value]) => [key.toLowerCase(), value])),
    json: file.json,
    form: file.form && new Map(Object.entries(file.form)),
  }
}

function buildBatch(file: NonNullable<TableFile['batch']>): BatchConfig {
  return {
    request: buildRequest(file),
    maxKeys: file.maxKeys,
    maxWaitMs: ms(file.maxWait),
    results: file.results,
  }
}

function buildCache(file: TableFile['cache']): CacheConfig | undefined {
  if (file === 'off') return undefined
  return {
    ttlMs: ms(file.ttl),
    negativeTtlMs: ms(file.negativeTtl),
    staleWhileRevalidateMs: ms(file.staleWhileRevalidate),
    staleIfErrorMs: ms(file.staleIfError),
    staleAfterMs: ms(file.staleAfter),
    jitter: file.jitter,
    honorCacheControl: file.honorCacheControl,
    minTtlMs: ms(file.minTtl),
    maxTtlMs: ms(file.maxTtl),
    maxEntries: file.maxEntries,
    maxNegativeEntries: file.maxNegativeEntries,
    maxBytes: bytes(file.maxBytes),
  }
}
