/**
 * A hash of everything that decides what a table answers. Stored answers of another
 * fingerprint are dropped, so a changed configuration never serves what the old one knew.
 *
 * In it: upstreams in their order with endpoints or entries, request, response, search,
 * folding, delimiter, domains. Not in it: how long answers live, how long we wait, and
 * secrets (a new password does not change what a key means).
 */
import { createHash } from 'node:crypto'
import type { RequestConfig, TableConfig, UpstreamConfig } from './model.ts'

/** Raise it when the meaning of stored answers changes with the program. */
const FORMAT = 1

/** Hex digits kept; 128 bits are far from any accident. */
const LENGTH = 32

/**
 * @param upstreams Those that the table asks, in its order.
 * @param filter Fingerprint of the table that filters domains, if one does.
 */
export function fingerprint(
  table: Omit<TableConfig, 'fingerprint'>,
  upstreams: readonly UpstreamConfig[],
  filter: string | undefined,
): string {
  const { request, batch, response, search, recipientDelimiter, localDomains, domains } = table
  const decisive = {
    FORMAT,
    upstreams: upstreams.map(decisiveOfUpstream),

    request: request && { ...request, headers: decisiveHeaders(request) },
    batch: batch && {
      results: batch.results,
      request: { ...batch.request, headers: decisiveHeaders(batch.request) },
    },
    response,
    search,
    recipientDelimiter,
    localDomains,
    domains,
    filter,
    parentDomainMatchesSubdomains: table.parentDomainMatchesSubdomains,
    propagateExtension: table.propagateExtension,
    foldCase: table.foldCase,
  }
  return createHash('sha256').update(stableJson(decisive)).digest('hex').slice(0, LENGTH)
}

function decisiveOfUpstream(upstream: UpstreamConfig): unknown {
  switch (upstream.kind) {
    case 'static':
      return { entries: upstream.entries }
    case 'http':
      return { endpoints: upstream.endpoints.map(({ url }) => url) }
  }
}

/** JSON with sorted keys, so that the order of a map in the file does not matter. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    const plain = part instanceof Map ? Object.fromEntries(part) : part
    if (plain === null || typeof plain !== 'object' || Array.isArray(plain)) return plain
    return Object.fromEntries(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  })
}

/** Header values may be secrets that change; only those with a place for the key decide an answer. */
function decisiveHeaders({ headers }: RequestConfig): readonly (readonly [string, string])[] {
  return [...headers].map(([name, value]) => [name, value.includes('{') ? value : ''])
}
