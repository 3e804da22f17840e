/**
 * Passes requests of one connection on to another server of the same protocol, and its replies back.
 *
 * Each connection has one of its own there, so that the other server sees the same order of requests.
 */
import { WireConnection } from '../client/connection.ts'
import type { Clock } from '../core/clock.ts'
import type { Temporary } from '../core/result.ts'
import type { PassedResult, PassStep, PassTarget } from '../protocols/protocol.ts'

/** Longest wait for the other server, ms. Ours: as the longest deadline of a table. */
const PASS_TIMEOUT_MS = 90_000

export class Relay {
  readonly #clock: Clock
  #target: PassTarget | undefined
  #connection: WireConnection | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The reply; or why there is none, never by a rejection. */
  async pass({ target, request }: PassStep): Promise<PassedResult | Temporary> {
    const exchange = await this.#connectionTo(target).exchange(request)
    return exchange.kind === 'reply' ? { kind: 'passed', bytes: exchange.payload } : exchange
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
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
