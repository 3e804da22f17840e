/** `mapgate demo` on the command line: its arguments, options and help. */
import { Command, InvalidArgumentError } from 'commander'
import type { CommandContext } from '../context.ts'
import { DEMO_PORT, MAX_DEMO_PORT } from './ports.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('demo')
    .summary('run an example, and print lines to try')
    .description(
      `Run a small HTTP directory of a made-up company in a process of its own, and a gateway over it,
on 127.0.0.1; print postmap, mapgate and curl lines that work when pasted. Ctrl-C ends both, and
so does closing the terminal.

Its configuration is examples/demo.yaml of the package, its data is in examples/directory.`,
    )
    .option(
      '-p, --port <number>',
      'the first of six ports: socketmap, tcp_table, admin, directory, policy, sasl',
      port,
      DEMO_PORT,
    )
    .addHelpText(
      'after',
      `
Examples:
  mapgate demo
  mapgate demo --port 9464

Exit codes: 0 ended, 64 wrong command line, 69 a port is taken.`,
    )
    .action(async (options: { port: number }) => {
      const { demo } = await import('./demo.ts')
      finish(await demo(options, io))
    })
}

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= MAX_DEMO_PORT) return value
  throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_DEMO_PORT}.`)
}
