/** `mapgate purge` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { PurgeOptions } from './purge.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('purge'))
    .summary('forget stored answers, or what Postfix wrote')
    .description(
      `Forget stored answers of a table, so that the service is asked again.

Without KEY all of them; with KEY those for this key; with @DOMAIN those for every key of this
domain. Of a table that Postfix writes (a store) the entries go, and Postfix learns them again;
to keep them, save them before with mapgate store export. It needs the role operator.`,
    )
    .argument('<table>', 'a table name')
    .argument('[key]', 'a key, or @DOMAIN for every key of a domain')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate purge aliases
  mapgate purge aliases sales@lighthouse.example
  mapgate purge aliases @lighthouse.example

Exit codes: 0 done, 64 wrong command line, 69 gateway not reachable, 75 the store cannot be
written, 77 no such table, or not allowed.
${ADMIN_HELP}`,
    )
    .action(async (table: string, key: string | undefined, options: PurgeOptions) => {
      const { purge } = await import('./purge.ts')
      finish(await purge(table, key, options, io))
    })
}
