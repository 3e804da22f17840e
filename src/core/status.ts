/**
 * What the program is doing now, as plain data: read by the metrics at scrape, by the admin
 * API, the page and the command line. Taken on demand, so that nobody keeps it up to date.
 */
import type { CircuitState } from './observer.ts'
import type { ReplicaStatus } from './replica/replica-status.ts'
import type { ShadowStatus } from './shadow/shadow-record.ts'

/** One look at everything. */
export interface GatewayStatus {
  readonly state: 'starting' | 'ready' | 'draining'
  /** Empty when all is well; else one sentence for each trouble, for /readyz and the page. */
  readonly degraded: readonly string[]
  readonly tables: readonly TableStatus[]
  readonly upstreams: readonly UpstreamStatus[]
  readonly listeners: readonly ListenerStatus[]
  /** Absent where the gateway shares nothing with others. */
  readonly shared?: SharedStoreStatus
  /** The names of the protocols that mail servers speak, as they label the counters. */
  readonly protocols: readonly string[]
}

/** The store that the gateways share. */
export interface SharedStoreStatus {
  /** As in the configuration. */
  readonly address: string
  /** `down`: it is not asked, and tried again several times a second. */
  readonly state: 'up' | 'down'
  /** Answers that are still to be written to it. */
  readonly queuedWrites: number
  /** Why it is down. */
  readonly lastFailure?: string
}

/** Whom a purge reached. */
export type PurgeReach =
  /** `others` heard of it, and `confirmed` of them said within a second that they have done it. */
  | { readonly state: 'sent'; readonly others: number; readonly confirmed: number }
  /** The shared store cannot be reached: the others hear of it when it can. */
  | { readonly state: 'later' }

export interface TableStatus {
  readonly name: string
  readonly upstreams: readonly string[]
  readonly search: string
  /** Absent with `cache: off`. */
  readonly cache?: StoreStatus
  readonly canaries: readonly CanaryStatus[]
  /**
   * Share of the last ten minutes' lookups that would be answered if the services died now, 0 to 1; absent
   * without lookups.
   */
  readonly readiness?: number
  /** True while "not found" is not believed of keys that were found before, because the service lost many; else absent. */
  readonly holdsLoss?: boolean
  /** Of the table's own copy; absent where it has none. */
  readonly replica?: ReplicaStatus
  /** Of the upstream that is asked beside its own; absent where there is none. */
  readonly shadow?: ShadowStatus
}

export interface StoreStatus {
  readonly foundEntries: number
  readonly negativeEntries: number
  /** Estimate of the memory held by keys and values, bytes. */
  readonly bytes: number
}

export interface CanaryStatus {
  readonly upstream: string
  readonly endpoint: string
  /** `unknown` before the first answer; `missing` when the service does not know its canary. */
  readonly state: 'unknown' | 'up' | 'missing' | 'unreachable'
}

export interface UpstreamStatus {
  readonly name: string
  /** Name of the upstream kind. */
  readonly kind: string
  readonly inFlight: number
  readonly queued: number
  /** Set during a drill: wall clock ms at which it ends. */
  readonly drillEndsAtMs?: number
  /** What a store holds; absent for other kinds. */
  readonly store?: { readonly entries: number; readonly bytes: number; readonly evicted: number }
  /** Of its access token; absent where it is asked without. */
  readonly token?: TokenStatus
  /** Of the keys by which tokens are checked; absent where none are. */
  readonly keys?: KeysStatus
  readonly endpoints: readonly EndpointStatus[]
}

/** The access token that an upstream is asked with. */
export interface TokenStatus {
  /** Host and port of the token endpoint. */
  readonly endpoint: string
  /** `none` before the first one; `failing` while the last request for one failed, even if an older one is still used. */
  readonly state: 'none' | 'valid' | 'failing'
  /** Wall clock ms; absent without a token. */
  readonly expiresAtMs?: number
  readonly lastFailure?: string
}

/** The public keys of an issuer of tokens. */
export interface KeysStatus {
  /** Host and port of where they are fetched. */
  readonly endpoint: string
  /** `none` before the first ones; `failing` while the last request for them failed, even if older ones are still used. */
  readonly state: 'none' | 'valid' | 'failing'
  /** How many are in use. */
  readonly keys: number
  /** Wall clock ms; absent without keys. */
  readonly fetchedAtMs?: number
  readonly lastFailure?: string
  /** What came of tokens since the start, by outcome. */
  readonly tokens: Readonly<Record<string, number>>
}

export interface EndpointStatus {
  /** Index and host. */
  readonly name: string
  readonly circuit: CircuitState
  /** Set while the circuit is not closed: how the last request ended that spoke against the endpoint. */
  readonly lastFailure?: string
  /** Set while the endpoint asked for a pause by Retry-After: ms left. */
  readonly pausedForMs?: number
  /** Wall clock ms; set for https endpoints once connected. */
  readonly certificateExpiresAtMs?: number
}

export interface ListenerStatus {
  /** The address as written in the configuration. */
  readonly name: string
  /** The name of its protocol. */
  readonly protocol: string
  /** The address in use, with the port that was really bound. */
  readonly bound: string
  readonly connections: number
}
