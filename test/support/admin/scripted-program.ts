/**
 * The program behind the admin API, scripted by a test: answers, status and control.
 */
import type { Control, NamedReadiness, PurgeWhat, ReloadReport } from '../../../src/admin/ports.ts'
import type { LookupOptions, Query } from '../../../src/core/lookup.ts'
import type { DrillReport } from '../../../src/core/observed/drill-report.ts'
import type {
  ReplicaControl,
  ReplicaOutcome,
  ReplicaStatus,
} from '../../../src/core/replica/replica-status.ts'
import { found, type LookupResult, notFound, permanent, type Temporary } from '../../../src/core/result.ts'
import type { LogLevel } from '../../../src/core/settings/log-level.ts'
import type { FetchStatus, GatewayStatus } from '../../../src/core/status.ts'
import type { EntryLife, StoredEntry, StorePage, TableStore } from '../../../src/core/store/store.ts'
import type { HttpStatus } from '../../../src/upstreams/http/metrics.ts'
import type { JwksStatus } from '../../../src/upstreams/jwks/metrics.ts'
import type { StoreStatus } from '../../../src/upstreams/store/shared-store.ts'
import { ManualClock } from '../clock/manual-clock.ts'

const TOKEN: FetchStatus = {
  what: 'token',
  title: 'access token',
  endpoint: 'id.example:443',
  state: 'failing',
  expiresAtMs: 1_800_000_000_000,
  lastFailure: 'no access token: the token endpoint id.example:443 answered 503; look at its log',
}

const DIRECTORY: HttpStatus = {
  name: 'directory',
  kind: 'http',
  inFlight: 1,
  queued: 2,
  fetches: [TOKEN],
  token: { ...TOKEN, requests: { ok: 1, refused: 1 } },
  endpoints: [
    { name: '0 dir.example', circuit: 'open', pausedForMs: 5, certificateExpiresAtMs: 1_800_000_000_000 },
    { name: '1 dir2.example', circuit: 'closed', onlyKnownForMs: 60_000 },
  ],
}

const LEARNED: StoreStatus = {
  name: 'learned',
  kind: 'store',
  inFlight: 0,
  queued: 0,
  endpoints: [],
  store: { entries: 12, bytes: 3400, evicted: 0 },
}

const KEYS: FetchStatus = {
  what: 'keys',
  title: 'keys',
  endpoint: 'id.example.com:443',
  state: 'valid',
  detail: '2 to check tokens by',
  fetchedAtMs: 1_800_000_000_000,
}

const KEYCLOAK: JwksStatus = {
  name: 'keycloak',
  kind: 'jwks',
  inFlight: 0,
  queued: 0,
  fetches: [KEYS],
  keys: { ...KEYS, keys: 2, tokens: { good: 7, expired: 3 } },
  endpoints: [],
}

export const READY: GatewayStatus = {
  state: 'ready',
  degraded: [],
  shared: { address: 'redis://valkey.example:6379', state: 'up', queuedWrites: 3 },
  tables: [
    {
      name: 'aliases',
      upstreams: ['directory'],
      search: 'address',
      cache: { foundEntries: 3, negativeEntries: 2, bytes: 1000 },
      canaries: [{ upstream: 'directory', endpoint: '0 dir.example', state: 'up' }],
      readiness: 0.9,
      replica: {
        state: 'held',
        entries: 3,
        everyMs: 300_000,
        copiedAtMs: 1_767_225_600_000,
        changedAtMs: 1_767_225_600_000,
        bytes: 100,
        durationMs: 5,
        nextRefreshAtMs: 1_767_225_900_000,
        lastFailure: 'the list has no entries',
        held: { entries: 0, lost: 3, copiedAtMs: 1_767_225_600_000, reason: 'it lacks keys' },
        failures: 1,
        heldBack: 1,
        copies: 1,
        changes: {
          rounds: 2,
          set: 3,
          gone: 1,
          unusable: 1,
          listedAtMs: 1_767_225_600_000,
          lastProblem: 'the changes have no cursor where replica.cursor points',
        },
      },
      shadow: { upstream: 'new-directory', share: 0.5, same: 12, differs: 1, failed: 2, busy: 3 },
    },
    { name: 'uncached', upstreams: ['fixed'], search: 'exact', canaries: [] },
  ],
  upstreams: [
    DIRECTORY,
    { name: 'fixed', kind: 'static', inFlight: 0, queued: 0, endpoints: [] },
    LEARNED,
    KEYCLOAK,
  ],
  listeners: [
    { name: 'inet:127.0.0.1:0', protocol: 'socketmap', bound: 'inet:127.0.0.1:4711', connections: 7 },
  ],
  protocols: ['socketmap', 'tcp_table'],
}

/** A copy that does what it is told. */
export class ScriptedReplica implements ReplicaControl {
  /** What it was told, in order. */
  readonly told: unknown[] = []
  /** What comes of it: `done`, until a test sets another. */
  outcome: ReplicaOutcome | undefined

  status(): ReplicaStatus {
    const counts = { failures: 0, heldBack: 0, copies: 1 }
    return { state: 'ready', entries: 3, everyMs: 300_000, copiedAtMs: 1, changedAtMs: 1, ...counts }
  }

  refresh(): ReplicaOutcome {
    return this.#tell('refresh')
  }

  async settleHeld(accept: boolean): Promise<ReplicaOutcome> {
    return this.#tell(accept ? 'accept' : 'reject')
  }

