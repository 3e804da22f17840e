/** `mapgate reload` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { ReloadOptions } from './reload.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('reload'))
    .summary('make a running gateway read its configuration again')
    .description(
      `Make a running gateway read its configuration file again, as SIGHUP does, and report what is
wrong with it. With a bad file the gateway keeps what it has. It needs the role operator.`,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate check -c /etc/mapgate/mapgate.yaml && mapgate reload

Exit codes: 0 taken over, 64 wrong command line, 69 gateway not reachable, 77 not allowed, 78 bad
configuration.
${ADMIN_HELP}`,
    )
    .action(async (options: ReloadOptions) => {
      const { reload } = await import('./reload.ts')
      finish(await reload(options, io))
    })
}
