/**
 * The command line: the list of commands, the help of the whole program, and what a failure exits with.
 *
 * What a command does is loaded when it is called, so that `mapgate --version` and
 * `mapgate query` do not wait for a server they do not need. docs/command-line.md is made from
 * this program, so the help is the only place where a command is described.
 */
import { Command, CommanderError } from 'commander'
import { printable } from '../presentation/printable.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import { listOf } from '../schema/suggest.ts'
import { command as check } from './check/command.ts'
import { command as compare } from './compare/command.ts'
import { command as confirmLoss } from './confirm-loss/command.ts'
import type { CommandContext, ProgramIo } from './context.ts'
import { command as demo } from './demo/command.ts'
import { command as drill } from './drill/command.ts'
import { CommandError, EXIT_USAGE } from './exit-codes.ts'
import { command as init } from './init/command.ts'
import { command as keys } from './keys/command.ts'
import { command as mainCf } from './main-cf/command.ts'
import { quotedWord } from './options.ts'
import { command as purge } from './purge/command.ts'
import { command as query } from './query/command.ts'
import { command as reload } from './reload/command.ts'
import { command as replica } from './replica/command.ts'
import { command as schema } from './schema/command.ts'
import { command as serve } from './serve/command.ts'
import { command as status } from './status/command.ts'
import { command as store } from './store/command.ts'
import { version } from './version.ts'

/** Every command, in the order of the help. Each is a folder; its `command.ts` loads the rest when it is called. */
const COMMANDS: readonly ((context: CommandContext) => Command)[] = [
  serve,
  demo,
  init,
  check,
  mainCf,
  schema,
  query,
  compare,
  keys,
  purge,
  confirmLoss,
  replica,
  store,
  drill,
  reload,
  status,
]

/** What a table lookup begins with in main.cf. */
const SCHEMES = listOf(
  Array.from(PROTOCOLS.values()).flatMap(({ client }) => client?.scheme ?? []),
  'and',
)

const DESCRIPTION = `The gateway through which Postfix asks HTTP services.

It answers Postfix table lookups (${SCHEMES}) from HTTP services, keeps the
answers, and shows what it does over an HTTP admin API, a page and metrics.`

const EXAMPLES = `
Start here:
  mapgate demo                      a running example, with lines to try
  mapgate init                      write a first mapgate.yaml
  mapgate check                     find every problem in it
  mapgate main-cf                   print the lines for Postfix's main.cf
  mapgate serve                     run the gateway

Exit codes:
   0  found, or done          64  wrong command line       75  temporary failure
   1  not found, or problems  69  gateway not reachable    77  permanent failure
                              74  output not written       78  bad configuration

Every command has its own help with examples: mapgate help query`

/** Builds the program without running anything. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('mapgate')
  program
    .description(DESCRIPTION)
    .version(
      `mapgate ${version()} (Node.js ${process.versions.node})`,
      '-V, --version',
      'print the version, and that of Node.js',
    )
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ helpWidth: HELP_WIDTH, showGlobalOptions: false })
    .showHelpAfterError('(mapgate --help shows all commands)')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.stdout.write(text),
      writeErr: (text) => context.io.stderr.write(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      outputError: (text, write) => {
        const lines = text.replace(/^error: /, 'mapgate: ').split('\n')
        write(lines.map(printable).join('\n'))
      },
    })
  for (const build of COMMANDS) {
    const command = build(context).copyInheritedSettings(program)
    program.addCommand(command.showHelpAfterError(`(mapgate help ${command.name()} shows examples)`))
  }
  return program
}

/** The same everywhere, so that the help on the terminal is the help in the documents. */
const HELP_WIDTH = 96

/**
 * Runs the program.
 *
 * @param args The words after `mapgate`.
 * @returns The exit code.
 */
export async function runProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  let exitCode = 0
  const program = buildProgram({
    io,
    finish: (code) => {
      exitCode = code
    },
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === 'commander.excessArguments') io.stderr.write(fileHint(program, args))
      return error.exitCode === 0 ? 0 : EXIT_USAGE
    }
    if (!(error instanceof CommandError)) throw error
    io.stderr.write(`mapgate ${args[0] ?? ''}: ${printable(error.message)}\n`)
    return error.exitCode
  }
}

/** A configuration that was named without -c, where the command takes one: `mapgate check mapgate.yaml`. */
function fileHint(program: Command, [name, ...args]: readonly string[]): string {
  const command = program.commands.find((one) => one.name() === name)
  const file = args.find((word) => /\.ya?ml$/.test(word))
  const takesFile = command?.options.some(({ long }) => long === '--config') === true
  if (file === undefined || !takesFile || args.includes('-c') || args.includes('--config')) return ''
  return `${printable(`a configuration is named with -c: mapgate ${name} -c ${quotedWord(file)}`)}\n`
}
