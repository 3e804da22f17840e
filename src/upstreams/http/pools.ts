/**
 * One HTTP upstream: its endpoints, their connections, and the secrets they are reached with.
 *
 * Connections belong to the upstream and not to its tables, and live on over a reload that
 * leaves the endpoints as they are.
 */
import type { Clock } from '../../core/clock.ts'
import { Connections } from '../http-client/connection/connections.ts'
import type { AccessTokens } from '../http-client/oauth/access-tokens.ts'
import type { EndpointSettings, HttpTableSettings, HttpUpstreamSettings } from '../http-client/settings.ts'
import { HttpBatchEndpoint } from './batch-endpoint.ts'
import { type EndpointContext, HttpEndpoint } from './endpoint.ts'

interface HttpUpstreamPoolsOptions {
  readonly clock: Clock
  /** What every request is authorized by, where the upstream has `oauth`. */
  readonly tokens?: AccessTokens
  /**
   * The service refused our credentials (401, 403) or TLS failed: read the secrets again, at
   * most once a minute, and hand them to {@link HttpUpstreamPools.update}.
   */
  readonly onCredentialsRefused?: (endpoint: string, why: 'status' | 'tls') => void
  /** Called with an error that no service can cause as far as we know: a bug here or in undici. */
  readonly onDefect?: (error: Error) => void
}

export class HttpUpstreamPools {
  readonly name: string
  readonly #options: HttpUpstreamPoolsOptions
  readonly #endpoints: readonly {
    readonly name: string
    readonly settings: EndpointSettings
    readonly connections: Connections
  }[]
  #settings: HttpUpstreamSettings

  constructor(settings: HttpUpstreamSettings, options: HttpUpstreamPoolsOptions) {
    this.name = settings.name
    this.#settings = settings
    this.#options = options
    this.#endpoints = settings.endpoints.map((endpoint, index) => ({
      name: endpointName(endpoint, index),
      settings: endpoint,
      connections: new Connections(endpoint, settings, options.clock),
    }))
  }

  /**
   * Makes one endpoint askable for one table.
   *
   * @param index Position in the upstream's list.
   * @throws TypeError for settings that were not checked; RangeError for an index that is not there.
   */
  endpoint(table: HttpTableSettings, index: number): HttpEndpoint {
    return new HttpEndpoint(table, this.#context(index))
  }

  /** As {@link endpoint}, for a table with a batch route; undefined for one without. */
  batchEndpoint(table: HttpTableSettings, index: number): HttpBatchEndpoint | undefined {
    return table.batch && new HttpBatchEndpoint(table, table.batch, this.#context(index))
  }

  #context(index: number): EndpointContext {
    const endpoint = this.#endpoints[index]
    if (endpoint === undefined) throw new RangeError(`upstream ${this.name} has no endpoint ${index}`)
    return {
      name: endpoint.name,
      endpoint: endpoint.settings,
      connections: endpoint.connections,
      clock: this.#options.clock,
      tokens: this.#options.tokens,
      headers: () => this.#settings.headers,
      host: () => this.#settings.host,
      onCredentialsRefused: (name, why) => this.#options.onCredentialsRefused?.(name, why),
      hasProxy: () => this.#settings.proxy !== undefined,
      hasClientCertificate: () => this.#settings.tls?.cert !== undefined,
      onDefect: (error) => this.#options.onDefect?.(error),
    }
  }

  /** End of life of the certificate that an endpoint showed last, wall clock ms; for EndpointStatus. */
  certificateExpiresAtMs(index: number): number | undefined {
    return this.#endpoints[index]?.connections.certificateExpiresAtMs
  }

  /** As they are now: with the secrets that were read last. */
  get settings(): HttpUpstreamSettings {
    return this.#settings
  }

  /** Returns whether {@link update} can take these settings: the endpoints are the same, in the same order. */
  fits(settings: HttpUpstreamSettings): boolean {
    return settings.name === this.name && endpointsText(settings) === endpointsText(this.#settings)
  }

  /**
   * Takes over changed settings or secrets from the next request on. Connections are kept when
   * nothing has changed that they depend on; header fields never cost a connection.
   */
  update(settings: HttpUpstreamSettings): void {
    if (!this.fits(settings)) throw new TypeError(`upstream ${this.name} has other endpoints now`)
    const isSame = connectionText(settings) === connectionText(this.#settings)
    this.#settings = settings
    if (!isSame) for (const { connections } of this.#endpoints) connections.update(settings)
  }

  /** Closes every connection when its request has ended. A lookup that needs another attempt still gets it. */
  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map(({ connections }) => connections.close()))
  }

  /** Ends every request now; later ones are answered "stopping". */
  async destroy(): Promise<void> {
    await Promise.all(this.#endpoints.map(({ connections }) => connections.destroy()))
  }
}

/** The `endpoint` label of the metrics: position and host. */
export function endpointName(endpoint: EndpointSettings, index: number): string {
  return `${index}:${endpoint.label}`
}

function endpointsText({ endpoints }: HttpUpstreamSettings): string {
  return JSON.stringify(
    endpoints.map(({ origin, socketPath, pathPrefix, label }) => [origin, socketPath, pathPrefix, label]),
  )
}

/** Everything that decides how a connection is made and kept. Held by nobody: it contains keys. */
function connectionText(settings: HttpUpstreamSettings): string {
  const { timeoutMs, maxConcurrent, maxConnectionAgeMs, maxBodyBytes, proxy, tls } = settings
  return JSON.stringify([timeoutMs, maxConcurrent, maxConnectionAgeMs, maxBodyBytes, proxy, tls])
}
