/**
 * The connections of one listener to the servers that its requests are passed on to: how many there are, and
 * whether requests fail there.
 */

import type { Clock } from '../core/clock.ts'
import type { ListenerObserver } from '../core/observed/observer.ts'
import { temporaryFor } from '../core/reason.ts'
import { CORE_REASONS } from '../core/reasons.ts'
import type { Temporary } from '../core/result.ts'
import { type Address, formatAddress } from '../core/system/address.ts'
import { whyNoSocket } from '../core/system/socket-trouble.ts'

/**
 * Connections of one listener to other servers. Ours: far more requests at once than a mail server has for foreign
 * tables; two programs that pass on to each other end here and not at the last descriptor.
 */
export const MAX_PASSED_CONNECTIONS = 500

/** How long a failure counts as trouble when nobody asks again, ms. Ours: Postfix asks again every second. */
const TROUBLE_MS = 600_000

const TOO_MANY = temporaryFor(CORE_REASONS.tooManyPassed)

/** A connection to another server. */
export interface PassedConnection {
  /** A request is under way. */
  readonly isWaiting: boolean
  close(): void
}

export class PassedConnections {
  readonly #clock: Clock
  readonly #observer: ListenerObserver
  /** The one that was used longest ago first. */
  readonly #open = new Set<PassedConnection>()
  /** The last failure, until a request is answered. */
  #failure: { readonly text: string; readonly atMs: number } | undefined

  constructor(clock: Clock, observer: ListenerObserver) {
    this.#clock = clock
    this.#observer = observer
  }

  /** Called before each request. @returns Why there is no room; the connection that idles longest gives way before. */
  enter(connection: PassedConnection): Temporary | undefined {
    if (!this.#open.delete(connection) && this.#open.size >= MAX_PASSED_CONNECTIONS) {
      const idle = this.#firstIdle()
      if (idle === undefined) return TOO_MANY
      idle.close()
    }
    this.#open.add(connection)
    return undefined
  }

  /** The connection is closed. */
  leave(connection: PassedConnection): void {
    this.#open.delete(connection)
  }

  /** A request was answered, or the settings changed. */
  recovered(): void {
    this.#failure = undefined
  }

  /** @param code Of the system, where it refused the connection. */
  failed(address: Address, { cause, reason }: Temporary, code: string | undefined): void {
    const why = code !== undefined && address.kind === 'unix' ? whyNoSocket(address.path, code) : reason
    const text = `requests for the tables of others fail at ${formatAddress(address)}: ${why}`
    this.#failure = { text, atMs: this.#clock.monotonicMs() }
    this.#observer.passFailed(cause, text)
  }

  /** What is wrong now; undefined when nothing is. */
  get trouble(): string | undefined {
    const failure = this.#failure
    return failure !== undefined && this.#clock.monotonicMs() - failure.atMs < TROUBLE_MS
      ? failure.text
      : undefined
  }

  #firstIdle(): PassedConnection | undefined {
    for (const connection of this.#open) if (!connection.isWaiting) return connection
    return undefined
  }
}
