/** `mapgate compare` on the command line: its arguments, options and help. */
import { Command, InvalidArgumentError } from 'commander'
import { PROTOCOLS } from '../../protocols/registry.ts'
import { ADMIN_HELP, withAdminOptions } from '../admin-options.ts'
import type { CommandContext } from '../context.ts'
import type { CompareOptions } from './compare.ts'

/** Servers that are asked for keys. */
const FORMS = Array.from(PROTOCOLS.values()).flatMap(({ client }) =>
  client === undefined || client.encodeAttributes !== undefined ? [] : client.forms,
)

export function command({ io, finish }: CommandContext): Command {
  return withAdminOptions(new Command('compare'))
    .summary('ask two tables for the same keys, and say where they differ')
    .description(
      `Ask two tables for the same keys, and print each key whose answers differ.

A and B are tables of a running gateway, servers in Postfix spelling, or what the local Postfix
reads:
${[...FORMS, 'postmap:TYPE:NAME'].map((form) => `  ${form}`).join('\n')}
Values are compared as lists of addresses: their order, and blanks after a comma, are no
difference. Each key is asked as it is in the list: postmap tries no other spelling of it,
a table with \`search\` does, as Postfix would. With --used-by the maps of postmap: are asked
as Postfix asks for that parameter: without the extension, then @domain, and the extension is
put back. Several maps are one argument, as in main.cf: 'postmap:pgsql:/a.cf, pgsql:/b.cf'.`,
    )
    .requiredOption('--keys <file>', 'a file with one key a line; - is standard input')
    .argument('<A>', 'a table')
    .argument('<B>', 'another one')
    .option('--rate <n>', 'ask for at most so many keys a second', readRate)
    .option(
      '--used-by <parameter>',
      'ask postmap: for partial keys, too, as Postfix does for this parameter of main.cf',
    )
    .option('--recipient-delimiter <signs>', 'with --used-by: recipient_delimiter of main.cf')
    .option('--exact', 'compare values character by character')
    .option('--resume <file>', 'keep the place in this file, and go on from there when it exists')
    .option('--bypass-cache', 'ask the service even if an answer is stored')
    .option('--json', 'print one JSON object for each difference, and one with the totals')
    .addHelpText(
      'after',
      `
Examples:
  mapgate compare --keys addresses.txt postmap:pgsql:/etc/postfix/pgsql-aliases.cf aliases
  mapgate compare --keys addresses.txt --used-by virtual_alias_maps --recipient-delimiter + \\
    "postmap:$(postconf -h virtual_alias_maps)" aliases
  mapgate compare --keys - --rate 200 socketmap:inet:old.lighthouse.example:8464:aliases aliases

Exit codes: 0 no difference, 1 a difference, 64 wrong command line, 69 nobody to ask,
75 no difference, but keys failed, or the list has none or was not finished,
77 no such table.
${ADMIN_HELP}`,
    )
    .action(async (a: string, b: string, options: CompareOptions) => {
      const { compare } = await import('./compare.ts')
      finish(await compare({ a, b }, options, io))
    })
}

function readRate(text: string): number {
  const rate = Number(text)
  if (/^\d{1,6}$/.test(text) && rate > 0) return rate
  throw new InvalidArgumentError('It must be a whole number from 1.')
}
