/**
 * The listeners of the configuration, running. A reload opens new ones before anything else
 * changes, changes those that stay without closing a connection, and drains those that go.
 */
import type { WireReply } from '../admin/ports.ts'
import type { ListenerConfig } from '../config/config.ts'
import type { Lookup } from '../core/lookup.ts'
import type { LookupResult } from '../core/result.ts'
import type { Store } from '../core/store/store.ts'
import { formatAddress } from '../core/system/address.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { Protocols } from '../protocols/registry.ts'
import { type Listener, openListener } from '../server/listener.ts'
import type { ListenerSettings } from '../server/settings.ts'
import type { GatewayParts } from './parts.ts'

export type RunningListeners = ReadonlyMap<string, Listener>

interface ListeningParts extends GatewayParts {
  /** Those of the configuration in use. */
  readonly tables: () => ReadonlyMap<string, unknown>
}

/** What a reload does to the listeners. */
interface ListenerPlan {
  readonly opened: RunningListeners
  readonly kept: ReadonlyMap<string, { readonly listener: Listener; readonly settings: ListenerSettings }>
  readonly removed: readonly Listener[]
}

/**
 * Opens the listeners that do not run yet. When one cannot be opened, the others are closed again.
 *
 * @throws ListenError that names the listener and what to do.
 */
export async function openListeners(
  configs: readonly ListenerConfig[],
  running: RunningListeners,
  lookup: Lookup,
  store: Store,
  { clock, random, observability, protocols, tables }: ListeningParts,
): Promise<ListenerPlan> {
  const opened = new Map<string, Listener>()
  const kept = new Map<string, { listener: Listener; settings: ListenerSettings }>()
  try {
    for (const [id, config] of identified(configs)) {
      const listener = running.get(id)
      const settings = settingsOf(config, protocols)
      if (listener !== undefined) kept.set(id, { listener, settings })
      else {
        const observer = observability.observer.listener(config.name)
        const isTable = (name: string) => tables().has(name)
        const parts = { lookup, store, clock, random, observer, isTable }
        opened.set(id, await openListener(settings, parts))
      }
    }
  } catch (error) {
    await Promise.all(Array.from(opened.values(), (listener) => listener.close()))
    throw error
  }
  const removed = Array.from(running).flatMap(([id, listener]) => (kept.has(id) ? [] : [listener]))
  return { opened, kept, removed }
}

/**
 * Gives the listeners that stay their new settings; all of them, or none.
 *
 * @throws ListenError when the owner or mode of a socket file cannot be set.
 */
export function updateListeners({ opened, kept }: ListenerPlan): RunningListeners {
  const changed: { readonly listener: Listener; readonly before: Listener['settings'] }[] = []
  try {
    for (const { listener, settings } of kept.values()) {
      const before = listener.settings
      listener.update(settings)
      changed.push({ listener, before })
    }
  } catch (error) {
    for (const { listener, before } of changed) listener.update(before)
    throw error
  }
  return new Map([...Array.from(kept, ([id, { listener }]) => [id, listener] as const), ...opened])
}

/**
 * Two listeners are the same over a reload when protocol and address are. Port 0 may stand
 * several times, so those are counted.
 */
function* identified(configs: readonly ListenerConfig[]): Generator<[id: string, config: ListenerConfig]> {
  const seen = new Map<string, number>()
  for (const config of configs) {
    const name = `${config.protocol} ${formatAddress(config.address)}`
    const nth = seen.get(name) ?? 0
    seen.set(name, nth + 1)
    yield [`${name} ${nth}`, config]
  }
}

function settingsOf(config: ListenerConfig, protocols: Protocols): ListenerSettings {
  const protocol = protocols.get(config.protocol)
  if (protocol === undefined) throw new TypeError(`unchecked configuration: no protocol ${config.protocol}`)
  return { ...config, protocol }
}

/**
 * What the clients of each protocol read for one result, for explanations: as its first listener replies; as an example one does where none runs. Clients that send attributes ask
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
