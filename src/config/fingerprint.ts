/**
 * A hash of everything that decides what a table answers. Stored answers of another
 * fingerprint are dropped, so a changed configuration never serves what the old one knew.
 *
 * In it: what the kinds of the upstreams say, in the order in which those are asked; search, folding,
 * delimiter, domains, and what `usedBy` lets a value be. Not in it: how long answers live, how long we wait, and secrets (a new password
 * does not change what a key means).
 */
import { createHash } from 'node:crypto'
import { usesOf } from '../core/value/value-use.ts'
import type { UpstreamSettingsKind } from '../schema/settings-kind.ts'
import type { TableConfig, UpstreamConfig } from './config.ts'

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
  kinds: readonly UpstreamSettingsKind[],
  filter: string | undefined,
): string {
  const decisive = {
    FORMAT,
    upstreams: upstreams.map((upstream) => decisiveOf(upstream, table, kinds)),
    // Which values are taken.
    uses: usesOf(table.usedBy),
    search: table.search,
    recipientDelimiter: table.recipientDelimiter,
    localDomains: table.localDomains,
    domains: table.domains,
    filter,
    parentDomainMatchesSubdomains: table.parentDomainMatchesSubdomains,
    propagateExtension: table.propagateExtension,
    foldCase: table.foldCase,
    // Undefined is left out: stored answers of tables without it stay.
    cacheBy: table.cacheBy,
  }
  return createHash('sha256').update(stableJson(decisive)).digest('hex').slice(0, LENGTH)
}

function decisiveOf(
  upstream: UpstreamConfig,
  table: object,
  kinds: readonly UpstreamSettingsKind[],
): unknown {
  const kind = kinds.find(({ name }) => name === upstream.kind)
  if (kind === undefined)
    throw new TypeError(`unchecked configuration: upstream ${upstream.name} has no kind`)
  return { kind: kind.name, upstream: kind.decisive(upstream), table: kind.decisiveOfTable?.(table) }
}

/** JSON with sorted keys, so that the order of a map in the file does not matter. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    const plain = part instanceof Map ? Object.fromEntries(part) : part
    if (plain === null || typeof plain !== 'object' || Array.isArray(plain)) return plain
    return Object.fromEntries(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  })
}
