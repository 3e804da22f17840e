/**
 * The tables of a configuration, and where Postfix can ask each.
 */
import type { Config, TableConfig } from '../../config/config.ts'
import type { Kinds } from '../kinds.ts'
import { type TableReference, tableReference } from './reference.ts'

/** A table that a parameter uses, at each listener that serves it. */
export interface Use {
  readonly table: string
  /** Postfix writes it. */
  readonly isWritten: boolean
  readonly references: readonly NamedReference[]
  /** For protocols that no parameter takes as a table. */
  readonly lines: readonly LinesReference[]
  readonly config: TableConfig
}

export type NamedReference = Extract<TableReference, { kind: 'table' }>
type LinesReference = Extract<TableReference, { kind: 'lines' }>

export function usesOf(config: Config, kinds: Kinds): readonly Use[] {
  return [...config.tables.values()].map((table) => {
    const named = { name: table.name, isWritten: isWritten(table, config, kinds) }
    const all = config.listeners.flatMap((listener) => tableReference(named, listener, kinds.protocols) ?? [])
    return {
      table: table.name,
      isWritten: named.isWritten,
      references: all.filter((reference) => reference.kind === 'table'),
      lines: all.filter((reference) => reference.kind === 'lines'),
      config: table,
    }
  })
}

/** Clients write the table. */
function isWritten({ upstreams: [first = ''] }: TableConfig, config: Config, kinds: Kinds): boolean {
  const kind = config.upstreams.get(first)?.kind ?? ''
  return kinds.upstreams.get(kind)?.configuration?.isWritten === true
}

export function isUnserved({ references, lines }: Use): boolean {
  return references.length === 0 && lines.length === 0
}

/** The end of a sentence about a table that Postfix can ask nowhere. */
export function unservedText({ isWritten }: Use): string {
  return isWritten
    ? 'no listener lets Postfix write it; name it in "write" of a proxymap listener, or let a memcache listener serve it'
    : 'no listener serves it; name it in the "tables" of one'
}
