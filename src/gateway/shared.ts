/**
 * The store that gateways share, as a configuration has it. A reload that changes nothing about it keeps it.
 */
import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { TableConfig } from '../config/config.ts'
import type { LoadedConfig } from '../config/load.ts'
import { loadClient } from '../tier/client.ts'
import type { Purge } from '../tier/purge-entry.ts'
import { SharedStore } from '../tier/shared-store.ts'
import type { TableTier } from '../tier/table-tier.ts'
import type { SharedUpstream } from '../upstreams/kind.ts'
import type { GatewayParts } from './parts.ts'

/** What a shared store is made of: another one is made when it changes. */
interface Made {
  readonly settings: NonNullable<LoadedConfig['shared']>
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  readonly hashKey: string | undefined
}

export interface RunningShared {
  readonly store: SharedStore
  readonly made: Made
}

/** What the tables do with the purges of others. */
export interface PurgePorts {
  readonly onPurge: (purge: Purge) => Promise<unknown>
  /** Of a table as it runs now, in the store; undefined where it shares nothing. */
  readonly fingerprintOf: (table: string) => string | undefined
}

/**
 * Keeps the one that runs, or makes another, which is not connected yet.
 *
 * @throws (rejects) when the package of the client is not installed, or a file cannot be read.
 */
export async function planShared(
  config: LoadedConfig,
  running: RunningShared | undefined,
  { clock, observability }: GatewayParts,
  { onPurge, fingerprintOf }: PurgePorts,
): Promise<RunningShared | undefined> {
  const { shared: settings } = config
  if (settings === undefined) return undefined
  const made: Made = { settings, tls: await tlsTexts(config, settings), hashKey: hashKeyOf(config) }
  if (running !== undefined && isDeepStrictEqual(running.made, made)) return running
  loadClient()
  const { observer } = observability
  const store = new SharedStore({
    ...made,
    clock,
    observer: observer.tier,
    savedMs: running === undefined ? savedAt(config.cacheFile) : undefined,
    before: running?.store,
    fingerprintOf,
    onPurge: (purge) => void onPurge(purge).catch((error) => observer.defect(error, 'purge')),
  })
  return { store, made }
}

/** When the cache file was written, of which the answers come at the start: what was purged since must not come back. */
function savedAt(cacheFile: string | undefined): number | undefined {
  if (cacheFile === undefined) return undefined
  try {
    return statSync(cacheFile, { throwIfNoEntry: false })?.mtimeMs
  } catch {
    return undefined // it cannot be read, either
  }
}

/** The contents of the files that the settings name. */
async function tlsTexts({ readFile }: LoadedConfig, { tls }: Made['settings']): Promise<Made['tls']> {
  if (tls === undefined) return undefined
  const read = (path: string | undefined) => (path === undefined ? undefined : readFile(path))
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)])
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

/** Keys that the log hides are hidden there, too. Without a key of its own the hash only keeps them from being read by chance. */
function hashKeyOf({ log: { keys, hashKey } }: LoadedConfig): string | undefined {
  return keys === 'plain' ? undefined : (hashKey ?? '')
}

/** The store as a table uses it; undefined where it shares nothing: what a secret decides, for one. */
export function tierOf(
  shared: RunningShared | undefined,
  config: TableConfig,
  upstreams: readonly SharedUpstream[],
): TableTier | undefined {
  const { name, fingerprint, attributes } = config
  if (shared === undefined || (attributes?.secret.length ?? 0) > 0) return undefined
  const callers = upstreams.map((upstream) => upstream.callerFor?.(config) ?? '')
  const caller = callers.every((one) => one === '') ? '' : JSON.stringify(callers)
  return shared.store.forTable(name, fingerprint, caller)
}
