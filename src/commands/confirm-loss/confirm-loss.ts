/**
 * `mapgate confirm-loss`: the operator's word that the keys which a service lost are gone on purpose.
 */
import { AdminClient, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

export interface ConfirmLossOptions extends AdminOptions {
  readonly json?: boolean
}

export async function confirmLoss(
  table: string,
  options: ConfirmLossOptions,
  io: CommandIo,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const reply = await client.send('POST', `/api/v1/tables/${encodeURIComponent(table)}/confirm-loss`)
    const { shown } = client.target
    if (reply.problem !== undefined)
      throw new CommandError(EXIT_PERMANENT, `${shown}: ${problemText(reply.body) ?? 'no such table'}`)
    const confirmed = property(reply.body, 'confirmed')
    if (typeof confirmed !== 'boolean')
      throw new CommandError(EXIT_UNREACHABLE, `${shown}: the reply says nothing; is this mapgate?`)
    const text = confirmed
      ? `${table}: confirmed, "not found" is believed again`
      : `${table}: no loss is held back, nothing to confirm`
    io.stdout.write(options.json === true ? `${JSON.stringify({ table, confirmed })}\n` : `${text}\n`)
    return EXIT_OK
  } finally {
    await client.close()
  }
}
