/**
 * Settings of a loaded configuration with the keys of their kinds, which the configuration itself does not know.
 */
import type { TableConfig, UpstreamConfig } from '../../../src/config/config.ts'
import type { HttpTable } from '../../../src/upstreams/http/asked-table.ts'
import type { HttpSettings } from '../../../src/upstreams/http/kind.ts'
import type { StaticSettings } from '../../../src/upstreams/static/kind.ts'

/** @throws when it is no HTTP upstream. */
export function httpUpstream(upstream: UpstreamConfig | undefined): HttpSettings {
  if (upstream?.kind !== 'http') throw new Error('no HTTP upstream')
  return upstream as HttpSettings
}

/** @throws when it is no static upstream. */
export function staticUpstream(upstream: UpstreamConfig | undefined): StaticSettings {
  if (upstream?.kind !== 'static') throw new Error('no static upstream')
  return upstream as StaticSettings
}

/** @throws when there is no table. */
export function httpTable(table: TableConfig | undefined): TableConfig & HttpTable {
  if (table === undefined) throw new Error('no table')
  return table as TableConfig & HttpTable
}
