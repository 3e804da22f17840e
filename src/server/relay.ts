/**
 * Passes requests of one connection on to another server of the same protocol, and its replies back.
 *
 * Each connection has one of its own there, so that the other server sees the same order of requests.
 */
import { type Exchange, WireConnection } from '../client/connection.ts'
import type { Clock } from '../core/clock.ts'
import type { Temporary } from '../core/result.ts'
import type { PassedResult, PassStep, PassTarget } from '../protocols/protocol.ts'
import type { PassedConnection, PassedConnections } from './passed-connections.ts'

/** Longest wait for the other server, ms. Ours: as the longest deadline of a table. */
const PASS_TIMEOUT_MS = 90_000

export class Relay implements PassedConnection {
  isWaiting = false
  readonly #clock: Clock
  readonly #passed: PassedConnections
  #target: PassTarget | undefined
  #connection: WireConnection | undefined

  constructor(clock: Clock, passed: PassedConnections) {
    this.#clock = clock
    this.#passed = passed
  }

  /** The reply; or why there is none, never by a rejection. */
  async pass({ target, request }: PassStep): Promise<PassedResult | Temporary> {
    const connection = this.#connectionTo(target)
    const noRoom = this.#passed.enter(this)
    this.isWaiting = noRoom === undefined
    const exchange: Exchange = noRoom ?? (await connection.exchange(request))
    this.isWaiting = false
    if (exchange.kind === 'reply') {
      this.#passed.recovered()
      return { kind: 'passed', bytes: exchange.payload }
    }
    // Else the client went away: nobody else has to know.
    if (this.#connection === connection) this.#passed.failed(target.address, exchange, exchange.code)
    return exchange
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#passed.leave(this)
  }

  /** A reload may name another server under an open connection. */
  #connectionTo(target: PassTarget): WireConnection {
    if (this.#connection !== undefined && this.#target === target) return this.#connection
    this.close()
    this.#target = target
    this.#connection = new WireConnection({
      address: target.address,
      timeoutMs: PASS_TIMEOUT_MS,
      clock: this.#clock,
      createDecoder: target.createDecoder,
      isGreeted: false,
    })
    return this.#connection
  }
}
