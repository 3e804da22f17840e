/** `mapgate main-cf` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CONFIG_FILE_OPTION, type ConfigFileOptions } from '../options.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('main-cf')
    .summary("print the lines for Postfix's main.cf")
    .description(
      `Print the lines for Postfix's main.cf: every table on every listener, in the forms that Postfix
accepts. Tables that say what they are usedBy get whole lines.`,
    )
    .option(...CONFIG_FILE_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  mapgate main-cf -c /etc/mapgate/mapgate.yaml

Exit codes: 0 printed, 64 wrong command line, 78 bad configuration.`,
    )
    .action(async (options: ConfigFileOptions) => {
      const { printMainCf } = await import('./main-cf.ts')
      finish(await printMainCf(options, io))
    })
}
