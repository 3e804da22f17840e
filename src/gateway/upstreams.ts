/**
 * The upstreams of the configuration, running. An HTTP upstream keeps its connections, circuits
 * and queue over a reload that leaves its endpoints as they are.
 */
import { readFile } from 'node:fs/promises'
import type { HttpUpstreamConfig, StaticUpstreamConfig, UpstreamConfig } from '../config/model.ts'
import { type GuardSettings, UpstreamGuard } from '../core/resilience/upstream-guard.ts'
import type { UpstreamStatus } from '../core/status.ts'
import { endpointName, HttpUpstreamPools } from '../upstreams/http/pools.ts'
import type { HttpUpstreamSettings, TlsSettings } from '../upstreams/http/settings.ts'
import type { GatewayParts } from './parts.ts'

export type RunningUpstream = RunningHttpUpstream | RunningStaticUpstream

/** Entries only: the tables make their own view of them. */
export interface RunningStaticUpstream {
  readonly kind: 'static'
  readonly config: StaticUpstreamConfig
}

/** What all tables share of one HTTP upstream. */
export interface RunningHttpUpstream {
  readonly kind: 'http'
  readonly config: HttpUpstreamConfig
  readonly settings: HttpUpstreamSettings
  readonly guard: UpstreamGuard
  readonly pools: HttpUpstreamPools
}

/** Is told that a service refused our credentials, or TLS failed. */
export type OnCredentialsRefused = (upstream: string) => void

/**
 * Makes the upstreams of a configuration, and takes over what can stay of those that run. Nothing
 * that runs is changed: {@link commitUpstream} does that, once everything else is ready.
 *
 * @throws when a certificate or key file cannot be read.
 */
export async function planUpstreams(
  configs: Iterable<UpstreamConfig>,
  running: ReadonlyMap<string, RunningUpstream>,
  parts: GatewayParts,
  onCredentialsRefused: OnCredentialsRefused,
): Promise<ReadonlyMap<string, RunningUpstream>> {
  const planned = new Map<string, RunningUpstream>()
  for (const config of configs) {
    const old = running.get(config.name)
    planned.set(
      config.name,
      config.kind === 'static'
        ? { kind: 'static', config }
        : await planHttp(config, old?.kind === 'http' ? old : undefined, parts, onCredentialsRefused),
    )
  }
  return planned
}

async function planHttp(
  config: HttpUpstreamConfig,
  old: RunningHttpUpstream | undefined,
  { clock, random, observability, overloaded }: GatewayParts,
  onCredentialsRefused: OnCredentialsRefused,
): Promise<RunningHttpUpstream> {
  const settings = await httpSettings(config)
  const guard =
    old?.guard ??
    new UpstreamGuard({
      name: config.name,
      settings: guardSettings(config),
      clock,
      random,
      observer: observability.observer.upstream(config.name),
      overloaded,
    })
  const pools = old?.pools.fits(settings)
    ? old.pools
    : new HttpUpstreamPools(settings, {
        clock,
        onCredentialsRefused: () => onCredentialsRefused(config.name),
      })
  return { kind: 'http', config, settings, guard, pools }
}

/** Makes the shared parts follow the settings, also back to older ones. */
export function commitUpstream(upstream: RunningUpstream): void {
  if (upstream.kind === 'static') return
  upstream.guard.configure(guardSettings(upstream.config))
  upstream.pools.update(upstream.settings)
}

export function upstreamStatus(upstream: RunningUpstream): UpstreamStatus {
  if (upstream.kind === 'static') {
    return { name: upstream.config.name, kind: 'static', inFlight: 0, queued: 0, endpoints: [] }
  }
  const status = upstream.guard.status()
  return {
    ...status,
    endpoints: status.endpoints.map((endpoint, index) => {
      const certificateExpiresAtMs = upstream.pools.certificateExpiresAtMs(index)
      return certificateExpiresAtMs === undefined ? endpoint : { ...endpoint, certificateExpiresAtMs }
    }),
  }
}

function guardSettings(config: HttpUpstreamConfig): GuardSettings {
  return { ...config, endpoints: config.endpoints.map(endpointName) }
}

/**
 * The settings of an HTTP upstream with its certificates and keys read.
 *
 * @throws (rejects) when one of those files cannot be read.
 */
export async function httpSettings(config: HttpUpstreamConfig): Promise<HttpUpstreamSettings> {
  return { ...config, tls: await readTls(config.tls) }
}

async function readTls(tls: HttpUpstreamConfig['tls']): Promise<TlsSettings | undefined> {
  if (tls === undefined) return undefined
  const read = (path: string | undefined) => (path === undefined ? undefined : readFile(path, 'utf8'))
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)])
  return { ca, cert, key, serverName: tls.serverName }
}
