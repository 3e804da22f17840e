/** `mapgate replica` on the command line: its arguments, options and help. */
import { Argument, Command } from 'commander'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import { ACTIONS, type ReplicaAction, type ReplicaOptions } from './actions.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('replica'))
    .summary('look at the copy of a table, and decide about it')
    .description(
      `Look at the copy of a table that is kept here as a whole, and decide about it.

status shows how many entries it has and how old it is; refresh asks for the list now, or for the
changes where the table has a route for them, and waits for it; accept takes a list into use that
was kept aside because it lacks many keys, reject forgets it. All but status need the role operator.`,
    )
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('<table>', 'a table name')
    .option('--whole', 'refresh: ask for the whole list, not for the changes')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate replica status mailboxes
  mapgate replica refresh mailboxes
  mapgate replica refresh mailboxes --whole
  mapgate replica accept mailboxes

Exit codes: 0 done, 64 wrong command line, 69 gateway not reachable, 75 the list was not taken
over, 77 no such table, no replica, nothing to decide, or not allowed.
${ADMIN_HELP}`,
    )
    .action(async (action: ReplicaAction, table: string, options: ReplicaOptions) => {
      const { replica } = await import('./replica.ts')
      finish(await replica(action, table, options, io))
    })
}
