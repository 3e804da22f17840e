/**
 * The changes of configuration, one after the other: reloads, as somebody asks for them or the watched file
 * changes, and secrets that are read again after a service refused them.
 */

import type { ReloadReport } from '../admin/ports.ts'
import { ConfigError, formatIssue } from '../config/issue.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/system/error-code.ts'
import { changesBetween } from './changes.ts'
import { FileWatch } from './file-watch.ts'
import type { Change } from './generation.ts'
import type { ProgramState } from './program-state.ts'
import type { Telemetry } from './telemetry.ts'

/**
 * Shortest time between two readings of the secrets, ms: a rotated token takes effect without a reload, and a
 * service that refuses everything does not make the disk busy. Source: docs/configuration.md, secrets.
 */
const MIN_SECRETS_INTERVAL_MS = 60_000

/** Why a reload is refused at the end. */
const STOPPING: ReloadReport = { ok: false, issues: ['mapgate is stopping'] }

interface ReloadsOptions {
  readonly state: ProgramState
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly load: () => Promise<LoadedConfig>
  /** Goes over from what runs to another configuration. */
  readonly apply: (config: LoadedConfig) => Promise<Change>
  /** What is worth a thought in the configuration in use. */
  readonly warnings: () => readonly string[]
  /** Called when somebody's reload has taken effect. */
  readonly onReloaded: () => void
}

export class Reloads {
  readonly #options: ReloadsOptions
  readonly #fileWatch: FileWatch
  #secretsReadMs = Number.NEGATIVE_INFINITY
  /** Each turn waits for the one before. */
  #turns: Promise<unknown> = Promise.resolve()
  /** The change under way: the part of a turn that has read its files. */
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: ReloadsOptions) {
    const { clock, telemetry } = options
    this.#options = options
    this.#fileWatch = new FileWatch({
      clock,
      onChanged: () => void this.reload(),
      onTrouble: (folder, why) =>
        telemetry.observability.eventLog.fileTrouble(
          'reload',
          folder,
          `changes in ${folder} are not seen (${why}); run mapgate reload after them`,
        ),
    })
  }

  /** Reads the configuration again and takes it over; a bad one changes nothing and is a report. */
  reload(): Promise<ReloadReport> {
    return this.inTurn(async () => {
      const { state, telemetry, clock, load, warnings, onReloaded } = this.#options
      const { eventLog, counters } = telemetry.observability
      if (state.phase !== 'ready') return STOPPING
      const before = state.generation.config
      try {
        const config = await load()
        if (state.phase !== 'ready') return STOPPING
        const details = await this.change(config)
        onReloaded()
        const changes = [...changesBetween(before, config), ...details]
        counters.reloads.ok += 1
        counters.lastReloadMs = clock.wallMs()
        eventLog.configurationWarned(warnings())
        eventLog.reloaded('configuration reloaded', { changes })
        return { ok: true, changes, warnings: warnings() }
      } catch (error) {
        const issues = issuesOf(error)
        counters.reloads.failed += 1
        eventLog.reloadFailed(issues)
        return { ok: false, issues }
      }
    })
  }

  /** Called when a service refused our credentials, or TLS failed: they may have changed on disk. */
  credentialsRefused(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#secretsReadMs < MIN_SECRETS_INTERVAL_MS) return
    this.#secretsReadMs = nowMs
    void this.#refreshSecrets()
  }

  /** Goes over to a configuration. Returns what is worth telling beside the changes in it. */
  change(config: LoadedConfig): Promise<readonly string[]> {
    const changed = this.#changeTo(config)
    this.#changing = changed.catch(() => {}) // reported to the caller
    return changed
  }

  /** Begins nothing new, and waits for the change under way. */
  async stop(): Promise<void> {
    this.#fileWatch.stop()
    // Not for a load: nothing of it is taken over any more, and the disk may never answer.
    await this.#changing
  }

  async #changeTo(config: LoadedConfig): Promise<readonly string[]> {
    const { telemetry, apply } = this.#options
    telemetry.expect(config)
    const { answers, restartedCircuits, files, retire } = await apply(config)
    const watched = config.reload === 'watch' ? [config.file, ...config.files] : []
    void this.#fileWatch.follow(watched, config.readAtMs)
    telemetry.follow(config)
    retire().catch((error) => telemetry.observability.observer.defect(error, 'reload'))
    return [
      ...files,
      ...restartedCircuits.map((name) => `upstream ${name}: its circuits were reset`),
      ...answers.kept.map(({ table, count }) => `table ${table}: ${storedAnswers(count)} kept`),
      ...answers.dropped.map(
        ({ table, count }) =>
          `table ${table}: ${storedAnswers(count)} dropped, since what decides about them changed`,
      ),
      ...answers.copies.map(
        ({ table, entries, changed }) =>
          `table ${table}: the copy of ${entries === 1 ? '1 entry' : `${entries} entries`} is not used any more, since its list is another one now (changed: ${changed.join(', ')}); put it back before a new list is there, and the copy is used again`,
      ),
    ]
  }

  #refreshSecrets(): Promise<void> {
    const { state, telemetry } = this.#options
    return this.inTurn(async () => {
      if (state.phase !== 'ready') return
      try {
        const config = await state.generation.config.reloadSecrets()
        if (state.phase === 'ready') await this.change(config)
      } catch (error) {
        telemetry.observability.eventLog.fileTrouble('secrets', '', issuesOf(error).join('; '))
      }
    })
  }

  /** Runs what no reload may come between, the start for one; reloads that are asked for meanwhile follow. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(run)
    this.#turns = turn.catch(() => {}) // reported to the caller; the next one does not depend on it
    return turn
  }
}

function storedAnswers(count: number): string {
  return count === 1 ? '1 stored answer' : `${count} stored answers`
}

/** One line for each problem: all those of a bad configuration, else the one that ended it. */
function issuesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.issues.map(formatIssue)
  return [messageOf(error)]
}
