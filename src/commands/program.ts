/**
 * The command line: every command with its options, its help, and where its code is.
 *
 * What a command does is loaded when it is called, so that `mapgate --version` and
 * `mapgate query` do not wait for a server they do not need. docs/command-line.md is made from
 * this program, so the help is the only place where a command is described.
 */
import { Command, CommanderError } from 'commander'
import { CommandError, EXIT_USAGE } from './exit-codes.ts'
import { addAskingCommands } from './program/asking.ts'
import { addRunningCommands } from './program/running.ts'
import { addWritingCommands } from './program/writing.ts'
import type { InteractiveIo, Terminal } from './terminal.ts'
import { version } from './version.ts'

/** The surroundings of the whole program. */
export interface ProgramIo extends InteractiveIo {
  /** Set when standard output is a terminal. */
  readonly terminal: Terminal | undefined
  /** `process.argv[1]`. */
  readonly script: string
}

/** What a command needs of the program: the world, and where its exit code goes. */
export interface ProgramContext {
  readonly io: ProgramIo
  /** The words on the command line after `mapgate`. */
  readonly args: readonly string[]
  finish(exitCode: number): void
}

const DESCRIPTION = `The gateway through which Postfix asks HTTP services.

It answers Postfix table lookups (socketmap and tcp) from HTTP services, keeps the
answers, and shows what it does over an HTTP admin API, a page and metrics.`

const EXAMPLES = `
Start here:
  mapgate demo                      a running example, with lines to try
  mapgate init                      write a first mapgate.yaml
  mapgate check                     find every problem in it
  mapgate main-cf                   print the lines for Postfix's main.cf
  mapgate serve                     run the gateway

Exit codes:
   0  found, or done          64  wrong command line       77  permanent failure
   1  not found, or problems  69  gateway not reachable    78  bad configuration
                              75  temporary failure

Every command has its own help with examples: mapgate help query`

/** Builds the program without running anything. */
export function buildProgram(context: ProgramContext): Command {
  const program = new Command('mapgate')
  program
    .description(DESCRIPTION)
    .version(`mapgate ${version()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ helpWidth: HELP_WIDTH, showGlobalOptions: false })
    .showHelpAfterError('(mapgate --help shows all commands)')
    .addHelpText('after', EXAMPLES)
  addRunningCommands(program, context)
  addWritingCommands(program, context)
  addAskingCommands(program, context)
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.io.stdout.write(text),
      writeErr: (text) => context.io.stderr.write(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      outputError: (text, write) => write(text.replace(/^error: /, 'mapgate: ')),
    })
    if (command !== program) {
      command
        .helpOption('-h, --help', 'print this help')
        .showHelpAfterError(`(mapgate help ${command.name()} shows examples)`)
    }
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
    args,
    finish: (code) => {
      exitCode = code
    },
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    if (!(error instanceof CommandError)) throw error
    io.stderr.write(`mapgate ${args[0] ?? ''}: ${error.message}\n`)
    return error.exitCode
  }
}
