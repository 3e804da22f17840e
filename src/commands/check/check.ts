/**
 * `mapgate check [-c FILE] [--ask]`: every problem of a configuration file at once, or the
 * sentence that there is none. Exit code 0 or 1.
 */
import { ConfigError, type ConfigIssue, formatIssue } from '../../config/issue.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { adviceLine, outageAdvice } from '../../config/outage-advice.ts'
import type { Kinds } from '../../gateway/kinds.ts'
import { KINDS, settingsKinds } from '../../gateway/load-config.ts'
import { counted } from '../../presentation/format.ts'
import { printable } from '../../presentation/printable.ts'
import type { UpstreamKinds } from '../../upstreams/registry.ts'
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { loadForCommand } from '../load-for-command.ts'
import type { ConfigFileOptions } from '../options.ts'

/** Asks each endpoint its canary and prints what came back. @returns False when one did not know it. */
type AskEndpoints = (config: LoadedConfig, io: CommandIo, kinds: UpstreamKinds) => Promise<boolean>

export interface CheckOptions extends ConfigFileOptions {
  /** Also ask the services. */
  readonly ask?: boolean
  /** Ask the running gateway, and nothing else. */
  readonly outage?: boolean
}

/** Runs `check`. @param ask What `--ask` does. */
export async function check(
  options: CheckOptions,
  io: CommandIo,
  ask: AskEndpoints = realAsk,
  kinds = KINDS,
): Promise<number> {
  try {
    const { config, shownAs } = await loadForCommand(options.config, io, { asUnit: true }, kinds)
    printWarnings(config.warnings, io)
    io.stdout.write(`${shownAs}: ${summary(config)}\n`)
    printOutageAdvice(config, io, kinds)
    if (options.ask !== true) return EXIT_OK
    return (await ask(config, io, kinds.upstreams)) ? EXIT_OK : EXIT_NOT_FOUND
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const issue of error.issues) io.stderr.write(`${printable(formatIssue(issue))}\n`)
    printWarnings(error.warnings, io)
    return EXIT_NOT_FOUND
  }
}

/** Loaded when it is asked for: it brings the HTTP client. */
async function realAsk(config: LoadedConfig, io: CommandIo, kinds: UpstreamKinds): Promise<boolean> {
  const { askCanaries } = await import('./ask.ts')
  return askCanaries(config, io, kinds)
}

/** Warnings go where problems go: `check > /dev/null` still shows both. */
function printWarnings(warnings: readonly ConfigIssue[], io: CommandIo): void {
  for (const issue of warnings) {
    io.stderr.write(`${printable(formatIssue({ ...issue, message: `warning: ${issue.message}` }))}\n`)
  }
}

/**
 * What an outage would stop, although it flowed before, and what to write:
 *
 *   in an outage, tables.aliases: mail to mailboxes that have no alias waits, unless you write cache.staleNotFound: { for: 1d, ifFoundIn: mailboxes }
 */
function printOutageAdvice(config: LoadedConfig, io: CommandIo, kinds: Kinds): void {
  for (const table of config.tables.values()) {
    for (const advice of outageAdvice(table, config, settingsKinds(kinds)))
      io.stdout.write(`${adviceLine(table.name, advice)}\n`)
  }
}

function summary({ tables, upstreams, listeners, warnings }: LoadedConfig): string {
  const parts = [
    counted(tables.size, 'table'),
    counted(upstreams.size, 'upstream'),
    counted(listeners.length, 'listener'),
  ]
  if (warnings.length > 0) parts.push(counted(warnings.length, 'warning'))
  return `fine: ${parts.join(', ')}`
}
