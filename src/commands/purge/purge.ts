/**
 * `mapgate purge`: makes a running gateway forget stored answers.
 */

import { counted } from '../../presentation/format.ts'
import { AdminClient, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT, EXIT_TEMPORARY, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

export interface PurgeOptions extends AdminOptions {
  readonly json?: boolean
}

/**
 * @param key A key; `@DOMAIN` for every key of a domain; undefined for the whole table.
 */
export async function purge(
  table: string,
  key: string | undefined,
  options: PurgeOptions,
  io: CommandIo,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const reply = await client.send(
      'DELETE',
      `/api/v1/tables/${encodeURIComponent(table)}/cache${query(key)}`,
    )
    const { shown } = client.target
    if (reply.problem !== undefined) {
      const code = reply.problem === 'store-failed' ? EXIT_TEMPORARY : EXIT_PERMANENT
      throw new CommandError(code, `${shown}: ${problemText(reply.body) ?? 'no such table'}`)
    }
    const removed = property(reply.body, 'removed')
    if (typeof removed !== 'number') {
      throw new CommandError(EXIT_UNREACHABLE, `${shown}: the reply does not say how many; is this mapgate?`)
    }
    io.stdout.write(
      options.json === true
        ? `${JSON.stringify({ table, removed })}\n`
        : `${table}: ${counted(removed, 'answer')} forgotten\n`,
    )
    return EXIT_OK
  } finally {
    await client.close()
  }
}

/** `@DOMAIN` alone means a domain, as in virtual(5); an address has something before its `@`. */
function query(key: string | undefined): string {
  if (key === undefined) return ''
  return key.startsWith('@') && key.length > 1
    ? `?domain=${encodeURIComponent(key.slice(1))}`
    : `?key=${encodeURIComponent(key)}`
}
