/**
 * Finds out what a target of the command line names, and opens it: a table of a running gateway, or a server on the wire.
 */
import { parseServer } from '../../protocols/client-target.ts'
import type { Protocols } from '../../protocols/registry.ts'
import { CommandError, EXIT_USAGE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { LookupClient, QueryOptions } from './lookup-client.ts'

/** @param target A table name, or a server in Postfix spelling. @throws CommandError for what is neither. */
export async function openLookupClient(
  target: string,
  options: QueryOptions,
  io: CommandIo,
  protocols: Protocols,
): Promise<LookupClient> {
  if (!target.includes(':')) {
    const { openAdminClient } = await import('./table-client.ts')
    return openAdminClient(target, options, io)
  }
  const server = parseServer(target, protocols)
  if ('why' in server) throw new CommandError(EXIT_USAGE, `${target}: ${server.why}`)
  if (options.explain === true || options.bypassCache === true) {
    throw new CommandError(
      EXIT_USAGE,
      'a server on the wire only answers; --explain and --bypass-cache need the form "mapgate query TABLE KEY" or "mapgate query TABLE NAME=VALUE ..."',
    )
  }
  const { openWireClient } = await import('./wire-client.ts')
  return openWireClient(target, server, io)
}
