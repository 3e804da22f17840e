/**
 * The kind `http`: a service asked over HTTP, at one or more endpoints.
 *
 * Over a reload an upstream keeps its queue and circuits, and its connections too as long as its endpoints
 * are the same.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ReplicaOfTable } from '../../core/replica/table-copy.ts'
import { DrilledBatchEndpoint, DrilledEndpoint, type DrillSwitch } from '../../core/resilience/drill.ts'
import { ResilientUpstream } from '../../core/resilience/resilient-upstream.ts'
import { UpstreamState, type UpstreamStateSettings } from '../../core/resilience/upstream-state.ts'
import type { FetchStatus } from '../../core/status.ts'
import type { BatchEndpoint, Endpoint } from '../../core/upstream.ts'
import { changedTlsFiles, readTls } from '../http-client/connection/read-tls.ts'
import { AccessTokens, type Authorize } from '../http-client/oauth/access-tokens.ts'
import { OAUTH_REASONS } from '../http-client/oauth/reasons.ts'
import { HTTP_REASONS } from '../http-client/reasons.ts'
import type { HttpTableSettings, HttpUpstreamSettings, TlsSettings } from '../http-client/settings.ts'
import type {
  ListTrial,
  Probe,
  SharedUpstream,
  TableUpstream,
  UpstreamKind,
  UpstreamParts,
  UpstreamSettings,
} from '../kind.ts'
import { REPLICA_REASONS } from '../replica/reasons.ts'
import { Replicas } from '../replica/replicas.ts'
import { asking, canaryOf, type HttpTable, isAuthoritative } from './asked-table.ts'
import { callerOf } from './caller.ts'
import { httpConfiguration } from './configuration.ts'
import { HTTP_METRICS, type HttpStatus } from './metrics.ts'
import { endpointName, HttpUpstreamPools } from './pools.ts'

/** An upstream as it is configured: with the names of its files. */
export interface HttpSettings
  extends UpstreamSettings,
    Omit<HttpUpstreamSettings, 'tls'>,
    Omit<UpstreamStateSettings, 'endpoints'> {
  /** `ca`, `cert` and `key` are absolute paths of PEM files. */
  readonly tls: TlsSettings | undefined
  /** What the service is, in the operator's word. */
  readonly identity: string | undefined
}

export const http: UpstreamKind<HttpSettings, HttpTable> = {
  name: httpConfiguration.name,
  configuration: httpConfiguration,
  cached: true,
  metrics: HTTP_METRICS,
  reasons: { HTTP_REASONS, OAUTH_REASONS, REPLICA_REASONS },
  needs: ({ endpoints, maxConcurrent, oauth }) => ({
    descriptors: maxConcurrent * endpoints.length + (oauth === undefined ? 0 : 1),
    heapBytes: 0,
  }),
  plan: async (settings, running, parts) =>
    new HttpUpstream(
      settings,
      { ...settings, tls: await readTls(settings.tls, parts.readFile) },
      running instanceof HttpUpstream ? running : undefined,
      parts,
    ),
}

class HttpUpstream implements SharedUpstream<HttpTable> {
  readonly kind: UpstreamKind = http
  readonly settings: HttpSettings
  readonly drill: DrillSwitch
  /** With the content of its files. */
  readonly #read: HttpUpstreamSettings
  readonly #parts: UpstreamParts
  readonly #state: UpstreamState
  readonly #pools: HttpUpstreamPools
  /** Another one for other settings, which may be what ends an outage: circuits start over. */
  readonly #way: object
  readonly #replicas: Replicas
  readonly #tokens: AccessTokens

  constructor(
    settings: HttpSettings,
    read: HttpUpstreamSettings,
    running: HttpUpstream | undefined,
    parts: UpstreamParts,
  ) {
    const { clock, random, observer, overloaded, onCredentialsRefused, onSecret } = parts
    const { name } = settings
    this.settings = settings
    this.#read = read
    this.#parts = parts
    this.drill = running?.drill ?? { endsAtMs: undefined }
    this.#state =
      running === undefined
        ? new UpstreamState({
            name,
            settings: stateSettings(settings),
            clock,
            random,
            observer: observer.upstream(name),
            overloaded,
            drill: this.drill,
          })
        : running.#state
    this.#replicas = running === undefined ? new Replicas() : running.#replicas
    this.#tokens =
      running === undefined
        ? new AccessTokens(read, {
            clock,
            random,
            observer: observer.upstream(name),
            onClientRefused: () => onCredentialsRefused(name),
            onToken: (token) => onSecret?.(`upstream ${name}`, token),
            onDefect: (error) => observer.defect(error, `the access token of upstream ${name}`),
          })
        : running.#tokens
    this.#way = running !== undefined && isDeepStrictEqual(running.#read, read) ? running.#way : {}
    const pools = running === undefined ? undefined : running.#pools
    this.#pools = pools?.fits(read)
      ? pools
      : new HttpUpstreamPools(read, {
          clock,
          tokens: this.#tokens,
          onCredentialsRefused: () => onCredentialsRefused(name),
          onDefect: (error) => observer.defect(error, `upstream ${name}`),
        })
  }

  configure(): void {
    this.#state.configure(stateSettings(this.settings), this.#way)
    this.#pools.update(this.#read)
    this.#tokens.configure(this.#read)
  }

  isSameFor(other: SharedUpstream): boolean {
    return other instanceof HttpUpstream && other.#way === this.#way
  }