  async change(key: string, item: unknown): Promise<ReplicaOutcome> {
    return this.#tell([key, item])
  }

  #tell(what: unknown): ReplicaOutcome {
    this.told.push(what)
    return this.outcome ?? { kind: 'done', status: this.status() }
  }
}

/** Entries in memory, which a test sets; a failure instead of them where it sets one. */
export class ScriptedStore implements TableStore {
  entriesBy = new Map<string, StoredEntry>()
  failure: Temporary | undefined
  /** The arguments of each page that was asked for. */
  readonly pages: unknown[] = []

  async put(key: string, value: string, { expiresAtMs = 2_000_000_000_000 }: EntryLife) {
    if (this.failure) return this.failure
    this.entriesBy.set(key, { key, value, expiresAtMs })
    return { kind: 'done' } as const
  }

  async delete(key: string) {
    return this.entriesBy.delete(key) ? ({ kind: 'done' } as const) : notFound()
  }

  entries(after: string | undefined, limit: number): StorePage | Temporary {
    this.pages.push([after, limit])
    if (this.failure) return this.failure
    const all = [...this.entriesBy.values()].filter(({ key }) => after === undefined || key > after)
    return { kind: 'page', entries: all.slice(0, limit), hasMore: all.length > limit }
  }

  async purge() {
    return this.failure ?? this.entriesBy.size
  }
}

/** The program behind the admin API, as a test scripts it. */
export class ScriptedProgram {
  readonly clock = new ManualClock()
  status: GatewayStatus = READY
  readonly asked: { query: Query; options: LookupOptions | undefined }[] = []
  readonly purged: { table: string; what: PurgeWhat }[] = []
  readonly defects: unknown[] = []
  readonly confirmed: string[] = []
  /** The copy of table aliases. */
  readonly replica = new ScriptedReplica()
  /** What Postfix wrote of table aliases. */
  readonly store = new ScriptedStore()
  /** The one under way. */
  drill: DrillReport | undefined
  readiness: readonly NamedReadiness[] = [
    {
      name: 'aliases',
      lookups: 100,
      sampled: 50,
      ratio: 0.9,
      deferred: [{ key: 'eve@a.example', lookups: 10, at: '@a.example', why: 'was not asked before' }],
      advice: ['usedBy: every parameter'],
    },
    { name: 'uncached', lookups: 0, sampled: 0, deferred: [], advice: [] },
  ]
  reloads = 0
  report: ReloadReport = { ok: true, changes: ['table aliases: deadline'], warnings: [] }
  level: LogLevel = 'info'
  config: unknown = { log: { level: 'info' }, admin: { tokens: '***' } }
  /** Answers the lookups of configured tables. */
  answer: (query: Query, options: LookupOptions | undefined) => LookupResult | Promise<LookupResult> = (
    _query,
    options,
  ) => {
    const result = found('bob@lighthouse.example')
    options?.explanation?.add({ step: 'key', key: 'bob@example' })
    options?.explanation?.add({ step: 'answer', source: 'cache', result })
    return result
  }

  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult> {
    this.asked.push({ query, options })
    const known = this.status.tables.some(({ name }) => name === query.table)
    return known ? this.answer(query, options) : permanent('no-table', 'no such table')
  }

  readonly control: Control = {
    reload: async () => {
      this.reloads += 1
      return this.report
    },
    purgeElsewhere: () => undefined,
    entryElsewhere: () => {},
    purge: async (table, what) => {
      this.purged.push({ table, what })
      return this.status.tables.some(({ name }) => name === table) ? 4 : undefined
    },
    confirmLoss: (table) => {
      this.confirmed.push(table)
      return this.status.tables.some(({ name }) => name === table) ? this.confirmed.length === 1 : undefined
    },
    replica: (table) =>
      this.status.tables.some(({ name }) => name === table)
        ? table === 'aliases'
          ? this.replica
          : 'none'
        : undefined,
    shadowDifferences: (table) =>
      table === 'aliases'
        ? [
            {
              atMs: 1_767_225_600_000,
              key: 'ann@lighthouse.example',
              own: found('ann@mail.example'),
              shadow: notFound(),
            },
          ]
        : table === 'uncached'
          ? 'none'
          : undefined,
    store: (table) => {
      if (!this.status.tables.some(({ name }) => name === table)) return undefined
      return table === 'aliases' ? this.store : 'read-only'
    },
    beginDrill: (upstream, forMs) => {
      if (upstream === 'failing') return 'outage'
      const known = this.status.upstreams.find(({ name }) => name === upstream)
      if (known === undefined) return 'no-upstream'
      if (known.kind === 'static') return 'nothing-asked'
      if (this.drill !== undefined) return 'running'
      this.drill = {
        upstream,
        state: 'running',
        startedAtMs: 1_767_225_600_000,
        endsAtMs: 1_767_225_600_000 + forMs,
        tables: [{ name: 'aliases', readiness: 0.9, answered: 9, deferred: 1 }],
      }
      return this.drill
    },
    endDrill: (upstream) => {
      const drill = this.drill
      if (drill?.upstream !== upstream) return undefined
      this.drill = undefined
      return { ...drill, state: 'ended', endedBy: 'operator' }
    },
    logLevel: () => this.level,
    setLogLevel: (level) => {
      this.level = level
    },
    redactedConfig: () => this.config,
  }
}
