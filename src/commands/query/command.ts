/** `mapgate query` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import { exampleServers, serverForms } from '../../protocols/client-target.ts'
import { PROTOCOLS } from '../../protocols/registry.ts'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { QueryOptions } from '../lookup/lookup-client.ts'

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('query'))
    .summary('ask for a key: a running gateway, or any server over the wire')
    .description(
      `Ask for one key and print its value.

TABLE is a table of a running gateway, asked through its admin API; or a server in Postfix
spelling, asked over the wire:
${serverForms(PROTOCOLS)
  .map((form) => `  ${form}`)
  .join('\n')}
KEY is the key, or where a table or server is asked by attributes some NAME=VALUE; - reads one key a line from standard input and prints KEY<TAB>VALUE for those
that are found, as postmap -q - does. A password or token is asked for, or read from standard input.`,
    )
    .argument('<table>', 'a table name, or a server in Postfix spelling')
    .argument('<key...>', 'the key, or - for the lines of standard input; after -- it may begin with a dash')
    .option('--explain', 'print every step that led to the answer')
    .option('--bypass-cache', 'ask the service even if an answer is stored')
    .option('--json', 'print one JSON object for each key')
    .addHelpText(
      'after',
      `
Examples:
  mapgate query aliases sales@lighthouse.example
  mapgate query aliases sales@lighthouse.example --explain
  mapgate query policy sender=alice@lighthouse.example recipient=info@lighthouse.example --explain
${exampleServers(PROTOCOLS)
  .map((server) => `  mapgate query ${server} info@lighthouse.example\n`)
  .join('')}  mapgate query users - < addresses.txt

Exit codes: 0 found, 1 not found, 64 wrong command line, 69 nobody to ask, 75 temporary
failure, 77 permanent failure. With - 77 or 75 if any key failed so,
else 0 if one was found, else 1.
${ADMIN_HELP}`,
    )
    .action(async (table: string, key: string[], options: QueryOptions) => {
      const { query } = await import('./query.ts')
      finish(await query(table, key, options, io))
    })
}
