/**
 * Servers as a person names them, in the spelling of Postfix: `socketmap:inet:HOST:PORT:NAME`.
 */
import type { InvalidAddress } from '../core/system/address.ts'
import type { ClientTarget, ProtocolClient } from './protocol.ts'
import type { Protocols } from './registry.ts'

/** A server, and how it is asked. */
export interface NamedServer extends ClientTarget {
  readonly client: ProtocolClient
}

/** Every way to name a server. */
export function serverForms(protocols: Protocols): readonly string[] {
  return Array.from(protocols.values()).flatMap(({ client }) => client?.forms ?? [])
}

/** Servers as one would type them. */
export function exampleServers(protocols: Protocols): readonly string[] {
  return Array.from(protocols.values()).flatMap(({ client }) => client?.examples ?? [])
}

/** Finds the protocol by the first word of the text, and reads the rest as that protocol does. */
export function parseServer(text: string, protocols: Protocols): NamedServer | InvalidAddress {
  const scheme = text.slice(0, Math.max(0, text.indexOf(':')))
  for (const { client } of protocols.values()) {
    if (client?.scheme !== scheme) continue
    const target = client.parse(text)
    return 'why' in target ? target : { ...target, client }
  }
  const forms = serverForms(protocols)
  return { kind: 'invalid', why: `expected ${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}` }
}
