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

/** @throws TypeError for two of one name, and for words of `whenUnknown` that cannot be told apart. */
export function protocolsByName(protocols: readonly Protocol[]): Protocols {
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]))
  if (byName.size < protocols.length) throw new TypeError('two protocols have one name')
  checkUnknownReplies(protocols)
  return byName
}

/** A table has one word for all its listeners, and their conversations are told its result only. */
function checkUnknownReplies(protocols: readonly Protocol[]): void {
  const meanings = new Map<string, string>()
  for (const { name, outage } of protocols) {
    const replies = outage?.replies ?? []
    for (const { word, as } of replies) {
      if ((meanings.get(word) ?? as) !== as)
        throw new TypeError(`two protocols give whenUnknown: ${word} different meanings`)
      meanings.set(word, as)
    }
    if (new Set(replies.map(({ as }) => as)).size < replies.length)
      throw new TypeError(`protocol ${name} has two words of whenUnknown for one result`)
  }
}
