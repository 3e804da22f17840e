/**
 * Asks any server over the wire, as Postfix would.
 */
import { resolve } from 'node:path'
import { WireClient } from '../../client/client.ts'
import type { LookupResult } from '../../core/result.ts'
import type { Address } from '../../core/system/address.ts'
import type { NamedServer } from '../../protocols/client-target.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { LookupClient, LookupReply } from './lookup-client.ts'

/**
 * @param shown The server as it was typed, for messages.
 */
export function openWireClient(shown: string, server: NamedServer, io: CommandIo): LookupClient {
  const client = new WireClient(server.client, { address: fromHere(server.address, io) })
  const replyOf = (result: LookupResult): LookupReply => {
    if (result.kind === 'temporary' && result.cause === 'connect') {
      throw new CommandError(EXIT_UNREACHABLE, `${shown}: ${result.reason}; ${whatToDo(result.reason)}`)
    }
    return { result, details: {} }
  }
  return {
    ask: async (key) => replyOf(await client.lookup(server.table, key)),
    ...(server.client.encodeAttributes !== undefined && {
      askAttributes: async (attributes: ReadonlyMap<string, string>) =>
        replyOf(await client.lookupAttributes(server.table, attributes)),
      secretAttributes: server.client.secretAttributes,
    }),
    close: async () => client.close(),
  }
}

/** @param reason Ends with the code of the system. */
function whatToDo(reason: string): string {
  return /: (?:EACCES|EPERM)$/.test(reason)
    ? 'this user may not open that socket: ask as root, or as a member of its group'
    : 'is a server running there?'
}

/** A relative path starts from the person's working directory, as postmap has it. */
function fromHere(address: Address, io: CommandIo): Address {
  return address.kind === 'unix' ? { kind: 'unix', path: resolve(io.cwd, address.path) } : address
}
