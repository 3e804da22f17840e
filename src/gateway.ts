/**
 * The gateway: the map of the program. Builds all parts, starts, reloads and stops them.
 *
 *   listeners (net) ----\
 *   admin API (admin) ---+--> Resolver (core) --> tables --> answer stores, upstreams
 *
 * What belongs to one configuration is built in `gateway/running.ts`, table by table in
 * `gateway/tables.ts`; what lives on over reloads is here.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PurgeWhat, ReloadReport } from './admin/ports.ts'
import { formatIssue } from './config/issue.ts'
import type { LoadedConfig } from './config/load.ts'
import type { LogConfig } from './config/model.ts'
import { type Clock, systemClock } from './core/clock.ts'
import { normaliseKey } from './core/key.ts'
import type { Lookup, LookupOptions, Query } from './core/lookup.ts'
import { Resolver } from './core/resolver.ts'
import type { LookupResult } from './core/result.ts'
import type { GatewayStatus } from './core/status.ts'
import type { GatewayPorts } from './gateway/admin.ts'
import { changesBetween } from './gateway/changes.ts'
import { degradedBy } from './gateway/degraded.ts'
import { FileWatch } from './gateway/file-watch.ts'
import { issuesOf } from './gateway/issues.ts'
import { LoopWatch } from './gateway/loop-watch.ts'
import { type ChangeParts, change, NOTHING_RUNS, type Running } from './gateway/running.ts'
import { SecretsRefresh } from './gateway/secrets-refresh.ts'
import { tableStatus } from './gateway/tables.ts'
import { upstreamStatus } from './gateway/upstreams.ts'
import { type Logging, openLogging } from './observability/logging.ts'
import { Observability } from './observability/observability.ts'
import { Redactor } from './observability/redaction.ts'
import { CacheFile } from './persistence/cache-file.ts'

export interface GatewayOptions {
  /** Reads the configuration: at the start and at each reload. Rejects with ConfigError. */
  readonly load: () => Promise<LoadedConfig>
  readonly version: string
  /** Default {@link systemClock}. */
  readonly clock?: Clock
  /** Numbers from 0 up to 1; default `Math.random`. */
  readonly random?: () => number
  /** Descriptor that the log goes to; default standard output. */
  readonly logFd?: number
}

type State = 'starting' | 'ready' | 'draining' | 'stopped'

export class Gateway implements Lookup {
  readonly #options: GatewayOptions
  readonly #clock: Clock
  readonly #observability: Observability
  readonly #resolver: Resolver
  readonly #secrets: SecretsRefresh
  readonly #cacheFile: CacheFile | undefined
  readonly #loop: LoopWatch
  readonly #fileWatch: FileWatch
  readonly #changeParts: ChangeParts
  #state: State = 'starting'
  #running: Running = NOTHING_RUNS
  #config: LoadedConfig
  /** Changes follow each other; each waits for the one before. */
  #changes: Promise<unknown> = Promise.resolve()

