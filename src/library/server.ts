/**
 * Servers for programs that use mapgate as a library: tables that are functions, served to Postfix.
 */

import { type Clock, systemClock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import { silentListenerObserver } from '../core/observed/observer.ts'
import { DEFAULT_MAX_CONNECTIONS, DEFAULT_MODE } from '../core/settings/listener-defaults.ts'
import { TABLE_NAME } from '../core/settings/table-name.ts'
import { readOnlyStore } from '../core/store/store.ts'
import { type Address, formatAddress, parseAddress } from '../core/system/address.ts'
import { LOOPBACK_NETWORKS } from '../core/system/network-list.ts'
import { socketmap } from '../protocols/socketmap/protocol.ts'
import { tcpTable } from '../protocols/tcp-table/protocol.ts'
import { type Listener, openListener } from '../server/listener.ts'
import type { ListenerSettings } from '../server/settings.ts'
import type { TableFunction } from '../upstreams/function/function-upstream.ts'
import { lookupIn, type TableOptions } from './tables.ts'

export interface ServerOptions extends TableOptions {
  /** Addresses and CIDR networks that may connect. Default: this machine. Not used for unix sockets. */
  readonly allow?: readonly string[]
  /** Then the longest idle connection gives way to a new one. Default: {@link DEFAULT_MAX_CONNECTIONS}. */
  readonly maxConnections?: number
  /** The same for each client address. Default: as `maxConnections`. */
  readonly maxConnectionsPerAddress?: number
  /** Permission bits of a unix socket file. Default: {@link DEFAULT_MODE}. */
  readonly mode?: number
  /** Name or number of the owner of a unix socket file. Default: of the process. */
  readonly owner?: string
  readonly group?: string
  /** For tests. */
  readonly clock?: Clock
}

/** Serves any number of tables, by name, over the socketmap protocol. */
export class SocketmapServer {
  readonly #server: TableServer

  /** @param tables By name; a name of letters, digits, `.`, `_` and `-`. */
  constructor(tables: Readonly<Record<string, TableFunction>>, options: ServerOptions = {}) {
    this.#server = new TableServer(new Map(Object.entries(tables)), options)
  }

  /** Listens on `inet:HOST:PORT`, `inet:[::1]:PORT`, `unix:/PATH` or `systemd:NAME`; gives the address in use. */
  listen(address: string): Promise<string> {
    return this.#server.listen(address, {
      protocol: socketmap,
      own: { tables: undefined, client: 'postfix' },
    })
  }

  /** Stops accepting, answers what has arrived, closes every connection. */
  close(): Promise<void> {
    return this.#server.close()
  }
}

/** Serves one table over the tcp_table protocol, which has no table names. */
export class TcpTableServer {
  readonly #server: TableServer

  constructor(table: TableFunction, options: ServerOptions = {}) {
    this.#server = new TableServer(new Map([[ONLY_TABLE, table]]), options)
  }

  /** Listens on `inet:HOST:PORT` or `inet:[::1]:PORT`; gives the address in use. */
  listen(address: string): Promise<string> {
    return this.#server.listen(address, { protocol: tcpTable, own: { table: ONLY_TABLE } })
  }

  /** Stops accepting, answers what has arrived, closes every connection. */
  close(): Promise<void> {
    return this.#server.close()
  }
}

/** The name that the one table of a tcp_table server has in `onDefect`. */
const ONLY_TABLE = tcpTable.name

type ServedTables = Pick<ListenerSettings, 'protocol' | 'own'>

/** What both servers share: the listeners over one set of tables. */
class TableServer {
  readonly #options: ServerOptions
  readonly #lookup: Lookup
  readonly #clock: Clock
  readonly #listeners = new Set<Listener>()

  constructor(tables: ReadonlyMap<string, TableFunction>, options: ServerOptions) {
    for (const name of tables.keys()) {
      if (!TABLE_NAME.test(name))
        throw new TypeError(`"${name}" is not a table name; use letters, digits, ".", "_" and "-"`)
    }
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#lookup = lookupIn(tables, options, this.#clock)
  }

  async listen(text: string, served: ServedTables): Promise<string> {
    const address = parseAddress(text)
    if (address.kind === 'invalid') throw new TypeError(`"${text}" is not an address: ${address.why}`)
    const listener = await openListener(settingsOf(text, address, served, this.#options), {
      lookup: this.#lookup,
      store: readOnlyStore,
      clock: this.#clock,
      random: Math.random,
      observer: silentListenerObserver,
    })
    this.#listeners.add(listener)
    return formatAddress(listener.bound)
  }

  async close(): Promise<void> {
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    await Promise.all(listeners.map((listener) => listener.drain()))
  }
}

function settingsOf(
  name: string,
  address: Address,
  served: ServedTables,
  options: ServerOptions,
): ListenerSettings {
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS
  return {
    ...served,
    address,
    name,
    mode: options.mode ?? DEFAULT_MODE,
    owner: options.owner,
    group: options.group,
    allow: options.allow ?? LOOPBACK_NETWORKS,
    maxConnections,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? maxConnections,
  }
}
