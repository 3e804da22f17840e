/**
 * A client of one server, of mapgate or any other: asks as Postfix does, in the server's protocol.
 */
import type { LookupResult } from '../core/result.ts'
import type { ProtocolClient } from '../protocols/protocol.ts'
import { type Exchange, WireConnection } from './connection.ts'
import { type ClientOptions, resolveOptions } from './options.ts'

export class WireClient {
  readonly #client: ProtocolClient
  readonly #connection: WireConnection

  constructor(client: ProtocolClient, options: ClientOptions) {
    this.#client = client
    this.#connection = new WireConnection({
      ...resolveOptions(options),
      createDecoder: () => client.createDecoder(),
      isGreeted: client.isGreeted === true,
      opening: client.opening,
      closedReply: client.closedReply,
    })
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   *
   * @param table '' where the protocol has no table names.
   */
  async lookup(table: string, key: string | Buffer): Promise<LookupResult> {
    const bytes = Buffer.from(key)
    const exchange = await this.#send(this.#client.encodeRequest(table, bytes))
    if (!('payload' in exchange)) return exchange
    const again = this.#client.encodeAgain?.(exchange.payload, table, bytes)
    const last = again === undefined ? exchange : await this.#send(again)
    return 'payload' in last ? this.#client.parseReply(last.payload) : last
  }

  /** Asks a question that is more than a key. @throws TypeError where the protocol has keys only. */
  async lookupAttributes(table: string, attributes: ReadonlyMap<string, string>): Promise<LookupResult> {
    const request = this.#client.encodeAttributes?.(table, attributes)
    if (request === undefined) throw new TypeError(`${this.#client.scheme}: a question is a key`)
    const exchange = await this.#send(request)
    return 'payload' in exchange ? this.#client.parseReply(exchange.payload) : exchange
  }

  async #send(request: Buffer | LookupResult): Promise<Exchange | LookupResult> {
    return 'kind' in request ? request : this.#connection.exchange(request)
  }

  close(): void {
    this.#connection.close()
  }
}
