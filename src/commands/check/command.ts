/** `mapgate check` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CONFIG_FILE_OPTION } from '../options.ts'
import type { CheckOptions } from './check.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('check')
    .summary('find every problem of a configuration')
    .description(
      `Print every problem of a configuration at once, as FILE:LINE:COLUMN: path: what is wrong, and
what would be right. Nothing is started; with --ask the HTTP services are asked, once each.`,
    )
    .option(...CONFIG_FILE_OPTION)
    .option('--ask', 'also ask each endpoint its canary, and show what its caching headers would do')
    .addHelpText(
      'after',
      `
Examples:
  mapgate check
  mapgate check -c /etc/mapgate/mapgate.yaml
  mapgate check --ask

Exit codes: 0 fine, 1 problems or a canary not found, 64 wrong command line, 78 no file.`,
    )
    .action(async (options: CheckOptions) => {
      const { check } = await import('./check.ts')
      finish(await check(options, io))
    })
}
