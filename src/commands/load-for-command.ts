/**
 * Loads the configuration that a command means: `-c FILE`, else the first default file.
 */
import { dirname, relative } from 'node:path'
import type { LoadedConfig } from '../config/load.ts'
import { readTextFile } from '../config/read-file.ts'
import type { ThisUser } from '../config/this-user.ts'
import { unitUser } from '../config/unit-user.ts'
import { KINDS, type LoadOptions, loadConfig, settingsKinds } from '../gateway/load-config.ts'
import { mainCfAdvice } from '../gateway/main-cf/advice.ts'
import { configFolder, credentialFolders, defaultConfigFiles, findConfigFile } from './config-file.ts'
import { CommandError, EXIT_CONFIG } from './exit-codes.ts'
import type { CommandIo } from './io.ts'

/** A configuration and the name to call its file by. */
interface CommandConfig {
  readonly config: LoadedConfig
  readonly shownAs: string
}

interface CommandLoad extends Pick<LoadOptions, 'lookAtPath' | 'tryFolder' | 'trySocket' | 'user'> {
  /** What counts is what the systemd unit may do, where the file is the one that it reads: root itself may do everything. */
  readonly asUnit?: boolean
}

/**
 * @param named The value of `-c`.
 * @throws CommandError (rejects) when there is no file; ConfigError when something is wrong in it.
 */
export async function loadForCommand(
  named: string | undefined,
  io: CommandIo,
  { asUnit = false, ...options }: CommandLoad = {},
  kinds = KINDS,
): Promise<CommandConfig> {
  const file = await findConfigFile(named, io)
  if (file === undefined) {
    const message = `there is no ${defaultConfigFiles(io).join(' and no ')}; name a file with -c, or write one with "mapgate init"`
    throw new CommandError(EXIT_CONFIG, message)
  }
  const near = relative(io.cwd, file)
  const shownAs = named ?? (near.startsWith('..') ? file : near)
  const isOfUnit = asUnit && dirname(file) === configFolder(io)
  const user = isOfUnit ? await (io.unitUser ?? unitUserForRoot)() : undefined
  const config = await loadConfig(file, {
    ...options,
    ...(user && { user }),
    env: io.env,
    shownAs,
    kinds: settingsKinds(kinds),
    advise: (config) => mainCfAdvice(config, kinds),
    credentials: credentialFolders(io, 'secrets'),
  })
  return { config, shownAs }
}

async function unitUserForRoot(): Promise<ThisUser | undefined> {
  return process.getuid?.() === 0 ? unitUser(readTextFile) : undefined
}
