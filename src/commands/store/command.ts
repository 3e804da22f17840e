/** `mapgate store` on the command line: its arguments, options and help. */
import { Argument, Command, InvalidArgumentError } from 'commander'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import { ACTIONS, type StoreAction, type StoreOptions } from './actions.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('store'))
    .summary('look at what Postfix wrote, export and import it')
    .description(
      `Look at the entries of a table that Postfix writes, export them, and import those of another store.

list prints entries in the order of their keys; export prints all of them as one JSON object a
line; import reads such lines from standard input, and the same again changes nothing. mapgate
query looks one key up, mapgate purge removes entries. All need the role operator.`,
    )
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('<table>', 'a table name')
    .option('--limit <number>', 'list: most entries (default: 20)', positiveInteger)
    .option('--after <key>', 'list: begin behind this key')
    .addHelpText(
      'after',
      `
Examples:
  mapgate store list verify
  mapgate store export verify > verify.jsonl
  mapgate store import verify < verify.jsonl

Exit codes: 0 done, 64 wrong command line or input, 69 gateway not reachable, 74 output not
written, 75 the store cannot be read or written, 77 no such table, no store, or not allowed.
${ADMIN_HELP}`,
    )
    .action(async (action: StoreAction, table: string, options: StoreOptions) => {
      const { store } = await import('./store.ts')
      finish(await store(action, table, options, io))
    })
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return Number(text)
}
