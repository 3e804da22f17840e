/**
 * Holds what a configuration may open against the process's limit of open files, before anything
 * is opened: running out later costs lookups.
 *
 *   listeners  their maxConnections
 *   passed     connections to the servers that listeners pass requests on to
 *   admin      its connections
 *   upstreams  what their kinds need, such as maxConcurrent connections to each endpoint
 *   reserve    listening sockets, log, cache file, page, name resolution, module files
 */
import { ADMIN_LIMITS } from '../admin/limits.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/issue.ts'
import type { LoadedConfig } from '../config/load.ts'
import { sum } from '../core/collections/sum.ts'
import type { Protocols } from '../protocols/registry.ts'
import { MAX_PASSED_CONNECTIONS } from '../server/passed-connections.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'
import { kindOf } from './upstreams.ts'

/** Descriptors for everything that is no connection. Ours: an idle gateway holds about 30. */
const RESERVE = 64

/** How many descriptors a configuration can need at most, by what for. */
interface DescriptorNeed {
  readonly clients: number
  readonly passed: number
  readonly admin: number
  readonly upstreams: number
  readonly reserve: number
}

export function descriptorNeed(
  { listeners, admin, upstreams }: Config,
  kinds: UpstreamKinds,
  protocols: Protocols,
): DescriptorNeed {
  return {
    clients: sum(listeners.map(({ maxConnections }) => maxConnections)),
    passed:
      MAX_PASSED_CONNECTIONS *
      listeners.filter(({ protocol, own }) => protocols.get(protocol)?.passesOn?.(own) === true).length,
    admin: admin === undefined ? 0 : ADMIN_LIMITS.maxConnections,
    upstreams: sum(
      Array.from(upstreams.values(), (upstream) => kindOf(upstream, kinds).needs(upstream).descriptors),
    ),
    reserve: RESERVE + listeners.length,
  }
}

/**
 * Refuses a configuration that cannot fit.
 *
 * @param limit Open files that the process may have; Infinity where the system does not tell.
 * @throws ConfigError with the numbers.
 */
export function checkDescriptors(
  config: LoadedConfig,
  kinds: UpstreamKinds,
  protocols: Protocols,
  limit: number,
): void {
  const need = descriptorNeed(config, kinds, protocols)
  const total = sum(Object.values(need))
  if (total <= limit) return
  const message =
    `the configuration may need ${total} open files (${need.clients} client connections, ${need.passed} to servers that ` +
    `requests are passed on to, ${need.upstreams} to services, ${need.admin} of the admin API, ${need.reserve} in reserve), and this process may have ${limit}; ` +
    'lower maxConnections or maxConcurrent, or raise the limit (LimitNOFILE= of the unit, ulimit -n)'
  throw new ConfigError([{ file: config.file, line: 1, column: 1, path: '', message }])
}
