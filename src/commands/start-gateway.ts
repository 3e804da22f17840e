/**
 * Loads a configuration and starts a gateway with it: what `serve` and `demo` have in common.
 */
import { ConfigError, formatIssue } from '../config/issue.ts'
import { Gateway } from '../gateway.ts'
import { counted } from '../presentation/format.ts'
import { printable } from '../presentation/printable.ts'
import { ListenError } from '../server/listen-error.ts'
import { UnusableFiles } from '../upstreams/own-folder.ts'
import { CommandError, EXIT_CONFIG, EXIT_UNREACHABLE } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { loadForCommand } from './load-for-command.ts'
import type { RunningGateway } from './running-gateway.ts'
import { version } from './version.ts'

/**
 * Starts a gateway.
 *
 * @param named The configuration file as it was typed; undefined: the first default that is there.
 * @throws CommandError (rejects) when it cannot be started; every problem of a bad configuration
 *   has then been printed.
 */
export type StartGateway = (named: string | undefined, io: CommandIo) => Promise<RunningGateway>

/** The real one. */
export const startGateway: StartGateway = async (named, io) => {
  // A reload means the file of the start, also when another default file has come since.
  let file = named
  const load = async () => {
    const { config, shownAs } = await loadForCommand(file, io)
    file = shownAs
    return config
  }
  try {
    return await Gateway.start({ load, version: version() })
  } catch (error) {
    if (error instanceof ListenError || error instanceof UnusableFiles)
      throw new CommandError(EXIT_UNREACHABLE, error.message)
    if (!(error instanceof ConfigError)) throw error
    for (const issue of error.issues) io.stderr.write(`${printable(formatIssue(issue))}\n`)
    throw new CommandError(
      EXIT_CONFIG,
      `not started: ${counted(error.issues.length, 'problem')} in the configuration`,
    )
  }
}
