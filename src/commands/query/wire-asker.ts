/**
 * Asks any server over the wire, as Postfix would.
 */
import { resolve } from 'node:path'
import { SocketmapClient } from '../../client/socketmap-client.ts'
import { TcpTableClient } from '../../client/tcp-table-client.ts'
import type { Address, WireEndpoint } from '../../core/address.ts'
import type { LookupResult } from '../../core/result.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { Asker } from './asker.ts'

/**
 * @param shown The server as it was typed, for messages.
 */
export function openWireAsker(shown: string, endpoint: WireEndpoint, io: CommandIo): Asker {
  const { lookup, close } = connect(endpoint, io)
  return {
    ask: async (key) => {
      const result = await lookup(key)
      if (result.kind === 'temporary' && result.cause === 'connect') {
        throw new CommandError(EXIT_UNREACHABLE, `${shown}: ${result.reason}; is a server running there?`)
      }
      return { result, details: {} }
    },
    close: async () => close(),
  }
}

function connect(
  endpoint: WireEndpoint,
  io: CommandIo,
): { lookup: (key: Buffer) => Promise<LookupResult>; close: () => void } {
  const address = fromHere(endpoint.address, io)
  if (endpoint.protocol === 'tcp_table') {
    const client = new TcpTableClient({ address })
    return { lookup: (key) => client.lookup(key), close: () => client.close() }
  }
  const client = new SocketmapClient({ address })
  return { lookup: (key) => client.lookup(endpoint.table, key), close: () => client.close() }
}

/** A relative path starts from where the person stands, as postmap has it. */
function fromHere(address: Address, io: CommandIo): Address {
  return address.kind === 'unix' ? { kind: 'unix', path: resolve(io.cwd, address.path) } : address
}
