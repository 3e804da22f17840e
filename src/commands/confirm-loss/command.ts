/** `mapgate confirm-loss` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { ConfirmLossOptions } from './confirm-loss.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('confirm-loss'))
    .summary('say that lost keys are gone on purpose')
    .description(
      `Say that the keys which the service of a table lost are gone on purpose, so that "not found" is
believed again.

When a service says "not found" of many keys that it found before, mapgate takes that for lost
data: stored answers go on being served, and other mail waits. mapgate status says so. It needs
the role operator.`,
    )
    .argument('<table>', 'a table name')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate confirm-loss mailboxes

Exit codes: 0 done, or there was no loss, 64 wrong command line, 69 gateway not reachable, 77 no
such table, or not allowed.
${ADMIN_HELP}`,
    )
    .action(async (table: string, options: ConfirmLossOptions) => {
      const { confirmLoss } = await import('./confirm-loss.ts')
      finish(await confirmLoss(table, options, io))
    })
}
