/** `mapgate serve` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CONFIG_FILE_OPTION } from '../options.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('serve')
    .summary('run the gateway')
    .description(
      `Run the gateway until SIGTERM or SIGINT.

Either ends it cleanly: it takes no new connections, answers what is in flight for at most
stop.drainFor, and exits 0. A second one ends it at once. SIGHUP reads the configuration again;
with a bad file it keeps what it has and says why. With NOTIFY_SOCKET set it tells systemd when
it is ready (systemd-notify; the unit needs NotifyAccess=all).`,
    )
    .option(...CONFIG_FILE_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  mapgate serve
  mapgate serve -c /etc/mapgate/mapgate.yaml

Exit codes: 0 stopped cleanly, 64 wrong command line, 69 cannot listen, 70 stopped by a defect (see
the log), 75 ended by a second signal, 78 bad configuration (every problem is printed as
FILE:LINE:COLUMN).`,
    )
    .action(async (options: { config?: string }) => {
      const { serve } = await import('./serve.ts')
      finish(await serve(options, io))
    })
}