  private constructor(options: GatewayOptions, config: LoadedConfig, logging: Logging, redactor: Redactor) {
    const { clock = systemClock, random = Math.random, version } = options
    this.#options = options
    this.#clock = clock
    this.#config = config
    const status = () => this.status()
    this.#observability = new Observability({ clock, logging, redactor, status, version })
    this.#resolver = new Resolver(clock, this.#observability.observer)
    this.#secrets = new SecretsRefresh(clock, () => this.#refreshSecrets())
    this.#cacheFile = this.#makeCacheFile(config.cacheFile)
    this.#loop = new LoopWatch(clock, () => this.#observability.journal.overloaded())
    this.#fileWatch = this.#makeFileWatch()
    this.#changeParts = {
      clock,
      random,
      observability: this.#observability,
      resolver: this.#resolver,
      adminPorts: this.#adminPorts(version),
      onCredentialsRefused: () => this.#secrets.wanted(),
      overloaded: () => this.#loop.overloaded,
      beforeServing: (next) => this.#loadAnswers(next),
    }
  }

  /**
   * Starts a gateway; it answers when the promise resolves.
   *
   * @throws ConfigError (rejects) with every issue of the configuration; ListenError for an
   *   address that cannot be used. Nothing is left behind then.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const config = await options.load()
    const redactor = new Redactor(config.secrets)
    const logging = await openLogging({ ...logSettings(config.log), redactor, fd: options.logFd })
    const gateway = new Gateway(options, config, logging, redactor)
    try {
      await gateway.#change(config)
    } catch (error) {
      await logging.close()
      throw error
    }
    gateway.#begin()
    return gateway
  }

  /** The listeners and the admin API in use, as addresses to connect to. */
  get listeners(): Running['listeners'] {
    return this.#running.listeners
  }

  get admin(): Running['admin'] {
    return this.#running.admin
  }

  get warnings(): readonly string[] {
    return this.#config.warnings.map(formatIssue)
  }

  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult> {
    return this.#resolver.lookup(query, options)
  }

  status(): GatewayStatus {
    const { tables, upstreams, listeners } = this.#running
    const tableStates = Array.from(tables.values(), tableStatus)
    const upstreamStates = Array.from(upstreams.values(), upstreamStatus)
    return {
      state: this.#state === 'stopped' ? 'draining' : this.#state,
      degraded: degradedBy(tableStates, upstreamStates, this.#loop.overloaded),
      tables: tableStates,
      upstreams: upstreamStates,
      listeners: Array.from(listeners.values(), (listener) => listener.status()),
    }
  }

  /** Is told of an exception that nobody caught: logged and counted as the bug it is. */
  defect(error: unknown, where: string): void {
    this.#observability.observer.defect(error, where)
  }

  /** Reads the configuration again and takes it over; a bad one changes nothing and is a report. */
  reload(): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      const { journal, counters } = this.#observability
      if (this.#state !== 'ready') return { ok: false, issues: ['the gateway is stopping'] }
      const before = this.#config
      try {
        const config = await this.#options.load()
        const details = await this.#change(config)
        const changes = [...changesBetween(before, config), ...details]
        counters.reloads.ok += 1
        counters.lastReloadMs = this.#clock.wallMs()
        journal.reloaded('configuration reloaded', { changes })
        return { ok: true, changes, warnings: this.warnings }
      } catch (error) {
        const issues = issuesOf(error)
        counters.reloads.failed += 1
        journal.reloadFailed(issues)
        return { ok: false, issues }
      }
    })
  }

  /**
   * Forgets stored answers of a table.
   *
   * @returns How many; undefined for a table that is not configured.
   */
  purge(name: string, what: PurgeWhat): number | undefined {
    const running = this.#running.tables.get(name)
    if (running === undefined) return undefined
    if (what.kind !== 'key') return running.store?.purge(what) ?? 0
    const key = normaliseKey(what.key, running.config.foldCase)
    return key.kind === 'key' ? (running.store?.purge({ kind: 'key', key: key.key }) ?? 0) : 0
  }

  /**
   * Stops in order: not ready any more, no new connections, answers to what is in flight for at
   * most `stop.drainFor`, the cache file, then everything is closed.
   */
  async stop(): Promise<void> {
    if (this.#state === 'draining' || this.#state === 'stopped') return
    this.#state = 'draining'
    this.#observability.journal.stateChanged('draining')
    this.#fileWatch.stop()
    await this.#changes
    const { listeners, upstreams, tables, admin } = this.#running
    const all = Array.from(listeners.values())
    await Promise.race([Promise.all(all.map((listener) => listener.drain())), this.#drainTime()])
    this.#resolver.stop()
    for (const upstream of upstreams.values()) if (upstream.kind === 'http') upstream.guard.abort()
    // One turn for the replies of lookups that have just been answered.
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all(all.map((listener) => listener.close()))
    this.#cacheFile?.stop()
    await this.#saveAnswers()
    for (const { resilient } of tables.values()) for (const upstream of resilient) upstream.stop()
    for (const upstream of upstreams.values()) if (upstream.kind === 'http') await upstream.pools.destroy()
    this.#observability.history.stop()
    this.#loop.stop()
    this.#state = 'stopped'
    this.#observability.journal.stateChanged('stopped')
    await admin?.close()
    await this.#observability.logging.close()
  }

  #begin(): void {
    const { journal, counters, history } = this.#observability
    for (const { name, protocol, bound } of this.status().listeners) journal.listenerUp(name, bound, protocol)
    this.#state = 'ready'
    counters.lastReloadMs = this.#clock.wallMs()
    journal.stateChanged('ready', { version: this.#options.version, warnings: this.warnings })
    history.start()
    this.#loop.start()
    this.#cacheFile?.saveRegularly(() => this.#storedTables())
  }

  /** Goes over to another configuration. Returns what is worth telling beside the changes in it. */
  async #change(config: LoadedConfig): Promise<readonly string[]> {
    const { redactor, logging, observer } = this.#observability
    // The old secrets stay hidden, since what was begun with them may still be told.
    redactor.setSecrets([...this.#config.secrets, ...config.secrets])
    const { running, dropped, retire } = await change(this.#running, config, this.#changeParts)
    this.#running = running
    this.#config = config
    this.#fileWatch.follow(config.reload === 'watch' ? config.file : undefined)
    logging.reconfigure(logSettings(config.log))
    retire().catch((error) => observer.defect(error, 'reload'))
    return dropped.map(
      ({ table, dropped: count }) =>
        `table ${table}: ${count} stored answers dropped, since what decides about them changed`,
    )
  }

  /** A service refused our credentials: they may have changed on disk. */
  async #refreshSecrets(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state !== 'ready') return
      try {
        await this.#change(await this.#config.reloadSecrets())
      } catch (error) {
        this.#observability.journal.fileTrouble('secrets', '', issuesOf(error).join('; '))
      }
    })
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#changes.then(run)
    this.#changes = turn.catch(() => {})
    return turn
  }

  #drainTime(): Promise<void> {
    // Not the clock's timer: that one would not keep a process alive which has nothing else left.
    return delay(this.#config.stop.drainForMs, undefined, { ref: true })
  }

  #makeCacheFile(path: string | undefined): CacheFile | undefined {
    if (path === undefined) return undefined
    const onWarning = (text: string) => this.#observability.journal.fileTrouble('cache-file', path, text)
    const onSaved = (wallMs: number) => {
      this.#observability.counters.cacheFileSavedMs = wallMs
    }
    return new CacheFile({ path, clock: this.#clock, onWarning, onSaved })
  }

  #makeFileWatch(): FileWatch {
    return new FileWatch({
      clock: this.#clock,
      onChanged: () => void this.reload(),
      onTrouble: (why) =>
        this.#observability.journal.fileTrouble(
          'reload',
          '',
          `the configuration file is not watched any more (${why}); send SIGHUP after changes`,
        ),
    })
  }

  /** The answers of the last run, once. */
  #loadAnswers(next: Running): void {
    if (this.#state !== 'starting' || this.#cacheFile === undefined) return
    const report = this.#cacheFile.load(storedTables(next))
    this.#observability.logging.logger.info(
      { event: 'cache-file', ...report, dropped: Object.fromEntries(report.dropped) },
      'cache file read',
    )
  }

  async #saveAnswers(): Promise<void> {
    await this.#cacheFile?.save(this.#storedTables())
  }

  #storedTables() {
    return storedTables(this.#running)
  }

  #adminPorts(version: string): GatewayPorts {
    const { metrics, events, history, problems, logging, redactor, observer } = this.#observability
    return {
      clock: this.#clock,
      lookup: this,
      status: () => this.status(),
      control: {
        reload: () => this.reload(),
        purge: (table, what) => this.purge(table, what),
        logLevel: () => logging.level,
        setLogLevel: (level) => {
          logging.level = level
        },
        redactedConfig: () => this.#config.redactedConfig,
      },
      metrics,
      events,
      history,
      problems,
      logger: logging.logger,
      renderKey: (key) => logging.renderKey(key),
      redactJson: (json) => redactor.json(json),
      defect: (error, where) => observer.defect(error, where),
      version,
    }
  }
}

function logSettings({ level, keys, hashKey }: LogConfig) {
  return { level, keys, hashKey: hashKey ?? '' }
}

function storedTables({ tables }: Running) {
  return Array.from(tables.values()).flatMap(({ config, store }) =>
    store === undefined ? [] : [{ name: config.name, fingerprint: config.fingerprint, store }],
  )
}
