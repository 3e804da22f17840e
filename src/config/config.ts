/**
 * The configuration as the program uses it: what a checked file decodes to, with the few settings whose
 * default depends on others.
 */

import type { WrittenQuestion } from '../core/attributes.ts'
import type { SearchKind } from '../core/search/search-keys.ts'
import type { Address } from '../core/system/address.ts'
import type { AdminSettings } from './schema/admin.ts'
import type { CacheSettings } from './schema/cache.ts'
import type { FileSettings } from './schema/file.ts'
import type { ListenerSettings } from './schema/listener.ts'
import type { TableSettings } from './schema/table.ts'
import type { UpstreamSettings } from './schema/upstream.ts'

/** A checked configuration. */
export interface Config
  extends Omit<FileSettings, 'listeners' | 'admin' | 'upstreams' | 'tables' | 'defaults'> {
  readonly listeners: readonly ListenerConfig[]
  readonly admin: AdminConfig | undefined
  /** By name, in the order of the file. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  /** By name, in the order of the file. */
  readonly tables: ReadonlyMap<string, TableConfig>
  /** Every text that came from a secret place, for redaction. */
  readonly secrets: ReadonlySet<string>
}

/** The keys of its protocol are beside these. */
export interface ListenerConfig extends Omit<ListenerSettings, 'listen'> {
  readonly address: Address
  /** The address as written, the `listener` label of the metrics. */
  readonly name: string
  /** CIDR networks or addresses that may connect. Not used for unix sockets. */
  readonly allow: readonly string[]
  readonly maxConnectionsPerAddress: number
}

export interface AdminConfig extends Omit<AdminSettings, 'listen'> {
  readonly address: Address
  readonly anonymous: Role | 'none'
}

export type Role = AdminSettings['tokens'][number]['role']

/** The keys of its kind are beside these. */
export interface UpstreamConfig extends UpstreamSettings {
  readonly name: string
}

/** The keys of the kinds of its upstreams are beside these. */
export interface TableConfig
  extends Omit<TableSettings, 'upstream' | 'sideEffects' | 'canary' | 'whenUnknown'> {
  readonly name: string
  /** Names, in the order in which they are asked. */
  readonly upstreams: readonly string[]
  readonly search: SearchKind
  readonly parentDomainMatchesSubdomains: boolean
  readonly propagateExtension: boolean
  /** A lookup counts or reserves something. */
  readonly sideEffects: boolean
  readonly canary: CanaryConfig | undefined
  /** What is answered when nobody knows, by the operator's word. */
  readonly whenUnknown: 'notFound' | 'temporary' | undefined
  /** What it asks for besides a key; undefined for a table that is asked by keys. */
  readonly attributes: AttributeUse | undefined
  /** Changes with everything that decides an answer; entries of another fingerprint are dropped. */
  readonly fingerprint: string
}

/** A question that the service always has an answer to. */
export interface CanaryConfig extends Omit<NonNullable<TableSettings['canary']>, 'attributes'> {
  /** Where there are attributes: those that may be shown, in words. */
  readonly key: string
  readonly attributes: WrittenQuestion | undefined
}

/** How a table is asked by attributes. */
export interface AttributeUse {
  readonly cacheBy: readonly string[] | undefined
  /** Those of `cacheBy` whose values are never kept. */
  readonly secret: readonly string[]
}

export type CacheConfig = CacheSettings
