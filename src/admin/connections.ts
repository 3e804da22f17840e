/**
 * Bounds the connections of the admin API, and what each of them may ask at once.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { App } from './app.ts'

/** Requests of one connection that are not answered yet. Ours: browsers, curl and Prometheus send one at a time. */
const MAX_UNANSWERED = 16

interface Connection {
  readonly socket: Socket
  /** Requests that are not answered yet. */
  unanswered: number
  /** The last one. */
  request: IncomingMessage | undefined
}

/**
 * When there are too many, the one on which nothing has been asked for the longest time gives way, so that
 * strangers who connect and stay silent keep neither Prometheus nor a liveness probe out. When all have a request
 * under way, it is the one that has been sending its body, or not reading its answer, for the longest time; one that
 * waits for us never gives way.
 */
export function boundConnections(app: App, maxConnections: number): void {
  /** The longest idle first. */
  const connections = new Map<unknown, Connection>()
  const touch = (request: IncomingMessage, change: 1 | -1): void => {
    const key = keyOf(request.socket)
    const connection = connections.get(key)
    if (connection === undefined) return
    connection.unanswered = Math.max(0, connection.unanswered + change)
    connection.request = request
    connections.delete(key)
    connections.set(key, connection)
  }
  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket)
    connections.set(key, { socket, unanswered: 0, request: undefined })
    socket.once('close', () => {
      if (connections.get(key)?.socket === socket) connections.delete(key)
    })
    if (connections.size <= maxConnections) return
    const open = Array.from(connections.values()).filter((connection) => !connection.socket.destroyed)
    const silent = open.filter((connection) => connection.socket !== socket && isStalled(connection))
    // The new one is the last of the idle ones.
    const idle = open.find(({ unanswered }) => unanswered === 0)
    const given = idle?.socket === socket ? (silent[0] ?? idle) : (idle ?? silent[0])
    given?.socket.destroy()
  })
  app.addHook('onRequest', (request, _reply, done) => {
    touch(request.raw, 1)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    touch(request.raw, -1)
    done()
  })
}

/** Returns whether a connection waits for its client: for the rest of a request, or to take an answer. */
function isStalled({ request, socket }: Connection): boolean {
  return request?.complete === false || socket.writableLength > 0
}

/** With TLS a request has another socket object than its connection, and the same peer. */
function keyOf(socket: Socket): unknown {
  const { remoteAddress, remotePort } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}

/**
 * Bounds what one connection may ask before it has its answers, and closes one that asks more. Node.js hands on
 * every request of a read at once, so a client that pipelines thousands would keep the event loop from the lookups.
 * The first hook of all, so that it costs next to nothing.
 */
export function boundPipelining(app: App): void {
  const unanswered = new WeakMap<Socket, number>()
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const count = (unanswered.get(socket) ?? 0) + 1
    if (count <= MAX_UNANSWERED && !socket.destroyed) {
      unanswered.set(socket, count)
      done()
      return
    }
    reply.hijack() // the client asked without reading: it is owed nothing more
    socket.destroy()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    const { socket } = request.raw
    unanswered.set(socket, Math.max(0, (unanswered.get(socket) ?? 0) - 1))
    done()
  })
}
