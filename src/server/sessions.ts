/**
 * The connections of one listener: how many there are, in all and of each client address, and
 * which one gives way when a new one finds no room.
 *
 * The longest idle connection is closed rather than the new one refused: a new connection is
 * somebody who wants to ask now. When none is idle, the one whose request has stalled longest goes, so that requests
 * that are never finished keep nobody out. Only when there is none either the new one is refused.
 */
import type { Session } from './session.ts'
import type { ConnectionLimits } from './settings.ts'

export class Sessions {
  readonly #all = new Set<Session>()
  readonly #perAddress = new Map<string, number>()

  get size(): number {
    return this.#all.size
  }

  add(session: Session): void {
    this.#all.add(session)
    this.#perAddress.set(session.address, this.#of(session.address) + 1)
  }

  /** Does nothing for a session that was removed before. */
  delete(session: Session): boolean {
    if (!this.#all.delete(session)) return false
    const left = this.#of(session.address) - 1
    if (left > 0) this.#perAddress.set(session.address, left)
    else this.#perAddress.delete(session.address)
    return true
  }

  /**
   * Makes room for one more connection.
   *
   * @param address Of the client; '' for a unix socket.
   * @param shed Called with the session that gives way; must close it.
   * @returns `undefined` when there is room now, else the limit that is reached.
   */
  makeRoom(
    address: string,
    limits: ConnectionLimits,
    shed: (session: Session) => void,
  ): 'limit' | 'address-limit' | undefined {
    if (address !== '' && this.#of(address) >= limits.maxConnectionsPerAddress) {
      return this.#shed(address, shed) ? undefined : 'address-limit'
    }
    if (this.#all.size < limits.maxConnections) return undefined
    return this.#shed(undefined, shed) ? undefined : 'limit'
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#all.values()
  }

  /** Searches them all: only a full listener does so, and the cached path keeps no list for it. */
  #shed(address: string | undefined, shed: (session: Session) => void): boolean {
    let idle: Session | undefined
    let stalled: Session | undefined
    let stalledForMs = 0
    for (const session of this.#all) {
      if (address !== undefined && session.address !== address) continue
      if (session.idle) {
        if (idle === undefined || session.lastActivity < idle.lastActivity) idle = session
      } else if (session.stalledForMs > stalledForMs) {
        stalled = session
        stalledForMs = session.stalledForMs
      }
    }
    const leaving = idle ?? stalled
    if (leaving === undefined) return false
    this.delete(leaving)
    shed(leaving)
    return true
  }

  #of(address: string): number {
    return this.#perAddress.get(address) ?? 0
  }
}
