/**
 * The commands that ask a running gateway: query, purge, reload, status.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { AdminOptions } from '../admin-target.ts'
import type { ProgramContext } from '../program.ts'
import type { QueryOptions } from '../query.ts'
import type { StatusOptions } from '../status.ts'

const FINDING = `
The gateway is found by --admin and --token-file, or MAPGATE_ADMIN and MAPGATE_TOKEN, or the
admin section of -c FILE, of ./mapgate.yaml or of /etc/mapgate/mapgate.yaml; without any of
these it is http://127.0.0.1:8466. A token is never an option: others could read it.`

export function addAskingCommands(program: Command, context: ProgramContext): void {
  addQuery(program, context)
  addPurge(program, context)
  addReload(program, context)
  addStatus(program, context)
}

function addQuery(program: Command, { io, finish }: ProgramContext): void {
  withAdminOptions(program.command('query'))
    .summary('ask for a key: a running gateway, or any server over the wire')
    .description(
      `Ask for one key and print its value.

TABLE is a table of a running gateway, asked through its admin API; or a server in Postfix
spelling, asked over the wire: socketmap:inet:HOST:PORT:NAME, socketmap:unix:PATH:NAME or
tcp:HOST:PORT. KEY is the key; - reads one key a line from standard input and prints
KEY<TAB>VALUE for those that are found, as postmap -q - does.`,
    )
    .argument('<table>', 'a table name, or a server in Postfix spelling')
    .argument('<key>', 'the key, or - for the lines of standard input; after -- it may begin with a dash')
    .option('--explain', 'print every step that led to the answer')
    .option('--bypass-cache', 'ask the service even if an answer is stored')
    .option('--json', 'print one JSON object for each key')
    .addHelpText(
      'after',
      `
Examples:
  mapgate query aliases sales@lighthouse.example
  mapgate query aliases sales@lighthouse.example --explain
  mapgate query socketmap:inet:127.0.0.1:8464:aliases sales@lighthouse.example
  mapgate query socketmap:unix:/var/spool/postfix/mapgate/socketmap:aliases info@lighthouse.example
  mapgate query tcp:127.0.0.1:8465 info@lighthouse.example
  mapgate query users - < addresses.txt

Exit codes: 0 found, 1 not found, 64 wrong command line, 69 nobody to ask, 75 temporary
failure, 77 permanent failure. With - 77 or 75 if any key failed so,
else 0 if one was found, else 1.
${FINDING}`,
    )
    .action(async (table: string, key: string, options: QueryOptions) => {
      const { query } = await import('../query.ts')
      finish(await query(table, key, options, io))
    })
}

function addPurge(program: Command, { io, finish }: ProgramContext): void {
  withAdminOptions(program.command('purge'))
    .summary('forget stored answers')
    .description(
      `Forget stored answers of a table, so that the service is asked again.

Without KEY all of them; with KEY those for this key; with @DOMAIN those for every key of this
domain. It needs the role operator.`,
    )
    .argument('<table>', 'a table name')
    .argument('[key]', 'a key, or @DOMAIN for every key of a domain')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate purge aliases
  mapgate purge aliases sales@lighthouse.example
  mapgate purge aliases @lighthouse.example

Exit codes: 0 done, 64 wrong command line, 69 gateway not reachable, 77 no such table, or not
allowed.
${FINDING}`,
    )
    .action(async (table: string, key: string | undefined, options: AdminOptions & { json?: boolean }) => {
      const { purge } = await import('../purge.ts')
      finish(await purge(table, key, options, io))
    })
}

function addReload(program: Command, { io, finish }: ProgramContext): void {
  withAdminOptions(program.command('reload'))
    .summary('make a running gateway read its configuration again')
    .description(
      `Make a running gateway read its configuration file again, as SIGHUP does, and report what is
wrong with it. With a bad file the gateway keeps what it has. It needs the role operator.`,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  mapgate check -c /etc/mapgate/mapgate.yaml && mapgate reload

Exit codes: 0 taken over, 64 wrong command line, 69 gateway not reachable, 77 not allowed, 78 bad
configuration.
${FINDING}`,
    )
    .action(async (options: AdminOptions & { json?: boolean }) => {
      const { reload } = await import('../reload.ts')
      finish(await reload(options, io))
    })
}

function addStatus(program: Command, { io, finish }: ProgramContext): void {
  withAdminOptions(program.command('status'))
    .summary('show tables, upstreams, listeners and rates')
    .description(
      `Show how a running gateway is: its tables with rates, hit ratio and latency, its upstreams with
circuits and queues, canaries and listeners. Rates are those of the last ten seconds.`,
    )
    .option('-w, --watch', 'draw it on the terminal again and again, until Ctrl-C')
    .option('-n, --interval <seconds>', 'time between two looks', seconds, 2)
    .option('--json', 'print JSON; with --watch one line for each look')
    .addHelpText(
      'after',
      `
Examples:
  mapgate status
  mapgate status --watch
  mapgate status --json | jq .tables

Exit codes: 0 shown, 64 wrong command line, 69 gateway not reachable, 77 not allowed.
${FINDING}`,
    )
    .action(async (options: StatusOptions) => {
      const { status } = await import('../status.ts')
      finish(await status(options, io))
    })
}

function withAdminOptions(command: Command): Command {
  return command
    .option('--admin <address>', "the gateway's admin API: http://HOST:PORT, https://HOST:PORT or unix:PATH")
    .option('--token-file <file>', 'a file that holds the token for the admin API')
    .option('-c, --config <file>', 'find address and token in the admin section of this file')
}

/** Shortest and longest time between two looks, in seconds. Ours: a look is a few requests. */
const MIN_INTERVAL_SECONDS = 0.2
const MAX_INTERVAL_SECONDS = 3600

function seconds(text: string): number {
  const value = Number(text)
  if (value >= MIN_INTERVAL_SECONDS && value <= MAX_INTERVAL_SECONDS) return value
  throw new InvalidArgumentError(`Expected ${MIN_INTERVAL_SECONDS} to ${MAX_INTERVAL_SECONDS} seconds.`)
}
