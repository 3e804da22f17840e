/**
 * One client connection that knows which reply it must get to each of its questions.
 *
 * Questions may be pipelined and their bytes cut anywhere. Every reply is compared with the
 * question that is its turn; replies that nobody asked for, and connections that the server
 * closes while a question is open, are reported too.
 */
import { connect, type Socket } from 'node:net'
import type { LookupResult } from '../../../src/core/result.ts'
import type { Address } from '../../../src/core/system/address.ts'
import type { Decoder } from '../../../src/protocols/framing/frame.ts'
import { memcacheClient as memcache } from '../../../src/protocols/memcache/client.ts'
import type { ProtocolClient } from '../../../src/protocols/protocol.ts'
import { proxymapClient as proxymap } from '../../../src/protocols/proxymap/client.ts'
import { socketmapClient as socketmap } from '../../../src/protocols/socketmap/client.ts'
import { tcpTableClient as tcpTable } from '../../../src/protocols/tcp-table/client.ts'
import { cutAt } from '../wire/chunkings.ts'
import { awakeMs } from './awake-clock.ts'

/** Those that most load is made over. */
export type WireProtocol = 'socketmap' | 'tcp_table'

export type AskedProtocol = keyof typeof CLIENTS

const CLIENTS = { socketmap, tcp_table: tcpTable, memcache, proxymap } satisfies Record<
  string,
  ProtocolClient
>

/** A question that waits for its reply. */
export interface Asked {
  readonly table: string
  readonly key: string
  /** The oldest configuration that may have answered it: the one that was settled when it was sent. */
  readonly oldest: number
}

/** What to ask. */
export type Question = Omit<Asked, 'oldest'>

export interface CheckedConnectionOptions {
  readonly address: Address & { readonly kind: 'inet' | 'unix' }
  readonly protocol: AskedProtocol
  /** Called with each reply and the question it came for, and how long it was its turn, ms, in all and while this process could run. */
  readonly replied: (asked: Asked, result: LookupResult, waitedMs: number, awakeMs: number) => void
  /** Called with what must not happen. */
  readonly wrong: (what: string) => void
}

export class CheckedConnection {
  readonly #options: CheckedConnectionOptions
  readonly #socket: Socket
  readonly #client: ProtocolClient
  readonly #decoder: Decoder
  readonly #open: Asked[] = []
  #headSinceMs = 0
  #headSinceAwakeMs = 0
  #state: 'open' | 'ended' | 'closed' = 'open'
  #allReplied: () => void = () => {}
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>

  constructor(options: CheckedConnectionOptions) {
    this.#options = options
    this.#client = CLIENTS[options.protocol]
    this.#decoder = this.#client.createDecoder()
    const { address } = options
    this.#socket =
      address.kind === 'unix'
        ? connect({ path: address.path, allowHalfOpen: true })
        : connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: true })
    this.#socket.on('data', (chunk) => this.#onData(chunk))
    this.#socket.on('error', () => {}) // shows as 'close'
    this.#socket.on('end', () => this.#onEnd())
    this.closed = new Promise((resolve) =>
      this.#socket.once('close', () => {
        this.#onEnd()
        resolve()
      }),
    )
  }

  /**
   * Sends questions in one go, cut at these sizes, and waits until all are answered or the connection
   * is closed.
   */
  ask(questions: readonly Question[], cuts: readonly number[], oldest = 0): Promise<void> {
    if (this.#open.length === 0) {
      this.#headSinceMs = performance.now()
      this.#headSinceAwakeMs = awakeMs()
    }
    const requests = questions.map(({ table, key }) => {
      this.#open.push({ table, key, oldest })
      const request = this.#client.encodeRequest(table, Buffer.from(key))
      if (!Buffer.isBuffer(request)) throw new Error(`the client does not send the key ${key}`)
      return request
    })
    for (const piece of cutAt(Buffer.concat(requests), cuts)) this.#socket.write(piece)
    return new Promise((resolve) => {
      this.#allReplied = resolve
      if (this.#state === 'closed') resolve()
    })
  }

  /** Ends the client's side; what was asked must still be answered. */
  end(): void {
    this.#socket.end()
    this.#state = 'ended'
  }

  /** Closes at once, in the middle of whatever is under way. */
  cut(): void {
    this.#state = 'closed'
    this.#socket.destroy()
    this.#allReplied()
  }

  /** Sends bytes as they are. */
  raw(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'closed') return
    this.#decoder.push(chunk)
    for (let step = this.#decoder.read(); step.kind !== 'more'; step = this.#decoder.read()) {
      const asked = this.#open.shift()
      if (step.kind !== 'frame' || asked === undefined) {
        this.#options.wrong(
          asked === undefined ? 'a reply that nobody asked for' : `a reply that is no reply`,
        )
        this.cut()
        return
      }
      const nowMs = performance.now()
      const nowAwakeMs = awakeMs()
      this.#options.replied(
        asked,
        this.#client.parseReply(step.payload),
        nowMs - this.#headSinceMs,
        nowAwakeMs - this.#headSinceAwakeMs,
      )
      this.#headSinceMs = nowMs
      this.#headSinceAwakeMs = nowAwakeMs
    }
    if (this.#open.length === 0) this.#allReplied()
  }

  #onEnd(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    if (this.#open.length > 0) {
      this.#options.wrong(`closed with ${this.#open.length} questions unanswered`)
    }
    this.#socket.destroy()
    this.#allReplied()
  }
}
