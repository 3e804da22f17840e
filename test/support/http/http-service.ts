/**
 * A real HTTP service for tests: it answers as scripted, records every request as it came
 * over the wire, and misbehaves on demand.
 *
 *   const service = await startHttpService(t)
 *   service.route('/aliases/info%40a.example', { json: { goto: ['x@b.example'] } })
 *   service.route('/aliases/slow%40a.example', { act: 'silence' })
 *   service.otherwise = { status: 503, headers: { 'retry-after': '7' } }
 *   ... ask `service.origin` ...
 *   service.requests[0]?.url
 *
 * A list of behaviours is played one per request, the last one from then on.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What vitest's test context has; anything that runs the function at the end will do. */
export interface Cleanup {
  onTestFinished(run: () => Promise<void> | void): void
}

/** An ordinary reply. `json` sets the content type; `text` and `body` are sent as they are. */
export interface Reply {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly json?: unknown
  readonly text?: string
  readonly body?: Buffer
  /** Sends the reply when this settles: how a test holds requests without a timer. */
  readonly after?: Promise<unknown>
  /** Closes the connection after the reply, without having said so: what a busy server does. */
  readonly thenClose?: boolean
}

/** Every way to misbehave. */
export type Misbehaviour =
  /** Reads the request and says nothing, ever. */
  | { readonly act: 'silence' }
  /** Replies after so long. */
  | { readonly act: 'slow'; readonly afterMs: number; readonly reply: Reply }
  /** Resets the connection before any byte of a reply. */
  | { readonly act: 'reset' }
  /** Resets as above when the connection has served a request before, else replies. */
  | { readonly act: 'reset-if-reused'; readonly reply: Reply }
  /** Announces a longer body, sends half of it, then resets. */
  | { readonly act: 'reset-in-body' }
  /** Announces a longer body, sends half of it, then nothing more. */
  | { readonly act: 'stall-in-body' }
  /** Sends one byte of the body every `everyMs`, for ever. */
  | { readonly act: 'drip'; readonly everyMs: number }
  /** Sends these bytes instead of an HTTP reply, and ends the connection. */
  | { readonly act: 'raw'; readonly bytes: string | Buffer }
  /** A body of so many bytes; `announced` false sends it chunked, so that its size shows late. */
  | { readonly act: 'large'; readonly bytes: number; readonly announced: boolean }

export type Behaviour = Reply | Misbehaviour | ((request: RecordedRequest) => Reply | Misbehaviour)

/** One request, as it came over the wire. */
export interface RecordedRequest {
  readonly method: string
  /** The request target, not decoded. */
  readonly url: string
  /** Lower-case names; repeated fields joined by node:http's rules. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Name, value, name, value, in the order and spelling of the wire. */
  readonly rawHeaders: readonly string[]
  readonly body: string
  /** How many requests this connection has brought, this one included. */
  readonly onConnection: number
}

export interface HttpServiceOptions {
  /** Serves https with these. */
  readonly tls?: ServerOptions
  /** Listens on a unix socket instead of 127.0.0.1. */
  readonly socketPath?: string
  /** Ms an idle connection is kept; default 60,000, so that no test meets the end of it. */
  readonly keepAliveTimeoutMs?: number
}

/** Starts a service, and stops it when the test ends. */
export async function startHttpService(t: Cleanup, options: HttpServiceOptions = {}): Promise<HttpService> {
  const service = new HttpService(options)
  t.onTestFinished(() => service.stop())
  await service.start()
  return service
}

export class HttpService {
  /** Every request, in order of arrival (recorded when its body is complete). */
  readonly requests: RecordedRequest[] = []
  /** What a path without a route gets. */
  otherwise: Behaviour = { status: 404, json: { error: 'not found' } }
  /** Most requests under way at one moment. */
  maxConcurrent = 0
  /** Connections accepted so far. */
  connections = 0
  /** Requests under way now. */
  inFlight = 0

  #options: HttpServiceOptions
  readonly #routes = new Map<string, Behaviour[]>()
  readonly #sockets = new Set<Socket>()
  readonly #served = new WeakMap<Socket, number>()
  readonly #drips = new Set<NodeJS.Timeout>()
  readonly #waiters: { count: number; resolve: () => void }[] = []
  readonly #closeWaiters: { count: number; resolve: () => void }[] = []
  #closedConnections = 0
  #server: Server | undefined
  #port = 0

  constructor(options: HttpServiceOptions = {}) {
    this.#options = options
  }

  get port(): number {
    return this.#port
  }

