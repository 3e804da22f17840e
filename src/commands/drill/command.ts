/** `mapgate drill` on the command line: its arguments, options and help. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { MAX_DRILL_MS, MIN_DRILL_MS } from '../../core/observed/drill-report.ts'
import { parseDuration } from '../../schema/units.ts'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { DrillOptions } from './drill.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('drill'))
    .summary('try an outage of an upstream')
    .description(
      `Treat an upstream as dead for a while, and show what became of the lookups meanwhile.

Nothing is sent to it, as if every endpoint refused the connection, canaries included. Mail that
needs what is not stored is deferred, and tried again by its sender. The drill ends by itself,
with Ctrl-C, with --stop, and with a reload or the end of the gateway. It needs the role operator.

While no endpoint of the upstream answers, no drill begins: that is an outage. The same is said
at the end when the service fails then.`,
    )
    .argument('<upstream>', 'the name of an upstream')
    .addOption(
      new Option('--for <duration>', 'how long, 1s to 1h').argParser(durationMs).default(60_000, '60s'),
    )
    .addOption(
      new Option('--stop', 'end the drill under way, also one that was begun elsewhere').conflicts('for'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate drill directory
  mapgate drill --for 5m directory
  mapgate drill --stop directory

Exit codes: 0 done, 64 wrong command line, it cannot begin, or none is under way, 69 gateway not
reachable, 77 no such upstream, or not allowed.
${ADMIN_HELP}`,
    )
    .action(async (upstream: string, options: DrillOptions) => {
      const { drill } = await import('./drill.ts')
      finish(await drill(upstream, options, io))
    })
}

function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < MIN_DRILL_MS || ms > MAX_DRILL_MS || ms % 1000 !== 0)
    throw new InvalidArgumentError('give whole seconds or minutes, at most 1h, such as 60s or 5m.')
  return ms
}
