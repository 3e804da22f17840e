/**
 * The configuration as the program uses it: every default filled in, every duration in
 * milliseconds, every size in bytes, every secret resolved. `schema.ts` describes the file
 * that a person writes; `load.ts` makes this out of it.
 */
import type { Address } from '../core/address.ts'
import type { CachePolicy } from '../core/cache/cached-upstream.ts'
import type { SearchKind } from '../core/search/search-keys.ts'

export type { Address }

/** A checked configuration. */
export interface Config {
  readonly listeners: readonly ListenerConfig[]
  readonly admin: AdminConfig | undefined
  /** By name, in the order of the file. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  /** By name, in the order of the file. */
  readonly tables: ReadonlyMap<string, TableConfig>
  readonly cacheFile: string | undefined
  readonly stop: { readonly drainForMs: number }
  readonly reload: 'manual' | 'watch'
  readonly log: LogConfig
  readonly tracing: { readonly otlp: string } | undefined
  /** Every text that came from a secret place, for redaction. */
  readonly secrets: ReadonlySet<string>
}

export interface ListenerConfig {
  /** The name of the protocol that is spoken here. */
  readonly protocol: string
  /** The settings of that protocol, in its own shape. */
  readonly own: object
  readonly address: Address
  /** The address as written, the `listener` label of the metrics. */
  readonly name: string
  /** Permission bits of a unix socket file. */
  readonly mode: number
  /** User name or numeric id of a unix socket file; undefined leaves it the process's own. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** CIDR networks or addresses that may connect. Not used for unix sockets. */
  readonly allow: readonly string[]
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
}

export type Role = 'viewer' | 'operator'

export interface AdminConfig {
  readonly address: Address
  readonly mode: number
  readonly owner: string | undefined
  readonly group: string | undefined
  readonly anonymous: Role | 'none'
  readonly tokens: readonly { readonly token: string; readonly role: Role }[]
  /** Further host names accepted in the Host header. */
  readonly hosts: readonly string[]
  /** `viewer`: /metrics needs that role; `open`: anybody reads it. */
  readonly metrics: 'viewer' | 'open'
  /** Absolute paths of PEM files. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export type UpstreamConfig = HttpUpstreamConfig | StaticUpstreamConfig

export interface StaticUpstreamConfig {
  readonly kind: 'static'
  readonly name: string
  readonly entries: ReadonlyMap<string, readonly string[]>
}

export interface HttpUpstreamConfig {
  readonly kind: 'http'
  readonly name: string
  readonly endpoints: readonly EndpointConfig[]
  readonly headers: ReadonlyMap<string, string>
  readonly timeoutMs: number
  readonly attempts: number
  readonly maxConcurrent: number
  readonly maxQueued: number
  readonly circuitBreaker: { readonly failures: number; readonly openForMs: number }
  readonly maxConnectionAgeMs: number
  readonly maxBodyBytes: number
  readonly hedgeAfterMs: number | undefined
  readonly proxy: string | undefined
  /** `ca`, `cert` and `key` are absolute paths of PEM files, which were readable when the file was checked. */
  readonly tls:
    | {
        readonly ca: string | undefined
        readonly cert: string | undefined
        readonly key: string | undefined
        readonly serverName: string | undefined
      }
    | undefined
}

/** One URL of an upstream, taken apart. */
export interface EndpointConfig {
  /** As written. May hold a secret: never shown. */
  readonly url: string
  /** `http://host:port` for a network endpoint; `http://localhost` for a unix socket. */
  readonly origin: string
  readonly socketPath: string | undefined
  /** Path before the template's, without a trailing slash; '' for none. */
  readonly pathPrefix: string
  /** Host and port, or the socket's file name: what metrics and messages show. */
  readonly label: string
}

export interface TableConfig {
  readonly name: string
  readonly usedBy: readonly string[]
  readonly upstreams: readonly string[]
  readonly request: RequestConfig | undefined
  readonly response: ResponseConfig
  readonly search: SearchKind
  readonly searchParallel: boolean
  readonly batch: BatchConfig | undefined
  readonly recipientDelimiter: string
  readonly localDomains: readonly string[]
  readonly parentDomainMatchesSubdomains: boolean
  readonly propagateExtension: boolean
  /** Undefined: every domain. */
  readonly domains:
    | { readonly kind: 'list'; readonly domains: readonly string[] }
    | { readonly kind: 'table'; readonly table: string }
    | undefined
  readonly foldCase: boolean
  readonly deadlineMs: number
  readonly sideEffects: boolean
  /** Undefined: `cache: off`. */
  readonly cache: CacheConfig | undefined
  readonly canary: { readonly key: string; readonly everyMs: number; readonly maxAgeMs: number } | undefined
  /** Changes with everything that decides an answer; entries of another fingerprint are dropped. */
  readonly fingerprint: string
}

export interface RequestConfig {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
  /** Any JSON; strings in it are templates. */
  readonly json: unknown
  readonly form: ReadonlyMap<string, string> | undefined
}

/** One request for many keys. Schema and meaning: docs/configuration.md. */
export interface BatchConfig {
  readonly request: RequestConfig
  readonly maxKeys: number
  readonly maxWaitMs: number
  /** JSONPath to the object (key to value) or array (in the order asked) of results. */
  readonly results: string | undefined
}

export interface ResponseConfig {
  /** JSONPath (RFC 9535). */
  readonly value: string | undefined
  readonly error: string | undefined
  readonly missing: 'temporary' | 'notFound'
  readonly found: readonly number[]
  readonly notFound: readonly number[]
  readonly notFoundBody: 'notHtml' | 'any'
  /** What every "not found" must carry; `header` is `name` or `name: value`. */
  readonly notFoundMark:
    | {
        readonly contentType: string | undefined
        readonly header: string | undefined
        readonly jsonPath: string | undefined
      }
    | undefined
  readonly format: string
  readonly separator: string
  readonly maxValues: number
}

export interface CacheConfig extends CachePolicy {
  /** Most found answers. */
  readonly maxEntries: number
  /** Most "not found" answers. */
  readonly maxNegativeEntries: number
  readonly maxBytes: number
}

export interface LogConfig {
  readonly level: LogLevel
  readonly keys: 'plain' | 'hash' | 'none'
  readonly hashKey: string | undefined
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
