/**
 * `mapgate main-cf [-c FILE]`: the lines for main.cf, for every table and listener, in the
 * forms that Postfix accepts. The output is itself valid main.cf text: parameters and comments.
 */
import { ConfigError } from '../../config/issue.ts'
import type { PathKind } from '../../config/read-file.ts'
import { ANY_USER } from '../../config/this-user.ts'
import { KINDS } from '../../gateway/load-config.ts'
import { CommandError, EXIT_CONFIG, EXIT_OK } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { loadForCommand } from '../load-for-command.ts'
import { type ConfigFileOptions, checkCommand } from '../options.ts'
import { mainCf } from './lines.ts'

/** The lines may be for another machine, whose folders are not here. */
const NOTHING_IS_OPENED = {
  lookAtPath: async (): Promise<PathKind> => 'unknown',
  tryFolder: async () => undefined,
  trySocket: async () => undefined,
  user: ANY_USER,
}

/** Runs `main-cf`. */
export async function printMainCf(
  { config }: ConfigFileOptions,
  io: CommandIo,
  kinds = KINDS,
): Promise<number> {
  try {
    const loaded = await loadForCommand(config, io, NOTHING_IS_OPENED, kinds)
    io.stdout.write(mainCf(loaded.config, kinds))
    return EXIT_OK
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CommandError(
      EXIT_CONFIG,
      `the configuration has problems; see them with: ${checkCommand(config)}\n${error.message}`,
    )
  }
}
