/**
 * What an upstream kind is: one folder here, and one line in registry.ts.
 *
 *   UpstreamKind     what every upstream of the kind has in common
 *   SharedUpstream   one upstream of one configuration, shared by the tables that ask it
 *   TableUpstream    that upstream as one table asks it
 *
 * A reload plans a new SharedUpstream, which may take over connections, circuits and queues of the one
 * before; it is configured once everything else is ready, and the one before is closed.
 */
import type { Clock } from '../core/clock.ts'
import type { Metric } from '../core/observed/metric.ts'
import type { Observer } from '../core/observed/observer.ts'
import type { ReasonCatalogue } from '../core/reason.ts'
import type { ReplicaOfTable } from '../core/replica/table-copy.ts'
import type { DrillSwitch } from '../core/resilience/drill.ts'
import type { CanaryStatus, FetchStatus, UpstreamStatus } from '../core/status.ts'
import type { EntryTier } from '../core/store/entry-tier.ts'
import type { TableStore } from '../core/store/store.ts'
import type { BatchEndpoint, Endpoint, Reply, Upstream } from '../core/upstream.ts'
import type { UpstreamSettingsKind } from '../schema/settings-kind.ts'

/** What all upstreams of a configuration have. */
export interface UpstreamSettings {
  /** Name of its {@link UpstreamKind}. */
  readonly kind: string
  readonly name: string
}

/** What all upstreams may know of a table. A kind that needs more of it says so in its own type. */
export interface UpstreamTable {
  readonly name: string
  /** Keys arrive in lower case. */
  readonly foldCase: boolean
  /** True: a lookup counts or reserves, so that nothing is asked twice. */
  readonly sideEffects: boolean
}

export interface UpstreamKind<
  S extends UpstreamSettings = UpstreamSettings,
  T extends UpstreamTable = UpstreamTable,
> {
  /** `kind` in the status and in settings. */
  readonly name: string
  /** Its keys in a configuration file, with their checks; none for a kind that no file can have. */
  readonly configuration?: UpstreamSettingsKind
  /** Whether a table's answer store is in front: not where an answer costs as little as a stored one. */
  readonly cached: boolean
  /** True where keys are looked up in the case in which they were written, whatever `foldCase` of a table says. */
  readonly keepsCase?: boolean
  /** What the state of its upstreams shows in the metrics, called for each of them at a scrape with its own {@link SharedUpstream.status}. */
  readonly metrics: readonly Metric<UpstreamStatus>[]
  /** What its upstreams say by themselves, for docs/errors.md: catalogues by the names of their constants. */
  readonly reasons?: Readonly<Record<string, ReasonCatalogue>>
  /** For the budgets that are checked before anything is opened. */
  needs(settings: S): UpstreamNeeds
  /**
   * Makes an upstream ready, and changes nothing that runs.
   *
   * @param running The upstream of the same name that runs now, of whatever kind: what fits of it is taken over.
   * @throws (rejects) when something that the settings name cannot be used, such as a file.
   */
  plan(settings: S, running: SharedUpstream | undefined, parts: UpstreamParts): Promise<SharedUpstream<T>>
}

/** Most of what an upstream may take of the process. */
interface UpstreamNeeds {
  /** Open files: connections, and files kept open. */
  readonly descriptors: number
  /** Memory on V8's heap besides the answer stores, bytes. */
  readonly heapBytes: number
}

/** What a kind works with. */
export interface UpstreamParts {
  readonly clock: Clock
  /** Numbers from 0 up to 1: for jitter and backoff. */
  readonly random: () => number
  readonly observer: Observer
  readonly traced: TracedEndpoints
  /** True while the program does not keep up with what arrives. */
  readonly overloaded: () => boolean
  /** Called when a service refused our credentials, or TLS failed: secrets may have changed on disk. */
  readonly onCredentialsRefused: (upstream: string) => void
  /** Called with what the program got by itself and must show nowhere, such as an access token: the latest ones of each owner count. */
  readonly onSecret?: (owner: string, secret: string) => void
  /** Reads a file that the settings name: what was read when they were checked. */
  readonly readFile: (path: string) => Promise<string>
  /** Absolute path of the cache file, beside which upstreams keep what is theirs; undefined where there is none. */
  readonly cacheFile?: string | undefined
  /** What clients write of the tables of an upstream, in the store that gateways share; undefined where there is none. */
  readonly entryTier?: ((upstream: string) => EntryTier) | undefined
}

