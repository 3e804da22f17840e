/**
 * A client of tcp_table servers, of mapgate or any other: asks as Postfix does.
 */
import type { LookupResult } from '../core/result.ts'
import { LineDecoder } from '../protocols/line.ts'
import { encodeRequest, parseReply } from '../protocols/tcp-table/client.ts'
import { MAX_REPLY_BYTES } from '../protocols/tcp-table/server.ts'
import { WireConnection } from './connection.ts'
import { type ClientOptions, resolveOptions } from './options.ts'

/** Longest reply line without its newline, in bytes. */
const MAX_LINE_BYTES = MAX_REPLY_BYTES - 1

export class TcpTableClient {
  readonly #connection: WireConnection

  constructor(options: ClientOptions) {
    this.#connection = new WireConnection({
      ...resolveOptions(options),
      createDecoder: () => new LineDecoder(MAX_LINE_BYTES, ''),
    })
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   */
  async lookup(key: string | Buffer): Promise<LookupResult> {
    const exchange = await this.#connection.exchange(encodeRequest(Buffer.from(key)))
    return exchange.kind === 'reply' ? parseReply(exchange.payload) : exchange
  }

  close(): void {
    this.#connection.close()
  }
}
