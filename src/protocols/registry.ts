/**
 * The protocols of the program, one line for each, in the order in which they are listed everywhere.
 */
import { memcache } from './memcache/protocol.ts'
import { policy } from './policy/protocol.ts'
import type { Protocol } from './protocol.ts'
import { proxymap } from './proxymap/protocol.ts'
import { sasl } from './sasl/protocol.ts'
import { socketmap } from './socketmap/protocol.ts'
import { tcpTable } from './tcp-table/protocol.ts'

/** Protocols by their names. */
export type Protocols = ReadonlyMap<string, Protocol>

export const PROTOCOLS: Protocols = protocolsByName([
  socketmap, //
  tcpTable,
  memcache,
  proxymap,
  policy,
  sasl,
])

/** @throws TypeError for two of one name, and for two that give one word of `whenUnknown` different meanings: a table has the word for all its listeners. */
export function protocolsByName(protocols: readonly Protocol[]): Protocols {
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]))
  if (byName.size < protocols.length) throw new TypeError('two protocols have one name')
  const meanings = new Map<string, string>()
  for (const { word, as } of protocols.flatMap(({ outage }) => outage?.replies ?? [])) {
    if ((meanings.get(word) ?? as) !== as)
      throw new TypeError(`two protocols give whenUnknown: ${word} different meanings`)
    meanings.set(word, as)
  }
  return byName
}