  get origin(): string {
    if (this.#options.socketPath !== undefined) return 'http://localhost'
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  /** Sets what the raw path (query included, or without it) gets. */
  route(url: string, ...behaviours: Behaviour[]): void {
    this.#routes.set(url, behaviours)
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.requests.length = 0
    this.maxConcurrent = 0
  }

  /** Resolves once so many requests have been recorded since the last {@link clear}. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return
    await new Promise<void>((resolve) => this.#waiters.push({ count, resolve }))
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size
  }

  /** Resolves once so many connections have closed since the start. */
  async closed(count: number): Promise<void> {
    if (this.#closedConnections >= count) return
    await new Promise<void>((resolve) => this.#closeWaiters.push({ count, resolve }))
  }

  /** Listens; after a {@link stop} on the same port as before. */
  async start(): Promise<void> {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.#receive(request, response)
    }
    const server =
      this.#options.tls === undefined
        ? createServer({ keepAliveTimeout: this.#options.keepAliveTimeoutMs ?? 60_000 }, onRequest)
        : createTlsServer({ keepAliveTimeout: 60_000, ...this.#options.tls }, onRequest)
    server.on(this.#options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#closedConnections++
        for (const waiter of this.#closeWaiters) if (this.#closedConnections >= waiter.count) waiter.resolve()
      })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      if (this.#options.socketPath === undefined) server.listen(this.#port, '127.0.0.1', resolve)
      else server.listen(this.#options.socketPath, resolve)
    })
    if (this.#options.socketPath === undefined) this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Resets every connection and closes the port: from now on connections are refused. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    for (const drip of this.#drips) clearInterval(drip)
    this.#drips.clear()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Closes the port at once and each connection as soon as its request is answered: a service that is shut down in order. */
  async drain(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    while (this.#sockets.size > 0) {
      server.closeIdleConnections()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await closed
  }

  /** As {@link stop} and {@link start}, on the same port and with other options. */
  async restart(options: HttpServiceOptions): Promise<void> {
    await this.stop()
    this.#options = options
    await this.start()
  }

  /** Closes every connection that waits for a request, as a server does when its keep-alive time ends. */
  closeIdleConnections(): void {
    this.#server?.closeIdleConnections()
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const onConnection = (this.#served.get(request.socket) ?? 0) + 1
    this.#served.set(request.socket, onConnection)
    this.inFlight++
    this.maxConcurrent = Math.max(this.maxConcurrent, this.inFlight)
    response.once('close', () => this.inFlight--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {}) // the client went away: nothing to record
    request.on('end', () => {
      const recorded: RecordedRequest = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks).toString(),
        onConnection,
      }
      this.requests.push(recorded)
      for (const waiter of this.#waiters) if (this.requests.length >= waiter.count) waiter.resolve()
      this.#behave(this.#behaviourFor(recorded), recorded, response)
    })
  }

  #behaviourFor(request: RecordedRequest): Reply | Misbehaviour {
    const path = request.url.split('?', 1)[0] ?? ''
    const list = this.#routes.get(request.url) ?? this.#routes.get(path)
    const behaviour = (list !== undefined && list.length > 1 ? list.shift() : list?.[0]) ?? this.otherwise
    return typeof behaviour === 'function' ? behaviour(request) : behaviour
  }

  #behave(behaviour: Reply | Misbehaviour, request: RecordedRequest, response: ServerResponse): void {
    if (!('act' in behaviour)) {
      void this.#reply(behaviour, response)
      return
    }
    const socket = response.socket
    switch (behaviour.act) {
      case 'silence':
        return
      case 'slow':
        void this.#reply({ ...behaviour.reply, after: delay(behaviour.afterMs) }, response)
        return
      case 'reset':
        socket?.resetAndDestroy()
        return
      case 'reset-if-reused':
        if (request.onConnection > 1) socket?.resetAndDestroy()
        else void this.#reply(behaviour.reply, response)
        return
      case 'reset-in-body':
        this.#half(response, () => socket?.resetAndDestroy())
        return
      case 'stall-in-body':
        this.#half(response, () => {})
        return
      case 'drip':
        this.#drip(response, behaviour.everyMs)
        return
      case 'raw':
        socket?.end(behaviour.bytes)
        return
      case 'large':
        large(response, behaviour.bytes, behaviour.announced)
    }
  }

  async #reply(reply: Reply, response: ServerResponse): Promise<void> {
    await reply.after
    if (response.destroyed) return
    const body = reply.json === undefined ? (reply.text ?? reply.body ?? '') : JSON.stringify(reply.json)
    const type = reply.json === undefined ? {} : { 'content-type': 'application/json' }
    response.writeHead(reply.status ?? 200, { ...type, ...reply.headers })
    const socket = response.socket
    response.end(body, () => {
      if (reply.thenClose === true) socket?.destroySoon()
    })
  }

  #half(response: ServerResponse, then: () => void): void {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '10' })
    response.write('12345', then)
  }

  #drip(response: ServerResponse, everyMs: number): void {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const drip = setInterval(() => response.write('.'), everyMs)
    this.#drips.add(drip)
    response.once('close', () => clearInterval(drip))
  }
}

/** Sends `bytes` bytes of text, as fast as the client reads. */
function large(response: ServerResponse, bytes: number, announced: boolean): void {
  const length: Record<string, string> = announced ? { 'content-length': String(bytes) } : {}
  response.writeHead(200, { 'content-type': 'text/plain', ...length })
  const chunk = Buffer.alloc(64 * 1024, 'x')
  let left = bytes
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      const part = chunk.subarray(0, Math.min(left, chunk.length))
      left -= part.length
      if (!response.write(part)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  response.on('error', () => {}) // the client stopped reading: that is what the test wants
  more()
}
