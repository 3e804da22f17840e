/**
 * What Postfix gets, byte for byte: one connection to a listener, one question after the other.
 */
import { connect, type Socket } from 'node:net'
import type { Decoder } from '../../../src/protocols/framing/frame.ts'
import { LineDecoder } from '../../../src/protocols/framing/line.ts'
import { NetstringDecoder, netstring } from '../../../src/protocols/framing/netstring.ts'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import type { Cleanup } from '../../support/http/http-service.ts'

export type WireProtocol = 'socketmap' | 'tcp_table'

export const PROTOCOLS: readonly WireProtocol[] = ['socketmap', 'tcp_table']

/** First word of a reply that says: exists, does not exist. */
export const FOUND: Record<WireProtocol, string> = { socketmap: 'OK', tcp_table: '200' }
export const NOT_FOUND: Record<WireProtocol, string> = { socketmap: 'NOTFOUND', tcp_table: '500' }

/** Longer than any reply a test here gets, bytes. */
const MAX_REPLY_BYTES = 100_000

/** One reply, and how long it took. */
export interface WireReply {
  /** The payload of a netstring, or a line without its end. */
  readonly text: string
  /** The first word: OK, NOTFOUND, TEMP, TIMEOUT, PERM; 200, 400, 500. */
  readonly kind: string
  readonly tookMs: number
}

/** One connection, closed with the test. Questions may be pipelined. */
export class Wire {
  readonly #socket: Socket
  readonly #decoder: Decoder
  readonly #table: string | undefined
  readonly #waiting: { sentMs: number; resolve(reply: WireReply): void; reject(error: Error): void }[] = []

  /** @param table For socketmap; a tcp_table listener has only one. */
  constructor(cleanup: Cleanup, gateway: TestGateway, protocol: WireProtocol, table = 'aliases') {
    const { host, port } = address(gateway, protocol, table)
    this.#table = protocol === 'socketmap' ? table : undefined
    this.#decoder =
      protocol === 'socketmap' ? new NetstringDecoder(MAX_REPLY_BYTES) : new LineDecoder(MAX_REPLY_BYTES)
    this.#socket = connect({ host, port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', () => {}) // shows as 'close'
    this.#socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('closed without a reply'))
    })
    cleanup.onTestFinished(() => this.close())
  }

  ask(key: string): Promise<WireReply> {
    const line = key.replaceAll('%', '%25').replaceAll(' ', '%20')
    this.#socket.write(this.#table === undefined ? `get ${line}\n` : netstring(`${this.#table} ${key}`))
    return new Promise((resolve, reject) =>
      this.#waiting.push({ sentMs: performance.now(), resolve, reject }),
    )
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#decoder.push(chunk)
    for (let step = this.#decoder.read(); step.kind === 'frame'; step = this.#decoder.read()) {
      const text = step.payload.toString()
      const waiter = this.#waiting.shift()
      const tookMs = performance.now() - (waiter?.sentMs ?? 0)
      waiter?.resolve({ text, kind: text.split(' ', 1)[0] ?? '', tookMs })
    }
  }
}

/** Where a table is asked: any socketmap listener, or the tcp_table listener of that table. */
function address(gateway: TestGateway, protocol: WireProtocol, table: string) {
  for (const { bound, settings } of gateway.gateway.listeners.values()) {
    if (bound.kind !== 'inet' || settings.protocol.name !== protocol) continue
    const served = settings.protocol.tables(settings.own)
    if (served === undefined || served.includes(table)) return bound
  }
  throw new Error(`no ${protocol} listener for table ${table}`)
}
