/**
 * An HTTP service whose every answer is a function of what was asked, however badly it behaves in
 * between. So the asker can tell an answer that belongs to another question.
 *
 *   GET /GENERATION/TABLE/KEY    200 `t-TABLE=KEY=GENERATION`; 404 for a key that begins with "absent";
 *                                a long value for one that begins with "big". The `t-` keeps it from being a field
 *                                such as `aliases=…`, which is no value of a mail system
 *
 * A share of the requests meets mischief instead: an error, a pause, silence, a broken
 * connection, a page of a proxy. None of those may become "not found".
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { between, oneOf, type Random } from '../traffic/seeded.ts'

export interface KeyedServiceOptions {
  readonly random: Random
  /** Share of the requests that meet mischief, 0 to 1. It may be changed. */
  readonly mischief: number
  /** Longest pause of a slow answer, ms. */
  readonly slowMs?: number
}

/** Characters behind the value of a key that begins with "big": what a tcp_table reply can just hold. */
const BIG_VALUE = 4000

const MISCHIEF = ['500', '503', '429', 'slow', 'slow', 'silence', 'reset', 'half', 'page', 'garbage'] as const

export class KeyedService {
  /** Share of the requests that meet mischief, 0 to 1. */
  mischief: number
  /** While true every request is refused: an outage. */
  isDown = false
  /** Requests so far. */
  requests = 0
  readonly #random: Random
  readonly #slowMs: number
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #server: Server

  constructor({ random, mischief, slowMs = 150 }: KeyedServiceOptions) {
    this.#random = random
    this.mischief = mischief
    this.#slowMs = slowMs
    this.#server = createServer({ keepAliveTimeout: 5000 }, (request, response) =>
      this.#answer(request, response),
    )
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests++
    request.resume()
    response.on('error', () => {}) // the gateway went away: nobody is left to be told
    if (this.isDown) response.writeHead(503).end()
    else if (this.#random() >= this.mischief) this.#tell(request, response)
    else this.#misbehave(oneOf(this.#random, MISCHIEF), request, response)
  }

  #tell({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const [, generation = '', table = '', ...key] = url.split('/')
    const text = decodeURIComponent(key.join('/'))
    if (text.startsWith('absent')) response.writeHead(404).end()
    else {
      const tail = text.startsWith('big') ? `=${'v'.repeat(BIG_VALUE)}` : ''
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`t-${table}=${text}=${generation}${tail}`)
    }
  }

  #misbehave(act: (typeof MISCHIEF)[number], request: IncomingMessage, response: ServerResponse): void {
    switch (act) {
      case '500':
      case '503':
      case '429':
        response.writeHead(Number(act)).end('trouble')
        break
      case 'slow':
        this.#later(() => this.#tell(request, response))
        break
      case 'silence':
        break
      case 'reset':
        request.socket.resetAndDestroy()
        break
      case 'half':
        response.writeHead(200, { 'content-length': '1000' }).write('t-aliases=another')
        setImmediate(() => request.socket.destroy())
        break
      case 'page':
        response.writeHead(404, { 'content-type': 'text/html' }).end('<html>not found</html>')
        break
      case 'garbage':
        request.socket.end('nothing that is HTTP\r\n\r\n')
    }
  }

  #later(run: () => void): void {
    const delayMs = between(this.#random, 1, this.#slowMs)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }
}
