/**
 * Makes the configuration that the program uses out of a checked file: durations become
 * milliseconds, sizes bytes, addresses and URLs their parts.
 *
 * The checks have run before. What they let through here is a defect, hence the TypeErrors.
 */
import { resolve } from 'node:path'
import { type Address, parseAddress } from '../core/address.ts'
import { buildTables } from './build-table.ts'
import { isInvalid, parseEndpoint } from './endpoint.ts'
import type { AdminConfig, Config, HttpUpstreamConfig, ListenerConfig, UpstreamConfig } from './model.ts'
import { LOOPBACK_NETWORKS, reachOf } from './reach.ts'
import type { AdminFile } from './schema/admin.ts'
import type { ConfigFileContent } from './schema/file.ts'
import type { ListenerFile } from './schema/listener.ts'
import type { UpstreamFile } from './schema/upstream.ts'
import { bytes, listed, ms } from './values.ts'

/** @param folder Where relative paths start. */
export function buildConfig(file: ConfigFileContent, folder: string, secrets: ReadonlySet<string>): Config {
  const upstreams = new Map(
    Object.entries(file.upstreams).map(([name, upstream]) => [name, buildUpstream(name, upstream, folder)]),
  )
  return {
    listeners: file.listeners.map(buildListener),
    admin: file.admin && buildAdmin(file.admin, folder),
    upstreams,
    tables: buildTables(file.tables, upstreams),
    cacheFile: pathIn(folder, file.cacheFile),
    stop: { drainForMs: ms(file.stop.drainFor) },
    reload: file.reload,
    log: { level: file.log.level, keys: file.log.keys, hashKey: file.log.hashKey },
    tracing: file.tracing,
    secrets,
  }
}

function buildListener(file: ListenerFile): ListenerConfig {
  const common = {
    ...listenKeys(file),
    name: file.listen,
    allow: file.allow ?? LOOPBACK_NETWORKS,
    maxConnections: file.maxConnections,
    maxConnectionsPerAddress: Math.min(
      file.maxConnectionsPerAddress ?? file.maxConnections,
      file.maxConnections,
    ),
  }
  return file.protocol === 'socketmap'
    ? { ...common, protocol: 'socketmap', own: { tables: file.tables } }
    : { ...common, protocol: 'tcp_table', own: { table: file.table ?? '' } }
}

function buildAdmin(file: AdminFile, folder: string): AdminConfig {
  const keys = listenKeys(file)
  return {
    ...keys,
    anonymous: file.anonymous ?? ANONYMOUS_BY_REACH[reachOf(keys.address)],
    tokens: file.tokens,
    hosts: file.hosts.map((host) => host.toLowerCase()),
    metrics: file.metrics,
    tls: file.tls && { cert: resolve(folder, file.tls.cert), key: resolve(folder, file.tls.key) },
  }
}

/** What somebody without a token may do, by who can connect at all. */
const ANONYMOUS_BY_REACH = { unix: 'operator', loopback: 'viewer', network: 'none' } as const

function listenKeys(file: ListenerFile | AdminFile) {
  return {
    address: addressOf(file.listen),
    mode: Number.parseInt(file.mode, 8),
    owner: file.owner,
    group: file.group,
  }
}

function buildUpstream(name: string, file: UpstreamFile, folder: string): UpstreamConfig {
  if (file.entries !== undefined) {
    const entries = Object.entries(file.entries).map(([key, value]) => [key, listed(value)] as const)
    return { kind: 'static', name, entries: new Map(entries) }
  }
  return buildHttpUpstream(name, file, folder)
}

function buildHttpUpstream(name: string, file: UpstreamFile, folder: string): HttpUpstreamConfig {
  const { circuitBreaker, tls } = file
  return {
    kind: 'http',
    name,
    endpoints: (file.endpoints ?? []).map((url) => {
      const endpoint = parseEndpoint(url)
      if (isInvalid(endpoint)) throw new TypeError(`unchecked endpoint: ${endpoint.why}`)
      return endpoint
    }),
    headers: new Map(Object.entries(file.headers).map(([key, value]) => [key.toLowerCase(), value])),
    timeoutMs: ms(file.timeout),
    attempts: file.attempts,
    maxConcurrent: file.maxConcurrent,
    maxQueued: file.maxQueued,
    circuitBreaker: { failures: circuitBreaker.failures, openForMs: ms(circuitBreaker.openFor) },
    maxConnectionAgeMs: ms(file.maxConnectionAge),
    maxBodyBytes: bytes(file.maxBodyBytes),
    hedgeAfterMs: file.hedgeAfter === undefined ? undefined : ms(file.hedgeAfter),
    proxy: file.proxy,
    tls: tls && {
      ca: pathIn(folder, tls.ca),
      cert: pathIn(folder, tls.cert),
      key: pathIn(folder, tls.key),
      serverName: tls.serverName,
    },
  }
}

/** The address of a listener, checked before. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address.kind === 'invalid') throw new TypeError(`unchecked address: ${address.why}`)
  return address
}

function pathIn(folder: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(folder, path)
}
