/**
 * What the program is doing now, as plain data: read by the metrics at scrape, by the admin
 * API, the page and the command line. Taken on demand, so that nobody keeps it up to date.
 */
import type { CircuitState } from './observed/observer.ts'
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
  /** The shared store cannot be reached, or is full: the others hear of it when it can take it. */
  | { readonly state: 'later'; readonly why?: 'full' }

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

/** What every upstream shows. A kind may add what only its upstreams have; its own metrics read that. */
export interface UpstreamStatus {
  readonly name: string
  /** Name of the upstream kind. */
  readonly kind: string
  readonly inFlight: number
  readonly queued: number
  /** Set during a drill: wall clock ms at which it ends. */
  readonly drillEndsAtMs?: number
  /** What it fetches for itself, besides what it is asked; absent where that is nothing. */
  readonly fetches?: readonly FetchStatus[]
  readonly endpoints: readonly EndpointStatus[]
}

/** Something that an upstream fetches for itself and uses for a while, such as an access token. */
export interface FetchStatus {
  /** One word, as in the log and among the problems: `token`, for example. */
  readonly what: string
  /** The same for people, such as "access token". */
  readonly title: string
  /** Host and port of where it is fetched. */
  readonly endpoint: string
  /** `none` before the first one; `failing` while the last request for it failed, even if an older one is still used. */
  readonly state: 'none' | 'valid' | 'failing'
  /** What is in use, in a few words; absent where nothing is, or where there is nothing to say of it. */
  readonly detail?: string
  /** Wall clock ms. While something is in use one of these two is there at least, and while nothing is, none. */
  readonly fetchedAtMs?: number
  readonly expiresAtMs?: number
  /** Set while it fails. */
  readonly lastFailure?: string
}

export interface EndpointStatus {
  /** Index and host. */
  readonly name: string
  readonly circuit: CircuitState
  /** Set while the circuit is not closed, or lookups fail all: how the last request ended that spoke against the endpoint. */
  readonly lastFailure?: string
  /** Set while only questions whose answer is known are answered, such as canaries: for how long all lookups have failed, ms. */
  readonly onlyKnownForMs?: number
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
