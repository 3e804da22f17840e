/** `mapgate schema` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('schema')
    .summary('print the JSON Schema of the configuration, for editors')
    .description(
      `Print the JSON Schema of the configuration. An editor with YAML support then completes keys and
explains them; the first line of the file names it:
  # yaml-language-server: $schema=./mapgate.schema.json`,
    )
    .addHelpText(
      'after',
      `
Examples:
  mapgate schema > mapgate.schema.json

Exit codes: 0 printed, 64 wrong command line.`,
    )
    .action(async () => {
      const { schema } = await import('./schema.ts')
      finish(schema(io))
    })
}
