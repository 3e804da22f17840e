/**
 * One listening socket and its connections.
 *
 * Dead peers are found by TCP keepalive, never by an idle time limit (wire facts: a closed idle
 * connection costs Postfix a second). A half-closed client still gets its replies.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Lookup } from '../core/lookup.ts'
import type { ListenerStatus } from '../core/status.ts'
import { type Address, formatAddress } from '../core/system/address.ts'
import { NetworkList } from '../core/system/network-list.ts'
import { bind, boundAddress } from './bind.ts'
import { ListenerContext, type ListenerParts } from './context.ts'
import { descriptorLimit, isNearLimit } from './descriptors.ts'
import { ListenError, listenError } from './listen-error.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import type { ListenerSettings } from './settings.ts'
import type { SocketFile } from './unix-socket.ts'

/** How long a connection is silent before the kernel asks whether its peer lives, in ms. Ours: RFC 1122's two hours would keep dead ones too long. */
const KEEPALIVE_AFTER_MS = 60_000

/**
 * Opens a listener.
 *
 * @throws ListenError with a sentence that says what to do.
 */
export async function openListener(settings: ListenerSettings, parts: ListenerParts): Promise<Listener> {
  try {
    const listener = new Listener(settings, parts)
    await listener.open()
    return listener
  } catch (error) {
    throw listenError(settings.name, settings.address.kind, error)
  }
}

export class Listener {
  readonly #context: ListenerContext
  #servers: readonly Server[] = []
  readonly #sessions = new Sessions()
  #settings: ListenerSettings
  #allow: NetworkList
  #file: SocketFile | undefined
  readonly #descriptorLimit = descriptorLimit()
  /** How many connections there were when descriptors ran out; learnt again when half of them are gone. */
  #fitting = Number.POSITIVE_INFINITY
  /** Stands at the read that came last, over all connections. */
  #activity = 0
  readonly #nextActivity = () => ++this.#activity
  /** Resolves when the listening socket and every connection are closed. */
  #closed: Promise<void> | undefined

  /** Does not listen yet: use {@link openListener}. */
  constructor(settings: ListenerSettings, parts: ListenerParts) {
    this.#settings = settings
    this.#context = new ListenerContext(settings, parts)
    this.#allow = new NetworkList(settings.allow)
  }

  async open(): Promise<void> {
    const { address } = this.#settings
    const { servers, file } = await bind(() => this.#createServer(), address, this.#settings)
    this.#servers = servers
    this.#file = file
    for (const opened of servers) opened.on('error', (error) => this.#context.observer.acceptFailed(error))
  }

  /** The address in use: with the port that was really bound; the first where systemd passed several sockets. */
  get bound(): Address {
    return this.#bounds[0] ?? this.#settings.address
  }

  get settings(): ListenerSettings {
    return this.#settings
  }

  status(): ListenerStatus {
    const { name, protocol } = this.#settings
    return {
      name,
      protocol: protocol.name,
      bound: this.#bounds.map(formatAddress).join(', '),
      connections: this.#sessions.size,
    }
  }

  /** What is wrong while lookups are still answered, one sentence each. */
  troubles(): readonly string[] {
    const { trouble } = this.#context.passed
    return trouble === undefined ? [] : [trouble]
  }

  /**
   * Takes new tables, allowed addresses, limits and file access, without closing a connection: what is
   * not allowed any more is so from the next connection on.
   *
   * @throws ListenError when protocol or address differ, or when the file access cannot be set; nothing is changed then.
   */
  update(settings: ListenerSettings, lookup: Lookup = this.#context.lookup): void {
    if (
      formatAddress(settings.address) !== formatAddress(this.#settings.address) ||
      settings.protocol !== this.#settings.protocol
    ) {
      throw new ListenError(
        `${settings.name} has another address or protocol, which a running listener cannot change; open another one`,
      )
    }
    const allow = new NetworkList(settings.allow)
    this.#file?.setAccess(settings)
    this.#allow = allow
    this.#settings = settings
    this.#context.update(settings.own, lookup)
  }

  /**
   * Stops accepting, answers every request that has arrived completely, then closes each connection.
   * Resolves when the last one is closed; {@link close} ends the waiting.
   */
  async drain(): Promise<void> {
    const closed = this.#stopAccepting()
    // Two turns of the event loop, so that what the kernel already holds is read first.
    await nextTurn()
    await nextTurn()
    for (const session of this.#sessions) session.leave()
    await closed
  }

  /** Stops accepting, sends the replies that are ready, and closes every connection at once. */
  async close(): Promise<void> {
    const closed = this.#stopAccepting()
    this.#context.batch.flush()
    for (const session of this.#sessions) session.destroy()
    await closed
  }

  get #bounds(): Address[] {
    return this.#servers.map((server) => boundAddress(server, this.#settings.address))
  }

  #createServer(): Server {
    /** Peers on a unix socket have no address. */
    let isNetwork = true
    const server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_AFTER_MS },
      (socket) => this.#accept(socket, isNetwork),
    )
    return server.once('listening', () => {
      const bound = server.address()
      // That of a unix socket which was passed as a descriptor is null.
      isNetwork = typeof bound === 'object' && bound !== null
    })
  }

  #accept(socket: Socket, isNetwork: boolean): void {
    const { observer } = this.#context
    const address = socket.remoteAddress ?? ''
    const refusal = isNetwork && !this.#allow.has(address) ? 'allow' : this.#makeRoom(socket, address)
    if (refusal !== undefined) {
      observer.connectionRefused(refusal)
      socket.on('error', () => {}) // closed already, nothing to tell
      socket.destroy()
      return
    }
    const session = new Session(socket, address, this.#context, this.#nextActivity)
    this.#sessions.add(session)
    observer.connectionOpened()
    // Comes once; `once` would keep more for each connection.
    socket.on('close', () => this.#sessions.delete(session))
  }

  #makeRoom(socket: Socket, address: string): 'limit' | 'address-limit' | undefined {
    const { size } = this.#sessions
    if (isNearLimit(socket, this.#descriptorLimit)) this.#fitting = Math.max(1, size)
    else if (size < this.#fitting / 2) this.#fitting = Number.POSITIVE_INFINITY
    const { maxConnections, maxConnectionsPerAddress } = this.#settings
    const limits = { maxConnections: Math.min(maxConnections, this.#fitting), maxConnectionsPerAddress }
    return this.#sessions.makeRoom(address, limits, (session) => this.#shed(session))
  }

  #shed(session: Session): void {
    this.#context.observer.connectionShed()
    session.shed()
  }

  #stopAccepting(): Promise<void> {
    this.#file?.remove()
    this.#file = undefined
    this.#closed ??= Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    ).then(() => {})
    return this.#closed
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
