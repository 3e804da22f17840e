/**
 * Which configuration file a command means.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CommandIo } from './io.ts'

/** Where the configuration is when nothing says otherwise; the first that is there counts. */
export const DEFAULT_CONFIG_FILES: readonly string[] = ['./mapgate.yaml', '/etc/mapgate/mapgate.yaml']

/**
 * The file that was named, or the first default that is there, as an absolute path.
 *
 * A named file need not be there: whoever reads it says so.
 */
export async function findConfigFile(named: string | undefined, io: CommandIo): Promise<string | undefined> {
  if (named !== undefined) return resolve(io.cwd, named)
  for (const name of DEFAULT_CONFIG_FILES) {
    const file = resolve(io.cwd, name)
    if (await isThere(file)) return file
  }
  return undefined
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file, constants.F_OK)
    return true
  } catch {
    // Absent, or in a folder that this user may not look into: not a default then.
    return false
  }
}
