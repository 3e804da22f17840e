/**
 * The connection of a wire client: one question at a time, each reply for its own question.
 *
 * Behaves as Postfix does: a connection that the server closed is opened again and the question
 * asked once more; a reply that does not come in time is not asked for again.
 * Peer: Postfix `src/util/auto_clnt.c`, `src/util/dict_sockmap.c`
 */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../core/clock.ts'
import { temporaryFor } from '../core/reason.ts'
import type { Temporary } from '../core/result.ts'
import type { Address } from '../core/system/address.ts'
import { codeOf } from '../core/system/error-code.ts'
import type { Decoder } from '../protocols/framing/frame.ts'
import { CLIENT_REASONS } from './reasons.ts'

/** The payload of a reply, or why there is none. */
export type Exchange = { readonly kind: 'reply'; readonly payload: Buffer } | NoExchange

interface NoExchange extends Temporary {
  /** Of the system, where it refused the connection, such as `ECONNREFUSED`. */
  readonly code?: string
}

interface WireConnectionOptions {
  readonly address: Address
  /** Longest time to connect, and again to wait for each reply, ms. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly createDecoder: () => Decoder
  /** True where the server's first frame is a greeting, which comes before the first question. */
  readonly isGreeted: boolean
  /** What is said first, before the greeting is waited for. */
  readonly opening?: string | undefined
  /** What a server has answered that closes the connection instead: it is not asked again. */
  readonly closedReply?: Temporary | undefined
}

/** The question that waits for its reply. */
interface Waiting {
  readonly socket: Socket
  readonly decoder: Decoder
  readonly finish: (exchange: Exchange | 'closed') => void
}

/** Source: Postfix asks twice in all, `src/util/dict_sockmap.c`, DICT_SOCKMAP_TRY_LIMIT. */
const MAX_TRIES = 2

export class WireConnection {
  readonly #options: WireConnectionOptions
  #socket: Socket | undefined
  /** The connection whose greeting has come. */
  #greetedSocket: Socket | undefined
  #waiting: Waiting | undefined
  /** The end of the queue of questions. */
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: WireConnectionOptions) {
    this.#options = options
  }

  /** Sends a request and waits for its reply; questions asked at the same time wait for their turn. */
  exchange(request: Buffer): Promise<Exchange> {
    const result = this.#last.then(() => this.#try(request))
    this.#last = result
    return result
  }

  /** Closes the connection; a question under way is answered as temporary. */
  close(): void {
    this.#closed = true
    this.#drop()
    this.#waiting?.finish(temporaryFor(CLIENT_REASONS.clientClosed))
  }

  async #try(request: Buffer): Promise<Exchange> {
    const { closedReply } = this.#options
    const maxTries = closedReply === undefined ? MAX_TRIES : 1
    for (let tries = 1; tries <= maxTries; tries++) {
      if (this.#closed) return temporaryFor(CLIENT_REASONS.clientClosed)
      const socket = await this.#connected()
      if (!('write' in socket)) return socket
      const exchange = (await this.#greeted(socket)) ?? (await this.#ask(socket, request))
      if (exchange !== 'closed') return exchange
    }
    return closedReply ?? temporaryFor(CLIENT_REASONS.closedUnanswered)
  }

  #ask(socket: Socket, request: Buffer): Promise<Exchange | 'closed'> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(this.#options.timeoutMs, () =>
        finish(temporaryFor(CLIENT_REASONS.noReplyInTime)),
      )
      const finish = (exchange: Exchange | 'closed') => {
        timer.cancel()
        this.#waiting = undefined
        if (exchange === 'closed' || exchange.kind !== 'reply') this.#drop()
        resolve(exchange)
      }
      this.#waiting = { socket, decoder: this.#options.createDecoder(), finish }
      if (request.length > 0) socket.write(request)
    })
  }

  /** Waits for the greeting of a new connection, where there is one: undefined when it has come. */
  async #greeted(socket: Socket): Promise<Exchange | 'closed' | undefined> {
    if (!this.#options.isGreeted || this.#greetedSocket === socket) return undefined
    const greeting = await this.#ask(socket, Buffer.from(this.#options.opening ?? ''))
    if (greeting === 'closed' || greeting.kind !== 'reply') return greeting
    this.#greetedSocket = socket
    return undefined
  }

  #onData(socket: Socket, chunk: Buffer): void {
    const waiting = this.#waiting
    if (waiting?.socket !== socket) {
      // Nobody asked: a later question could take this for its own reply.
      socket.destroy()
      return
    }
    waiting.decoder.push(chunk)
    const step = waiting.decoder.read()
    if (step.kind === 'more') return
    if (step.kind !== 'frame') {
      waiting.finish(temporaryFor(CLIENT_REASONS.wrongReply))
      return
    }
    const rest = waiting.decoder.read()
    // More than one reply to one question: none of the next ones could be trusted.
    if (rest.kind !== 'more' || waiting.decoder.pendingBytes > 0) this.#drop()
    waiting.finish({ kind: 'reply', payload: step.payload })
  }

  /** The open connection, a new one, or why there is none. */
  #connected(): Promise<Socket | NoExchange> | Socket {
    if (this.#socket?.writable === true) return this.#socket
    this.#drop()
    const { address, clock, timeoutMs } = this.#options
    if (address.kind === 'systemd') return Promise.resolve(temporaryFor(CLIENT_REASONS.noClientAddress))
    const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(socket, chunk))
    socket.on('close', () => {
      if (this.#waiting?.socket === socket) this.#waiting.finish('closed')
    })
    return new Promise((resolve) => {
      const settle = (result: Socket | NoExchange) => {
        timer.cancel()
        if (result !== socket) socket.destroy()
        resolve(result)
      }
      const timer = clock.after(timeoutMs, () => settle(temporaryFor(CLIENT_REASONS.noConnectionInTime)))
      // Also called when an open connection breaks: 'close' tells the question that waits.
      socket.on('error', (error) => settle(cannotConnect(error)))
      socket.once('close', () => settle(temporaryFor(CLIENT_REASONS.connectionClosed)))
      socket.once('connect', () => settle(socket))
    })
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
  }
}

function cannotConnect(error: Error): NoExchange {
  const code = codeOf(error)
  return code === ''
    ? temporaryFor(CLIENT_REASONS.noConnection)
    : { ...temporaryFor(CLIENT_REASONS.connectFailed, code), code }
}
