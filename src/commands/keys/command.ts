/** `mapgate keys` on the command line: its arguments, options and help. */
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import type { KeysOptions } from './keys.ts'

export function command({ io, finish }: CommandContext): Command {
  return new Command('keys')
    .summary("take addresses out of Postfix's log, to compare tables with")
    .description(
      `Print the addresses in Postfix's log, each once, for mapgate compare and mapgate query.

Reads files as syslog writes them, also packed ones (.gz), and what journalctl prints, plain or
with -o json. Recipients are those of deliveries, before and after aliases, and those that were
rejected.`,
    )
    .argument('[file...]', 'logs; - or none is standard input')
    .option('--recipients', 'print recipients (the default)')
    .option('--senders', 'print senders; with --recipients, both')
    .option('--domains', 'print the domains of these addresses instead')
    .addHelpText(
      'after',
      `
Examples:
  mapgate keys /var/log/mail.log.2.gz /var/log/mail.log > addresses.txt
  journalctl -t postfix/qmgr -o json --since yesterday | mapgate keys --senders --domains

Exit codes: 0 printed, 1 no address in it, 64 wrong command line.`,
    )
    .action(async (files: string[], options: KeysOptions) => {
      const { keys } = await import('./keys.ts')
      finish(await keys(files, options, io))
    })
}