/** Wraps endpoints for tracing: with spans, or with a bare `traceparent`. */
export interface TracedEndpoints {
  endpoint(upstream: string, inner: Endpoint): Endpoint
  batchEndpoint(upstream: string, inner: BatchEndpoint): BatchEndpoint
}

export interface SharedUpstream<T extends UpstreamTable = UpstreamTable> {
  readonly kind: UpstreamKind
  readonly settings: UpstreamSettings
  /** Makes it look dead for a while; none where nothing is asked that can die. */
  readonly drill?: DrillSwitch
  /**
   * Makes what was taken over follow these settings. Called when the configuration takes effect, and again
   * when the next one does not after all.
   */
  configure(): void
  /** Returns whether tables that were built over `other` need not be rebuilt over this one. */
  isSameFor(other: SharedUpstream): boolean
  /**
   * As whom the service is asked for a table, secrets included, where that may decide the answers; absent for a kind where it never
   * does. Gateways share answers only where it is the same.
   */
  callerFor?(table: T): string
  /** What changed since `running` in the content of files whose names are the same: a sentence each. */
  changedFiles(running: SharedUpstream): readonly string[]
  /** @throws TypeError for a table that the configuration checks would have refused. */
  forTable(table: T): TableUpstream
  /** Each place that `mapgate check --ask` asks for a table; empty where nothing is asked over the network. */
  probes(table: T): readonly Probe[]
  /** Reads the list of a table that has a replica, without keeping it; undefined for a table without one. */
  tryList?(table: T): Promise<ListTrial> | undefined
  /** Fetches what it needs for itself and does not have yet, for `mapgate check --ask`; absent for a kind that needs nothing. */
  tryFetches?(): Promise<readonly FetchStatus[]>
  /**
   * What is wrong now that {@link status} does not say by a circuit, a pause or a drill: a sentence each, without the name of
   * the upstream. Lookups are still answered.
   */
  troubles?(): readonly string[]
  status(): UpstreamStatus
  /** Answers every question under way and all later ones as temporary: the program ends. */
  abort(): void
  /** Closes what it does not share with `other`, the upstream of the same name in the next or last configuration, once its last request has ended. */
  close(other: SharedUpstream | undefined): Promise<void>
  /** Closes everything now. */
  destroy(): Promise<void>
}

export interface TableUpstream {
  readonly upstream: Upstream
  /** Begins what is asked ahead of need, such as a canary. */
  start(): void
  /** Ends that; questions under way go on. */
  stop(): void
  canaries(): readonly CanaryStatus[]
  /** The whole table, here; absent where it is asked key by key. It is started and stopped with this. */
  readonly replica?: ReplicaOfTable | undefined
  /** Takes what clients write; absent where the table is read only. */
  readonly store?: TableStore
  /** True where several keys go in one request, so that the keys of a lookup are asked at the same time. */
  readonly asksTogether?: boolean
}

/** One endpoint that is asked by itself. */
export interface Probe {
  /** Index and host. */
  readonly name: string
  /** @param key A normalised key. */
  ask(key: string): Promise<Reply>
}

/** What a list was like. */
export interface ListTrial {
  /** Why it would not be taken over, as far as reading it shows. */
  readonly failure: string | undefined
  readonly entries: number
  readonly bytes: number
  readonly tookMs: number
  /** The first usable entries: key and result. */
  readonly first: readonly (readonly [key: string, result: string])[]
  /** Some of all, by chance. */
  readonly sample: readonly (readonly [key: string, result: string])[]
  /** Keys that occur again with another result, or in a list of pages. */
  readonly duplicates: number
  /** Keys that occur again with the same result: they count once. */
  readonly repeats: number
  readonly unusable: number
  /** What is wrong with the first unusable ones. */
  readonly bad: readonly string[]
  /** Where the table asks for changes, and the list can be used. */
  readonly changes?: ChangesTrial
}

/** What the changes since a list were like. */
export interface ChangesTrial {
  /** Why they would not be taken over, as far as reading them shows. */
  readonly failure: string | undefined
  readonly entries: number
  readonly tookMs: number
}
