/**
 * What the sessions of one listener share.
 */
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { ListenerObserver } from '../core/observer.ts'
import type { Store } from '../core/store.ts'
import type { AcceptedBy, Protocol } from '../protocols/protocol.ts'
import { FairShare } from './fair-share.ts'
import { ReplyBatch } from './reply-batch.ts'
import type { ListenerSettings } from './settings.ts'

/** What a listener works with. */
export interface ListenerParts {
  readonly lookup: Lookup
  readonly store: Store
  readonly clock: Clock
  /** Numbers from 0 up to 1. */
  readonly random: () => number
  readonly observer: ListenerObserver
}

/** Goes on over reloads, which change the settings and the lookup under the sessions that use it. */
export class ListenerContext implements AcceptedBy<object> {
  readonly protocol: Protocol
  readonly store: Store
  readonly clock: Clock
  readonly random: () => number
  readonly observer: ListenerObserver
  readonly share = new FairShare()
  readonly batch = new ReplyBatch()
  /** The names served; undefined for every name. */
  #tables: ReadonlySet<string> | undefined
  #lastServed: string | undefined
  // Fields and no getters: each request reads them.
  /** Of the protocol. Changed by {@link update} alone. */
  settings: object
  /** Changed by {@link update} alone. */
  lookup: Lookup

  constructor({ protocol, own }: ListenerSettings, parts: ListenerParts) {
    this.protocol = protocol
    this.store = parts.store
    this.clock = parts.clock
    this.random = parts.random
    this.observer = parts.observer
    this.lookup = parts.lookup
    this.settings = own
    this.#tables = servedTables(protocol, own)
  }

  /** Whether a table may be asked here. Most requests name the one that was asked last. */
  serves(table: string): boolean {
    if (this.#tables === undefined || table === this.#lastServed) return true
    if (!this.#tables.has(table)) return false
    this.#lastServed = table
    return true
  }

  update(settings: object, lookup: Lookup): void {
    this.settings = settings
    this.#tables = servedTables(this.protocol, settings)
    this.#lastServed = undefined
    this.lookup = lookup
  }
}

function servedTables(protocol: Protocol, settings: object): ReadonlySet<string> | undefined {
  const names = protocol.tables(settings)
  return names === undefined ? undefined : new Set(names)
}