  callerFor(table: HttpTable): string {
    return callerOf({ ...this.#read, identity: this.settings.identity }, table)
  }

  changedFiles(running: SharedUpstream): readonly string[] {
    if (!(running instanceof HttpUpstream)) return []
    const before = { named: running.settings.tls, read: running.#read.tls }
    return changedTlsFiles(before, { named: this.settings.tls, read: this.#read.tls }).map(
      (what) => `upstream ${this.settings.name}: ${what} changed`,
    )
  }

  forTable(table: HttpTable): TableUpstream {
    const { observer, traced } = this.#parts
    const settings = asking(table)
    const many = this.#batchEndpoints(settings)
    const upstream = new ResilientUpstream({
      table: table.name,
      state: this.#state,
      endpoints: this.#endpoints(settings).map((one) =>
        traced.endpoint(this.settings.name, new DrilledEndpoint(one, this.drill)),
      ),
      batch: table.batch && {
        endpoints: many.map((one) =>
          traced.batchEndpoint(this.settings.name, new DrilledBatchEndpoint(one, this.drill)),
        ),
        maxWaitMs: table.batch.maxWaitMs,
      },
      sideEffects: table.sideEffects,
      canary: canaryOf(table),
      observer: observer.table(table.name),
      onDefect: (error, where) => observer.defect(error, where),
    })
    const replica = this.#replica(table)
    return {
      upstream,
      start: () => {
        this.#tokens.start()
        upstream.start()
        replica?.start()
      },
      stop: () => {
        upstream.stop()
        replica?.stop()
      },
      canaries: () => upstream.canaryStatus(),
      replica,
      asksTogether: table.batch !== undefined,
    }
  }

  #replica({ replica, ...table }: HttpTable): ReplicaOfTable | undefined {
    if (replica === undefined) return undefined
    const drilled = () => this.drill.endsAtMs !== undefined
    const decisive = httpConfiguration.decisive(this.settings)
    const asked = { upstream: () => this.#pools.settings, decisive, authorize: this.#authorize, drilled }
    return this.#replicas.forTable({ ...table, replica }, asked, this.#parts)
  }

  readonly #authorize: Authorize = (refused) => this.#tokens.forList(refused)

  /** By the batch route where the table has one, as its lookups go. */
  probes(table: HttpTable): readonly Probe[] {
    if (isAuthoritative(table)) return []
    // Asked once: a probe shows what the first attempt of a lookup would meet.
    const settings = { ...asking(table), sideEffects: true }
    const { timeoutMs } = this.settings
    const attributes = canaryOf(table)?.attributes
    if (settings.batch === undefined)
      return this.#endpoints(settings).map((one) => ({
        name: one.name,
        ask: (key) => one.send(key, { timeoutMs, ...(attributes && { attributes }) }),
      }))
    return this.#batchEndpoints(settings).map((one) => ({
      name: one.name,
      ask: async (key) => {
        const { replies, overall } = await one.sendMany([key], { timeoutMs })
        return replies.get(key) ?? overall
      },
    }))
  }

  tryList(table: HttpTable): Promise<ListTrial> | undefined {
    const { replica: list, name, foldCase, response, usedBy = [], canary } = table
    if (list === undefined) return undefined
    const settings = {
      table: name,
      foldCase,
      list,
      response,
      usedBy,
      upstream: this.#read,
      canary: canary?.key,
    }
    const authorize = this.#authorize
    // Its parsers would make every start slower.
    return import('../replica/try-list.ts').then(({ tryList }) =>
      tryList(settings, authorize, this.#parts.random),
    )
  }

  tryFetches(): Promise<readonly FetchStatus[]> {
    return this.#tokens.tryFetches()
  }

  troubles(): readonly string[] {
    return this.#tokens.troubles()
  }

  status(): HttpStatus {
    const status = this.#state.status()
    const token = this.#tokens.status()
    return {
      ...status,
      kind: http.name,
      ...(token !== undefined && {
        fetches: this.#tokens.fetches(),
        token,
      }),
      ...(this.drill.endsAtMs !== undefined && { drillEndsAtMs: this.drill.endsAtMs }),
      endpoints: status.endpoints.map((endpoint, index) => {
        const certificateExpiresAtMs = this.#pools.certificateExpiresAtMs(index)
        return certificateExpiresAtMs === undefined ? endpoint : { ...endpoint, certificateExpiresAtMs }
      }),
    }
  }

  abort(): void {
    this.#state.abort()
  }

  async close(other: SharedUpstream | undefined): Promise<void> {
    if (!(other instanceof HttpUpstream)) {
      this.#state.stop()
      await Promise.all([this.#replicas.close(), this.#tokens.stop()])
    } else if (other.#pools === this.#pools) return
    await this.#pools.close()
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#pools.destroy(), this.#replicas.close(), this.#tokens.stop()])
  }

  #endpoints(settings: HttpTableSettings): readonly Endpoint[] {
    return this.settings.endpoints.map((_endpoint, index) => this.#pools.endpoint(settings, index))
  }

  #batchEndpoints(settings: HttpTableSettings): readonly BatchEndpoint[] {
    return this.settings.endpoints.flatMap(
      (_endpoint, index) => this.#pools.batchEndpoint(settings, index) ?? [],
    )
  }
}

function stateSettings(settings: HttpSettings): UpstreamStateSettings {
  return { ...settings, endpoints: settings.endpoints.map(endpointName) }
}
