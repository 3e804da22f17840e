/** `mapgate check` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { AdminOptions } from '../admin-target.ts'
import type { CommandContext } from '../context.ts'
import { CommandError, EXIT_USAGE } from '../exit-codes.ts'
import { CONFIG_FILE_OPTION } from '../options.ts'
import type { CheckOptions } from './check.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('check')
    .summary('find every problem of a configuration')
    .description(
      `Print every problem of a configuration at once, as FILE:LINE:COLUMN: path: what is wrong, and
what would be right. Nothing is started; with --ask the HTTP services are asked: each its canary, and
for the list of a replica, of which 20 entries are asked one by one; before that their token
endpoints, where they have some. With --outage the running gateway is asked instead, which of the last ten minutes' lookups it would answer if its services
died now, which keys would be deferred, why, and what to write.`,
    )
    .option(...CONFIG_FILE_OPTION)
    .option(
      '--ask',
      'also ask each endpoint its canary, show what its caching headers would do, and try the lists of replicas',
    )
    .option('--outage', 'ask the running gateway what an outage would defer now')
    .option(
      '--admin <address>',
      "with --outage: the gateway's admin API: http://HOST:PORT, https://HOST:PORT or unix:PATH",
    )
    .option('--token-file <file>', 'with --outage: a file that holds the token for the admin API')
    .addHelpText(
      'after',
      `
Examples:
  mapgate check
  mapgate check -c /etc/mapgate/mapgate.yaml
  mapgate check --ask
  mapgate check --outage

Exit codes: 0 fine, 1 problems, a canary not found, no access token, or less than 90 % answered in
an outage, 64 wrong command line, 69 gateway not reachable, 77 not allowed, 78 no file.`,
    )
    .action(async (options: CheckOptions & AdminOptions) => {
      if (options.outage === true && options.ask === true)
        throw new CommandError(EXIT_USAGE, '--ask and --outage are two questions; ask one at a time')
      const adminOption = options.admin === undefined ? options.tokenFile && '--token-file' : '--admin'
      if (options.outage !== true && adminOption !== undefined)
        throw new CommandError(
          EXIT_USAGE,
          `${adminOption} is only for --outage; without it no gateway is asked`,
        )
      if (options.outage === true) {
        const { checkOutage } = await import('./outage.ts')
        finish(await checkOutage(options, io))
        return
      }
      const { check } = await import('./check.ts')
      finish(await check(options, io))
    })
}
