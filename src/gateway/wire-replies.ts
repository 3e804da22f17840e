/**
 * What the clients of each protocol read for one result: a part of an explanation.
 */
import type { WireReply } from '../admin/ports.ts'
import type { LookupResult } from '../core/result.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { Protocols } from '../protocols/registry.ts'
import type { RunningListeners } from './listeners.ts'

/**
 * By protocol, as its first listener replies; as an example one does where none runs. Clients that send attributes ask
 * for answers of another kind, so theirs are shown where such a listener serves the table.
 */
export function wireReplies(
  table: string,
  result: LookupResult,
  protocols: Protocols,
  listeners: RunningListeners,
): ReadonlyMap<string, WireReply> {
  const replies = new Map<string, WireReply>()
  for (const protocol of protocols.values()) {
    const running = Array.from(listeners.values()).find(({ settings }) => settings.protocol === protocol)
    const served = running === undefined ? [] : protocol.tables(running.settings.own)
    if (protocol.attributes !== undefined && served?.includes(table) === false) continue
    replies.set(protocol.name, wireReply(result, protocol, running?.settings.own ?? protocol.example))
  }
  return replies
}

function wireReply(result: LookupResult, protocol: Protocol, settings: object): WireReply {
  // Nothing is drawn for a reply that is only shown.
  const conversation = protocol.accept({ settings, random: () => 0 })
  const told = result.kind === 'found' ? conversation.deliverable(result) : result
  const reply = conversation.reply(told)
  return { told, text: typeof reply === 'string' ? reply : reply.text }
}
