/**
 * A client of one server, of mapgate or any other: asks as Postfix does, in the server's protocol.
 */
import type { LookupResult } from '../core/result.ts'
import type { ProtocolClient } from '../protocols/protocol.ts'
import { WireConnection } from './connection.ts'
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
    })
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   *
   * @param table '' where the protocol has no table names.
   */
  async lookup(table: string, key: string | Buffer): Promise<LookupResult> {
    const request = this.#client.encodeRequest(table, Buffer.from(key))
    if ('kind' in request) return request
    const exchange = await this.#connection.exchange(request)
    return exchange.kind === 'reply' ? this.#client.parseReply(exchange.payload) : exchange
  }

  close(): void {
    this.#connection.close()
  }
}
