/**
 * The options of the commands that ask a running gateway, and the part of their help about them.
 */
import type { Command } from 'commander'

/** Part of the help of every command that asks a running gateway. */
export const ADMIN_HELP = `
The gateway is found with --admin and --token-file, or MAPGATE_ADMIN and MAPGATE_TOKEN, or the
admin section of -c FILE, of ./mapgate.yaml or of /etc/mapgate/mapgate.yaml; without any of
these it is http://127.0.0.1:8466. A token is never an option: others could read it. One that
is given goes only to an address that is given too, or comes from a file given with -c;
./mapgate.yaml counts only where nobody else can have written it.`

export function withAdminOptions(command: Command): Command {
  return command
    .option('--admin <address>', "the gateway's admin API: http://HOST:PORT, https://HOST:PORT or unix:PATH")
    .option('--token-file <file>', 'a file that holds the token for the admin API')
    .option('-c, --config <file>', 'find address and token in the admin section of this file')
}
