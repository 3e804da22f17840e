/**
 * The gateway: the map of the program. Builds all parts, starts, reloads and stops them.
 *
 *   listeners (server) -\
 *   admin API (admin) ---+--> Resolver (core) --> tables --> answer stores, upstreams
 *
 * What belongs to one configuration is built in `gateway/generation.ts`, table by table in
 * `gateway/tables.ts`; what lives on over reloads is here.
 */
import type { NamedReadiness, ReloadReport, WireReply } from './admin/ports.ts'
import type { LoadedConfig } from './config/load.ts'
import { type Clock, systemClock } from './core/clock.ts'
import { ADMIN_PROTOCOL, type Lookup, type LookupOptions, type Query } from './core/lookup.ts'
import { Resolver } from './core/resolver.ts'
import type { LookupResult } from './core/result.ts'
import type { GatewayStatus } from './core/status.ts'
import { formatAddress } from './core/system/address.ts'
import { TableStores } from './core/table-stores.ts'
import { adminPorts } from './gateway/admin-ports.ts'
import { Drills } from './gateway/drills.ts'
import { applyPurge } from './gateway/elsewhere.ts'
import { apply, type ChangeParts, type Generation, stopRunning, withAdmin } from './gateway/generation.ts'
import { wireReplies } from './gateway/listeners.ts'
import { settingsKinds } from './gateway/load-config.ts'
import { warningsOf } from './gateway/memory-budget.ts'
import { ProgramState } from './gateway/program-state.ts'
import { withAdvice } from './gateway/readiness.ts'
import { Reloads } from './gateway/reloads.ts'
import { StoredAnswers } from './gateway/stored-answers.ts'
import { TableControl } from './gateway/table-control.ts'
import { Telemetry } from './gateway/telemetry.ts'
import type { Observability } from './observability/observability.ts'
import { PROTOCOLS, type Protocols } from './protocols/registry.ts'
import { UPSTREAM_KINDS, type UpstreamKinds } from './upstreams/registry.ts'

interface GatewayOptions {
  /** Those that a listener can speak; default {@link PROTOCOLS}. */
  readonly protocols?: Protocols
  /** Reads the configuration: at the start and at each reload. Rejects with ConfigError. */
  readonly load: () => Promise<LoadedConfig>
  readonly version: string
  /** Those that the configuration may use. Default {@link UPSTREAM_KINDS}. */
  readonly upstreamKinds?: UpstreamKinds
  /** Default {@link systemClock}. */
  readonly clock?: Clock
  /** Numbers from 0 up to 1; default `Math.random`. */
  readonly random?: () => number
  /** Descriptor that the log goes to; default standard output. */
  readonly logFd?: number
}

export class Gateway implements Lookup {
  readonly #options: GatewayOptions
  readonly #clock: Clock
  readonly #protocols: Protocols
  readonly #telemetry: Telemetry
  readonly #observability: Observability
  readonly #resolver: Resolver
  /** The resolver as clients see it: with spans, when there is tracing. */
  readonly #lookup: Lookup
  readonly #answers: StoredAnswers
  readonly #changeParts: ChangeParts
  readonly #reloads: Reloads
  readonly #state: ProgramState
  readonly drills: Drills
  /** What operators see of single tables and do with them. */
  readonly tables: TableControl
  #stopping: Promise<void> | undefined

