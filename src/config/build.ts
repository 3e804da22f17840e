/**
 * The settings whose default depends on others, and the fingerprints: all that a schema cannot decode.
 */
import { questionInWords, writtenQuestion } from '../core/attributes.ts'
import { LOOPBACK_NETWORKS } from '../core/system/network-list.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { attributesOf, knownAttributes } from './attributes.ts'
import type {
  AdminConfig,
  AttributeUse,
  CanaryConfig,
  Config,
  ListenerConfig,
  TableConfig,
  UpstreamConfig,
} from './config.ts'
import { fingerprint } from './fingerprint.ts'
import { POSTFIX_PARAMETERS } from './postfix-parameters.ts'
import { reachOf } from './reach.ts'
import type { AdminSettings } from './schema/admin.ts'
import type { FileSettings } from './schema/file.ts'
import type { ListenerSettings } from './schema/listener.ts'
import type { TableSettings } from './schema/table.ts'
import { unknownReplies } from './schema/unknown-replies.ts'

/** A table that has all but its fingerprint. */
type Unmarked = Omit<TableConfig, 'fingerprint'>

/** @param file Checked. */
export function buildConfig(file: FileSettings, kinds: SettingsKinds, secrets: ReadonlySet<string>): Config {
  const { defaults: _, ...settings } = file
  const upstreams = new Map(Array.from(file.upstreams, ([name, own]) => [name, { name, ...own }]))
  return {
    ...settings,
    listeners: file.listeners.map(buildListener),
    admin: file.admin && buildAdmin(file.admin),
    upstreams,
    tables: buildTables(file.tables, upstreams, kinds),
    secrets,
  }
}

function buildListener({ listen, ...settings }: ListenerSettings): ListenerConfig {
  const { allow = LOOPBACK_NETWORKS, maxConnections, maxConnectionsPerAddress = maxConnections } = settings
  return {
    ...settings,
    address: listen.address,
    name: listen.text,
    allow,
    maxConnectionsPerAddress: Math.min(maxConnectionsPerAddress, maxConnections),
  }
}

function buildAdmin({ listen, ...settings }: AdminSettings): AdminConfig {
  const { address } = listen
  return { ...settings, address, anonymous: settings.anonymous ?? ANONYMOUS_BY_REACH[reachOf(address)] }
}

/** What somebody without a token may do, by who can connect at all. */
const ANONYMOUS_BY_REACH = { unix: 'operator', loopback: 'viewer', network: 'none' } as const

function buildTables(
  settings: ReadonlyMap<string, TableSettings>,
  upstreams: ReadonlyMap<string, UpstreamConfig>,
  kinds: SettingsKinds,
): ReadonlyMap<string, TableConfig> {
  const tables = new Map(Array.from(settings, ([name, table]) => [name, buildTable(name, table, kinds)]))
  /** Chains of filter tables have an end: cycles were refused before. */
  const mark = (table: Unmarked): string => {
    const filter = table.domains?.kind === 'table' ? tables.get(table.domains.table) : undefined
    const asked = table.upstreams.flatMap((name) => upstreams.get(name) ?? [])
    return fingerprint(table, asked, kinds.upstreams, filter && mark(filter))
  }
  return new Map(Array.from(tables, ([name, table]) => [name, { ...table, fingerprint: mark(table) }]))
}

function buildTable(
  name: string,
  { upstream = [], ...settings }: TableSettings,
  kinds: SettingsKinds,
): Unmarked {
  const attributes = attributeUse(settings, kinds)
  // The first parameter decides; the checks warn when the others differ.
  const parameter = settings.usedBy.map((use) => POSTFIX_PARAMETERS.get(use)).find((known) => known)
  // Attributes are no key that others could be made of.
  const search = attributes === undefined ? searchOf(settings) : 'exact'
  return {
    ...settings,
    name,
    upstreams: upstream,
    search,
    // Source: the default of parent_domain_matches_subdomains, postconf(5).
    parentDomainMatchesSubdomains: settings.parentDomainMatchesSubdomains ?? search.startsWith('access-'),
    propagateExtension: settings.propagateExtension ?? parameter?.propagateExtension ?? false,
    sideEffects: settings.sideEffects ?? attributes !== undefined,
    attributes,
    canary: settings.canary && canaryOf(settings.canary, kinds),
    whenUnknown: whenUnknownOf(settings, kinds),
  }
}

function whenUnknownOf(
  { whenUnknown }: Pick<TableSettings, 'whenUnknown'>,
  { protocols }: SettingsKinds,
): TableConfig['whenUnknown'] {
  if (whenUnknown === 'notFound') return 'notFound'
  return unknownReplies(protocols).find(({ word }) => word === whenUnknown)?.as
}

function canaryOf(canary: NonNullable<TableSettings['canary']>, kinds: SettingsKinds): CanaryConfig {
  const { attributes: values, ...rest } = canary
  if (values === undefined) return { ...rest, attributes: undefined }
  const attributes = writtenQuestion(values, knownAttributes(kinds).secret)
  return { ...rest, key: questionInWords(attributes), attributes }
}

function attributeUse(
  settings: Omit<TableSettings, 'upstream'>,
  kinds: SettingsKinds,
): AttributeUse | undefined {
  if (attributesOf(settings, kinds).size === 0) return undefined
  const { cacheBy } = settings
  const { secret } = knownAttributes(kinds)
  return { cacheBy, secret: (cacheBy ?? []).filter((name) => secret.includes(name)) }
}

/** The search of a table: its own, else that of the first parameter that is known. */
export function searchOf({
  usedBy,
  search,
}: Pick<TableSettings, 'usedBy' | 'search'>): TableConfig['search'] {
  const parameters = usedBy.map((use) => POSTFIX_PARAMETERS.get(use))
  return search ?? parameters.find((known) => known !== undefined)?.search ?? 'exact'
}
