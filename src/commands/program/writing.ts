/**
 * The commands around the configuration file: init, check, main-cf, schema.
 *
 * They read their own options (`Command` in io.ts); the options are named here for the help.
 */
import type { Command } from 'commander'
import type { ProgramContext } from '../program.ts'

const CONFIG_OPTION = [
  '-c, --config <file>',
  'the configuration (default: ./mapgate.yaml, then /etc/mapgate/mapgate.yaml)',
] as const

export function addWritingCommands(program: Command, context: ProgramContext): void {
  addInit(program, context)
  addCheck(program, context)
  addMainCf(program, context)
  addSchema(program, context)
}

/** The words behind the command's name. */
function ownArgs({ args }: ProgramContext): readonly string[] {
  return args.slice(1)
}

function addInit(program: Command, context: ProgramContext): void {
  program
    .command('init')
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
      const { init } = await import('../init.ts')
      context.finish(await init(ownArgs(context), context.io))
    })
}

function addCheck(program: Command, context: ProgramContext): void {
  program
    .command('check')
    .summary('find every problem of a configuration')
    .description(
      `Print every problem of a configuration at once, as FILE:LINE:COLUMN: path: what is wrong, and
what would be right. Nothing is started; with --ask the HTTP services are asked, once each.`,
    )
    .option(...CONFIG_OPTION)
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
    .action(async (options: { ask?: boolean }) => {
      const { check } = await import('../check.ts')
      const ask = options.ask === true ? (await import('../check/ask.ts')).askCanaries : undefined
      context.finish(await check(ownArgs(context), context.io, ask))
    })
}

function addMainCf(program: Command, context: ProgramContext): void {
  program
    .command('main-cf')
    .summary("print the lines for Postfix's main.cf")
    .description(
      `Print the lines for Postfix's main.cf: every table on every listener, in the forms that Postfix
accepts. Tables that say what they are usedBy get whole lines.`,
    )
    .option(...CONFIG_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  mapgate main-cf -c /etc/mapgate/mapgate.yaml

Exit codes: 0 printed, 64 wrong command line, 78 bad configuration.`,
    )
    .action(async () => {
      const { printMainCf } = await import('../main-cf.ts')
      context.finish(await printMainCf(ownArgs(context), context.io))
    })
}

function addSchema(program: Command, context: ProgramContext): void {
  program
    .command('schema')
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
      const { schema } = await import('../schema.ts')
      context.finish(await schema(ownArgs(context), context.io))
    })
}