  private constructor(options: GatewayOptions, state: ProgramState, telemetry: Telemetry) {
    const { clock = systemClock, random = Math.random, version } = options
    const { protocols = PROTOCOLS, upstreamKinds = UPSTREAM_KINDS } = options
    const { observability, traced } = telemetry
    this.#options = options
    this.#clock = clock
    this.#protocols = protocols
    this.#state = state
    this.#telemetry = telemetry
    this.#observability = observability
    this.drills = new Drills({ state, clock, observability })
    this.#resolver = new Resolver(clock, observability.observer)
    this.#lookup = traced.lookup(this.#resolver)
    this.#answers = new StoredAnswers(state.generation.config.cacheFile, clock, observability)
    this.tables = new TableControl(() => state.generation, this.#answers, clock)
    this.#changeParts = {
      clock,
      random,
      observability,
      protocols,
      upstreamKinds,
      traced,
      resolver: this.#resolver,
      lookup: this.#lookup,
      tables: () => state.generation.tables,
      store: new TableStores({
        clock,
        observer: observability.observer,
        find: (name) => this.tables.store(name),
      }),
      adminPorts: adminPorts(this, observability, clock, version),
      purges: {
        onPurge: (purge) => applyPurge(state.generation.tables.get(purge.table), purge),
        fingerprintOf: (table) => state.generation.tables.get(table)?.tier?.fingerprint,
      },
      onCredentialsRefused: () => this.#reloads.credentialsRefused(),
      onSecret: (owner, secret) => observability.redactor.addSecret(owner, secret),
      overloaded: () => state.loop.overloaded,
      use: (generation) => {
        state.generation = generation
        if (state.phase === 'starting') this.#answers.load(generation.tables)
      },
    }
    this.#reloads = new Reloads({
      state,
      telemetry,
      clock,
      load: options.load,
      // What is still read of the cache file goes into the stores of the tables that the start has made.
      apply: (next) =>
        this.#answers.loaded.then(() =>
          apply(state.generation, next, this.#changeParts, state.phase === 'starting' ? 'later' : 'now'),
        ),
      warnings: () => this.warnings,
      onReloaded: () => this.drills.endAll('reload'),
    })
  }

  /**
   * Starts a gateway; it is complete when the promise resolves. Lookups are answered as soon as the listeners are open.
   *
   * @throws ConfigError (rejects) with every issue of the configuration; ListenError for an
   *   address that cannot be used. Nothing is left behind then.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const config = await options.load()
    const { clock = systemClock, version, logFd, upstreamKinds = UPSTREAM_KINDS } = options
    const protocols = [...(options.protocols ?? PROTOCOLS).keys()]
    const state = new ProgramState(config, protocols, clock)
    const telemetry = await Telemetry.open(config, {
      clock,
      version,
      protocols: [...protocols, ADMIN_PROTOCOL],
      upstreamKinds,
      logFd,
      status: () => state.status(),
    })
    const gateway = new Gateway(options, state, telemetry)
    await gateway.#reloads.inTurn(() => gateway.#start(config))
    return gateway
  }

  /** The listeners and the admin API in use, as addresses to connect to. */
  get listeners(): Generation['listeners'] {
    return this.#state.generation.listeners
  }

  get admin(): Generation['admin'] {
    return this.#state.generation.admin
  }

  get warnings(): readonly string[] {
    return warningsOf(this.#state.generation.config, this.#changeParts.upstreamKinds)
  }

  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult> {
    return this.#lookup.lookup(query, options)
  }

  status(): GatewayStatus {
    return this.#state.status()
  }

  /** How ready each table is for an outage, with the keys that would be deferred. */
  readiness(): readonly NamedReadiness[] {
    const { protocols, upstreamKinds } = this.#changeParts
    const kinds = settingsKinds({ protocols, upstreams: upstreamKinds })
    return withAdvice(this.#state.readiness.take(), this.#state.generation.config, kinds)
  }

  /** What the clients of each protocol would read for a result. */
  wireReplies(table: string, result: LookupResult): ReadonlyMap<string, WireReply> {
    return wireReplies(table, result, this.#protocols, this.#state.generation.listeners)
  }

  /** The names of the attributes of all protocols whose values are shown nowhere. */
  get secretAttributes(): readonly string[] {
    return [...this.#protocols.values()].flatMap(({ attributes }) => attributes?.secret ?? [])
  }

  /** The configuration in use, every secret as `***`. */
  redactedConfig(): unknown {
    return this.#state.generation.config.redactedConfig
  }

  /** Called with exceptions that nobody caught: logged and counted as the bug it is. */
  defect(error: unknown, where: string): void {
    this.#observability.observer.defect(error, where)
  }

  /** Reads the configuration again and takes it over; a bad one changes nothing and is a report. */
  reload(): Promise<ReloadReport> {
    return this.#reloads.reload()
  }

  /**
   * Stops in order: not ready any more, no new connections, answers to what is in flight for at
   * most `stop.drainFor`, the cache file, then everything is closed.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #start(config: LoadedConfig): Promise<void> {
    try {
      await this.#reloads.change(config)
      this.#state.generation = await withAdmin(this.#state.generation, this.#changeParts)
    } catch (error) {
      await this.#reloads.stop()
      // Lookups may have been answered already; those under way are deferred, and the cache file stays as it is.
      await stopRunning(this.#state.generation, {
        resolver: this.#resolver,
        save: () => this.#answers.loaded,
      })
      await this.#telemetry.close()
      throw error
    }
    const { eventLog, counters, history } = this.#observability
    for (const { name, protocol, bound } of this.status().listeners)
      eventLog.listenerUp(name, bound, protocol)
    const { admin } = this.#state.generation
    if (admin !== undefined)
      eventLog.listenerUp(formatAddress(admin.config.address), formatAddress(admin.bound), 'admin')
    this.#state.phase = 'ready'
    counters.lastReloadMs = this.#clock.wallMs()
    eventLog.configurationWarned(this.warnings)
    eventLog.stateChanged('ready', { version: this.#options.version })
    history.start()
    this.#state.loop.start(() => eventLog.overloaded())
    this.#answers.saveRegularly(() => this.#state.generation.tables)
  }

  async #stop(): Promise<void> {
    const { eventLog, history } = this.#observability
    this.#state.phase = 'draining'
    eventLog.stateChanged('draining')
    this.drills.endAll('stop')
    await this.#reloads.stop()
    await stopRunning(this.#state.generation, {
      resolver: this.#resolver,
      drainForMs: this.#state.generation.config.stop.drainForMs,
      save: () => this.#answers.saveLast(this.#state.generation.tables),
    })
    history.stop()
    this.#state.loop.stop()
    this.#state.phase = 'stopped'
    eventLog.stateChanged('stopped')
    await this.#state.generation.admin?.close()
    await this.#telemetry.close()
  }
}
