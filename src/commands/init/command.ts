/** `mapgate init` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('init')
    .summary('write a commented first mapgate.yaml')
    .description('Write a commented first ./mapgate.yaml. A file that is already there stays as it is.')
    .addHelpText(
      'after',
      `
Examples:
  mapgate init && mapgate check

Exit codes: 0 written, 64 wrong command line, 77 the file is there already or cannot be written.`,
    )
    .action(async () => {
      const { init } = await import('./init.ts')
      finish(await init(io))
    })
}
