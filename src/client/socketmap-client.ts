/**
 * A client of socketmap servers, of mapgate or any other: asks as Postfix does.
 */
import type { LookupResult } from '../core/result.ts'
import { NetstringDecoder } from '../protocols/netstring.ts'
import { encodeRequest, parseReply } from '../protocols/socketmap/client.ts'
import { MAX_REPLY_PAYLOAD_BYTES } from '../protocols/socketmap/server.ts'
import { WireConnection } from './connection.ts'
import { type ClientOptions, resolveOptions } from './options.ts'

export class SocketmapClient {
  readonly #connection: WireConnection

  constructor(options: ClientOptions) {
    this.#connection = new WireConnection({
      ...resolveOptions(options),
      createDecoder: () => new NetstringDecoder(MAX_REPLY_PAYLOAD_BYTES),
    })
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   */
  async lookup(table: string, key: string | Buffer): Promise<LookupResult> {
    const exchange = await this.#connection.exchange(encodeRequest(table, Buffer.from(key)))
    return exchange.kind === 'reply' ? parseReply(exchange.payload) : exchange
  }

  close(): void {
    this.#connection.close()
  }
}
