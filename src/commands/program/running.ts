/**
 * The commands that run a gateway: serve and demo.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { DEMO_PORT, MAX_DEMO_PORT } from '../demo/ports.ts'
import type { ProgramContext } from '../program.ts'

export function addRunningCommands(program: Command, context: ProgramContext): void {
  addServe(program, context)
  addDemo(program, context)
}

function addServe(program: Command, { io, finish }: ProgramContext): void {
  program
    .command('serve')
    .summary('run the gateway')
    .description(
      `Run the gateway until SIGTERM or SIGINT.

Either ends it cleanly: it takes no new connections, answers what is in flight for at most
stop.drainFor, and exits 0. A second one ends it at once. SIGHUP reads the configuration again;
with a bad file it keeps what it has and says why. With NOTIFY_SOCKET set it tells systemd when
it is ready (systemd-notify; the unit needs NotifyAccess=all).`,
    )
    .option(
      '-c, --config <file>',
      'the configuration (default: ./mapgate.yaml, then /etc/mapgate/mapgate.yaml)',
    )
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
      const { serve } = await import('../serve.ts')
      finish(await serve(options, io))
    })
}

function addDemo(program: Command, { io, finish }: ProgramContext): void {
  program
    .command('demo')
    .summary('run an example, and print lines to try')
    .description(
      `Run a small HTTP directory of a made-up company in a process of its own, and a gateway over it,
on 127.0.0.1; print postmap, mapgate and curl lines that work when pasted. Ctrl-C ends both.

Its configuration is examples/demo.yaml of the package, its data is in examples/directory.`,
    )
    .option(
      '-p, --port <number>',
      'the first of four ports: socketmap, tcp_table, admin, directory',
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
      const { demo } = await import('../demo.ts')
      finish(await demo(options, io))
    })
}

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= MAX_DEMO_PORT) return value
  throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_DEMO_PORT}.`)
}
