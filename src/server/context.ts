/**
 * What the sessions of one listener share.
 */
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { ListenerObserver } from '../core/observed/observer.ts'
import { permanentFor } from '../core/reason.ts'
import { CORE_REASONS } from '../core/reasons.ts'
import { NO_TABLE, type Permanent } from '../core/result.ts'
import type { Store } from '../core/store/store.ts'
import type { AcceptedBy, Protocol } from '../protocols/protocol.ts'
import { FairShare } from './fair-share.ts'
import { PassedConnections } from './passed-connections.ts'
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
  /** Returns whether a table is configured, whichever listener serves it. Absent where nobody knows. */
  readonly isTable?: (name: string) => boolean
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
  readonly passed: PassedConnections
  /** The names served; undefined for every name. */
  #tables: ReadonlySet<string> | undefined
  #lastServed: string | undefined
  readonly #name: string
  readonly #isTable: (name: string) => boolean
  // Fields and no getters: each request reads them.
  /** Of the protocol. Changed by {@link update} alone. */
  settings: object
  /** Changed by {@link update} alone. */
  lookup: Lookup

  constructor({ protocol, own, name }: ListenerSettings, parts: ListenerParts) {
    this.protocol = protocol
    this.store = parts.store
    this.clock = parts.clock
    this.random = parts.random
    this.observer = parts.observer
    this.passed = new PassedConnections(parts.clock, parts.observer)
    this.lookup = parts.lookup
    this.settings = own
    this.#tables = servedTables(protocol, own)
    this.#name = name
    this.#isTable = parts.isTable ?? (() => false)
  }

  /** Whether a table may be asked here. Most requests name the one that was asked last. */
  serves(table: string): boolean {
    if (this.#tables === undefined || table === this.#lastServed) return true
    if (!this.#tables.has(table)) return false
    this.#lastServed = table
    return true
  }

  /** What the log says of a lookup in a table that is not served here. */
  whyNotServed(table: string): Permanent {
    return this.#isTable(table) ? permanentFor(CORE_REASONS.notApproved, table, this.#name) : NO_TABLE
  }

  update(settings: object, lookup: Lookup): void {
    this.settings = settings
    this.#tables = servedTables(this.protocol, settings)
    this.#lastServed = undefined
    this.passed.recovered()
    this.lookup = lookup
  }
}

function servedTables(protocol: Protocol, settings: object): ReadonlySet<string> | undefined {
  const names = protocol.tables(settings)
  return names === undefined ? undefined : new Set(names)
}
