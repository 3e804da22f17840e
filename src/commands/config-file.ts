/**
 * Which configuration file a command means.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CredentialFolders } from '../config/credentials.ts'
import { whyForeign } from './foreign-file.ts'
import type { CommandIo } from './io.ts'

/** The folder of the configuration that a package installs, which the unit reads. */
export function configFolder({ configFolder = '/etc/mapgate' }: CommandIo): string {
  return configFolder
}

/** Where root's commands find the credentials of the service. @param first Which counts where they differ. */
export function credentialFolders(io: CommandIo, first: CredentialFolders['first']): CredentialFolders {
  const { unitCredentials = '/run/credentials/mapgate.service' } = io
  return { running: unitCredentials, secrets: join(configFolder(io), 'secrets'), first }
}

/** Where the configuration is when nothing says otherwise; the first that is there counts. */
export function defaultConfigFiles(io: CommandIo): readonly string[] {
  return ['./mapgate.yaml', join(configFolder(io), 'mapgate.yaml')]
}

/**
 * The file that was named, or the first default that is there and can be nobody else's, as an absolute path.
 *
 * A named file need not be there: the reader reports it.
 */
export async function findConfigFile(named: string | undefined, io: CommandIo): Promise<string | undefined> {
  if (named !== undefined) return resolve(io.cwd, named)
  for (const name of defaultConfigFiles(io)) {
    const file = resolve(io.cwd, name)
    if (!(await isThere(file))) continue
    const why = await whyForeign(file).catch(() => 'it cannot be looked at')
    if (why === undefined) return file
    io.stderr.write(`mapgate: ${name} is ignored: ${why}; pass it with -c if you trust it\n`)
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
