/**
 * What a table may answer while its services fail, as its configuration says.
 */
import type { TableConfig } from '../config/config.ts'
import { domainClasses, isExistenceTable } from '../config/not-found-verdicts.ts'
import type { OutagePolicy } from '../core/outage/outage-rules.ts'
import { TableProof } from '../core/outage/table-proof.ts'
import type { Table } from '../core/table.ts'
import type { GatewayParts } from './parts.ts'

/** What the rules look at. */
interface OutageParts extends Pick<GatewayParts, 'clock' | 'observability'> {
  /** The tables in use: the proof table is one of them. */
  readonly tables: () => ReadonlyMap<string, { readonly config: TableConfig; readonly table: Table }>
}

/** Undefined where no rule can hold: values of one key, and no word of the operator. */
export function outagePolicy(config: TableConfig, parts: OutageParts): OutagePolicy | undefined {
  const { name, cache, whenUnknown, usedBy } = config
  const staleNotFound = cache?.staleNotFound
  const isExistence = isExistenceTable(usedBy)
  const hasRule =
    isExistence || hasPartialKeys(config) || staleNotFound !== undefined || whenUnknown !== undefined
  if (!hasRule) return undefined
  const observer = parts.observability.observer.table(name)
  const ifFoundIn = staleNotFound?.ifFoundIn
  return {
    isExistence,
    staleNotFound: staleNotFound && {
      forMs: staleNotFound.forMs,
      proof: ifFoundIn === undefined ? undefined : tableProof(ifFoundIn, parts),
    },
    whenUnknown: whenUnknown === 'notFound' ? whenUnknown : undefined,
    hasSideEffects: config.sideEffects,
    onAnswered: (rule) => observer.outageAnswered(rule),
  }
}

/** The proof table, and the tables that say whether Postfix asks it about a domain, as they are when it is needed. */
function tableProof(name: string, { clock, observability, tables }: OutageParts): TableProof {
  const usedFor = (which: 'own' | 'other') => () => {
    const parameters = domainClasses(tables().get(name)?.config.usedBy ?? [])[which]
    return Array.from(tables().values()).flatMap(({ config, table }) =>
      config.usedBy.some((use) => parameters.includes(use)) ? [table] : [],
    )
  }
  return new TableProof(
    name,
    () => tables().get(name)?.table,
    clock,
    (error, where) => observability.observer.defect(error, where),
    { own: usedFor('own'), other: usedFor('other') },
  )
}

function hasPartialKeys({ search }: TableConfig): boolean {
  return search !== 'exact'
}

/** A "not found" is a part of every answer for a later key, which is served stale for staleIfError. */
export function negativeKeptMs(config: TableConfig): number {
  const { cache } = config
  const combinedMs = hasPartialKeys(config) ? (cache?.staleIfErrorMs ?? 0) : 0
  return Math.max(combinedMs, cache?.staleNotFound?.forMs ?? 0)
}
