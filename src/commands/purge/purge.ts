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
    const elsewhere = property(reply.body, 'elsewhere')
    // What Postfix wrote is not asked again of a service: it is gone.
    const isWritten = property(reply.body, 'of') === 'entries'
    const done = isWritten
      ? `${counted(removed, 'entry', 'entries')} removed`
      : `${counted(removed, 'answer')} forgotten`
    io.stdout.write(
      options.json === true
        ? `${JSON.stringify({ table, removed, ...(elsewhere !== undefined && { elsewhere }) })}\n`
        : `${table}: ${done}${elsewhereText(elsewhere)}\n`,
    )
    return EXIT_OK
  } finally {
    await client.close()
  }
}

/** What other gateways did, where there are some. */
function elsewhereText(elsewhere: unknown): string {
  const state = property(elsewhere, 'state')
  if (state === 'later' && property(elsewhere, 'why') === 'full')
    return '; the shared store is full, and the other gateways are told once it takes the purge'
  if (state === 'later')
    return '; the shared store cannot be reached now, and the other gateways are told once it can be reached'
  const [others, confirmed] = [property(elsewhere, 'others'), property(elsewhere, 'confirmed')]
  if (state !== 'sent' || typeof others !== 'number' || typeof confirmed !== 'number') return ''
  if (others === 0) return '; no other gateway shares them now'
  return `; ${confirmed} of ${counted(others, 'other gateway')} did the same`
}

/** `@DOMAIN` alone means a domain, as in virtual(5); an address has something before its `@`. */
function query(key: string | undefined): string {
  if (key === undefined) return ''
  return key.startsWith('@') && key.length > 1
    ? `?domain=${encodeURIComponent(key.slice(1))}`
    : `?key=${encodeURIComponent(key)}`
}
