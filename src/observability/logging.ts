/**
 * The log: one JSON object per line on standard output, or readable lines when that is a terminal.
 *
 * No lookup waits for it, and no error of it stops anything: lines that cannot be written are
 * dropped and counted (`mapgate_log_lines_dropped_total`), see log-writer.ts.
 */
import { pino } from 'pino'
import type { LogLevel } from '../core/settings/log-level.ts'
import { type KeyStyle, keyRenderer, type RenderKey } from './log-key.ts'
import { LogWriter } from './log-writer.ts'
import { readableLine } from './readable-line.ts'
import type { Redactor } from './redaction.ts'

export type Logger = pino.Logger

/**
 * Most text that waits to be written, in characters. Ours: some thousand lines, enough for the
 * second that a busy log collector needs, little enough to lose without regret.
 */
const MAX_WAITING_LENGTH = 1024 * 1024

/** Longest that stopping waits for a reader of the log, ms. Ours: the lines are worth less than the restart. */
const CLOSE_TIMEOUT_MS = 1000

/** Where the log goes and how. */
interface LoggingOptions {
  readonly level: LogLevel
  readonly keys: KeyStyle
  /** `log.hashKey`; without one, hashes are only comparable until the program ends. */
  readonly hashKey: string
  readonly redactor: Redactor
  /** File descriptor; default standard output. */
  readonly fd?: number
  /** Readable lines instead of JSON; default: when `fd` is a terminal. */
  readonly pretty?: boolean
  /** Default {@link MAX_WAITING_LENGTH}. */
  readonly maxWaitingLength?: number
  /** Called for each loss of lines, with the reason in words. */
  readonly onDropped?: (why: string) => void
}

/** The log of one program. */
export class Logging {
  readonly logger: Logger
  readonly #writer: LogWriter
  #debugs: boolean
  #renderKey: RenderKey

  /** @param format Makes a readable line of a JSON line; undefined leaves it as it is. */
  constructor(options: LoggingOptions, format: ((line: string) => string) | undefined) {
    const { redactor, fd = 1, maxWaitingLength = MAX_WAITING_LENGTH } = options
    this.#renderKey = keyRenderer(options.keys, options.hashKey)
    const writer = new LogWriter(fd, maxWaitingLength, options.onDropped)
    this.#writer = writer
    const write = (line: string): void => {
      const redacted = redactor.json(line)
      writer.write(format === undefined ? redacted : format(redacted))
    }
    this.logger = pino(
      {
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write },
    )
    this.#debugs = this.logger.isLevelEnabled('debug')
  }

  /** Lines thrown away so far. */
  get droppedLines(): number {
    return this.#writer.dropped
  }

  get level(): LogLevel {
    return this.logger.level as LogLevel
  }

  set level(level: LogLevel) {
    this.logger.level = level
    this.#debugs = this.logger.isLevelEnabled('debug')
  }

  /** True when a line is written for every lookup: asked at each of them, so it is kept ready. */
  get debugs(): boolean {
    return this.#debugs
  }

  /** Shows a key as `log.keys` says. */
  renderKey(key: Buffer | string): string | undefined {
    return this.#renderKey(key)
  }

  /** Takes over the settings of a reloaded configuration. */
  reconfigure(settings: {
    readonly level: LogLevel
    readonly keys: KeyStyle
    readonly hashKey: string
  }): void {
    this.level = settings.level
    this.#renderKey = keyRenderer(settings.keys, settings.hashKey)
  }

  /**
   * Writes what waits, and gives up when nobody reads it: stopping must not hang on the log.
   *
   * A write that the system holds cannot be taken back, so the program must then be ended by
   * `process.exit`, which does not wait for it.
   */
  close(timeoutMs: number = CLOSE_TIMEOUT_MS): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        this.#writer.destroy()
        resolve()
      }
      const timer = setTimeout(finish, timeoutMs)
      this.#writer.flush(finish)
    })
  }
}

/** Opens the log. */
export function openLogging(options: LoggingOptions): Logging {
  const pretty = options.pretty ?? (options.fd === undefined && process.stdout.isTTY === true)
  return new Logging(options, pretty ? readableLine : undefined)
}
