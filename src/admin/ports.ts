/**
 * What the admin API needs of the program. The gateway hands it in; a test hands in its own.
 */
import type { AdminConfig } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { DrillRefusal, DrillReport } from '../core/observed/drill-report.ts'
import type { HistoryPoint } from '../core/observed/history-point.ts'
import type { TableReadiness } from '../core/outage/readiness.ts'
import type { ReplicaControl } from '../core/replica/replica-status.ts'
import type { LookupResult, Temporary } from '../core/result.ts'
import type { LogLevel } from '../core/settings/log-level.ts'
import type { ShadowDifference } from '../core/shadow/shadow-record.ts'
import type { GatewayStatus, PurgeReach } from '../core/status.ts'
import type { TableStore } from '../core/store/store.ts'
import type { Events } from '../observability/events.ts'
import type { Logger } from '../observability/logging.ts'
import type { Problem } from '../observability/problems.ts'
import type { PageFiles } from './page-files.ts'

/** What a reload did. */
export type ReloadReport =
  | {
      readonly ok: true
      /** One sentence for each thing that changed, perhaps none. */
      readonly changes: readonly string[]
      readonly warnings: readonly string[]
    }
  /** The old configuration stays in use. Each issue as `mapgate check` prints it. */
  | { readonly ok: false; readonly issues: readonly string[] }

/** Which stored answers are to be forgotten. */
export type PurgeWhat =
  | { readonly kind: 'all' }
  /** The key's bytes, as a client would write them. */
  | { readonly kind: 'key'; readonly key: Buffer }
  | { readonly kind: 'domain'; readonly domain: string }

/** What an operator may change. */
export interface Control {
  /** Does not reject for a bad file: that is a report. */
  reload(): Promise<ReloadReport>
  /** @returns How many answers or entries were forgotten; undefined when the table is not configured. */
  purge(table: string, what: PurgeWhat): Promise<number | Temporary | 'not-by-key' | undefined>
  /** Makes the gateways that share a store with this one forget them, too. @returns Undefined where there are none. */
  purgeElsewhere(table: string, what: PurgeWhat): Promise<PurgeReach> | undefined
  /** Puts an entry that was pushed into their copies, too. @param item Undefined: it is gone. */
  entryElsewhere(table: string, key: string, item: unknown): void
  /** The operator says that keys are gone on purpose. @returns False when no loss was held back; undefined when the table is not configured. */
  confirmLoss(table: string): boolean | undefined
  /** The copy of a table; `none` for a table that is asked key by key, undefined for one that is not configured. */
  replica(table: string): ReplicaControl | 'none' | undefined
  /** The last differences between a table and its shadow, the latest first; `none` for a table without, undefined for one that is not configured. */
  shadowDifferences(table: string): readonly ShadowDifference[] | 'none' | undefined
  /** What Postfix wrote of a table; undefined for one that is not configured. */
  store(table: string): TableStore | 'read-only' | undefined
  /** Treats an upstream as dead for a while. @returns Why that cannot begin, where it cannot. */
  beginDrill(upstream: string, forMs: number): DrillReport | DrillRefusal
  /** @returns What the drill showed; undefined when none was running. */
  endDrill(upstream: string): DrillReport | undefined
  logLevel(): LogLevel
  setLogLevel(level: LogLevel): void
  /** The configuration as it is in use, secrets as `***`. Plain JSON. */
  redactedConfig(): unknown
}

/** A result as a mail server would get it. */
export interface WireReply {
  /** The result itself, or the failure that the client gets because it would not read the value. */
  readonly told: LookupResult
  /** The whole reply, as sent. */
  readonly text: string
}

/** How ready a table is for an outage, and what to write for a better figure. */
export interface NamedReadiness extends TableReadiness {
  readonly name: string
  readonly advice: readonly string[]
}

export interface AdminPorts {
  readonly clock: Clock
  readonly lookup: Lookup
  readonly status: () => GatewayStatus
  readonly control: Control
  readonly readiness: () => readonly NamedReadiness[]
  /** Those under way, and the last one of each upstream. */
  readonly drills: () => readonly DrillReport[]
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
  readonly events: Pick<Events, 'subscribe'>
  readonly history: { points(): readonly HistoryPoint[] }
  readonly problems: { list(): readonly Problem[] }
  readonly logger: Logger
  /** A key as `log.keys` shows it; undefined leaves it out. */
  readonly renderKey: (key: Buffer | string) => string | undefined
  /** Hides secrets in the string values of JSON. */
  readonly redactJson: (json: string) => string
  /** Hides secrets in a text of a service, whatever it is. */
  readonly redactForeign: (text: string) => string
  /** The names of the protocols that mail servers speak. */
  readonly protocols: readonly string[]
  /** The names of the attributes whose values are shown nowhere. */
  readonly secretAttributes: readonly string[]
  /** What the clients of each protocol would read for a result. */
  readonly wireReplies: (table: string, result: LookupResult) => ReadonlyMap<string, WireReply>
  /** Called with exceptions that no route expects. */
  readonly defect: (error: unknown, where: string) => void
  readonly version: string
  readonly page: PageFiles
}

/**
 * What of the configuration the admin API follows; `address`, `mode` and owner are the gateway's. `tls` has
 * certificate and key as PEM, not the paths of their files.
 */
export type AdminSettings = Pick<
  AdminConfig,
  'address' | 'anonymous' | 'tokens' | 'hosts' | 'metrics' | 'tls'
>
