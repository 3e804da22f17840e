/**
 * Clients for programs that use mapgate as a library.
 */
import { WireClient } from '../client/client.ts'
import type { ClientOptions } from '../client/options.ts'
import type { LookupResult } from '../core/result.ts'
import { socketmapClient } from '../protocols/socketmap/client.ts'
import { tcpTableClient } from '../protocols/tcp-table/client.ts'

/** A client of socketmap servers. */
export class SocketmapClient {
  readonly #client: WireClient

  constructor(options: ClientOptions) {
    this.#client = new WireClient(socketmapClient, options)
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   */
  lookup(table: string, key: string | Buffer): Promise<LookupResult> {
    return this.#client.lookup(table, key)
  }

  close(): void {
    this.#client.close()
  }
}

/** A client of tcp_table servers. */
export class TcpTableClient {
  readonly #client: WireClient

  constructor(options: ClientOptions) {
    this.#client = new WireClient(tcpTableClient, options)
  }

  /**
   * Asks one key. Does not reject: a failed connection, a time-out and an unreadable reply are
   * temporary results.
   */
  lookup(key: string | Buffer): Promise<LookupResult> {
    return this.#client.lookup('', key)
  }

  close(): void {
    this.#client.close()
  }
}
