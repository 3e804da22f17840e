/** `mapgate status` on the command line: its arguments, options and help. */
import { Command, InvalidArgumentError } from 'commander'
import { WINDOW_SECONDS } from '../../presentation/rates.ts'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { StatusOptions } from './status.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('status'))
    .summary('show tables, upstreams, listeners and rates')
    .description(
      `Show how a running gateway is: its tables with rates, hit ratio and latency, its upstreams with
circuits and queues, canaries and listeners. Rates are those of the last ${WINDOW_SECONDS} seconds.`,
    )
    .option('-w, --watch', 'draw it on the terminal again and again, until Ctrl-C')
    .option('-n, --interval <seconds>', 'time between two looks', seconds, 2)
    .option('--json', 'print JSON; with --watch one line for each look')
    .addHelpText(
      'after',
      `
Examples:
  mapgate status
  mapgate status --watch
  mapgate status --json | jq .tables

Exit codes: 0 shown, 64 wrong command line, 69 gateway not reachable, 77 not allowed.
${ADMIN_HELP}`,
    )
    .action(async (options: StatusOptions) => {
      const { status } = await import('./status.ts')
      finish(await status(options, io))
    })
}

/** Shortest and longest time between two looks, in seconds. Ours: a look is a few requests. */
const MIN_INTERVAL_SECONDS = 0.2
const MAX_INTERVAL_SECONDS = 3600

function seconds(text: string): number {
  const value = Number(text)
  if (value >= MIN_INTERVAL_SECONDS && value <= MAX_INTERVAL_SECONDS) return value
  throw new InvalidArgumentError(`Expected ${MIN_INTERVAL_SECONDS} to ${MAX_INTERVAL_SECONDS} seconds.`)
}
