/**
 * Bounds the connections of the admin API. When there are too many, the one on which nothing has been
 * asked for the longest time gives way, so that strangers who connect and stay silent keep neither
 * Prometheus nor a liveness probe out. One with a request under way never does.
 */
import type { Socket } from 'node:net'
import type { App } from './app.ts'

interface Connection {
  readonly socket: Socket
  /** Requests that are not answered yet. */
  unanswered: number
}

export function boundConnections(app: App, maxConnections: number): void {
  /** The longest idle first. */
  const connections = new Map<unknown, Connection>()
  const touch = (socket: Socket, change: 1 | -1): void => {
    const key = keyOf(socket)
    const connection = connections.get(key)
    if (connection === undefined) return
    connection.unanswered = Math.max(0, connection.unanswered + change)
    connections.delete(key)
    connections.set(key, connection)
  }
  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket)
    connections.set(key, { socket, unanswered: 0 })
    socket.once('close', () => {
      if (connections.get(key)?.socket === socket) connections.delete(key)
    })
    if (connections.size <= maxConnections) return
    // The new one itself, when all others are busy.
    for (const { socket: idle, unanswered } of connections.values()) {
      if (unanswered > 0 || idle.destroyed) continue
      idle.destroy()
      return
    }
  })
  app.addHook('onRequest', (request, _reply, done) => {
    touch(request.raw.socket, 1)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    touch(request.raw.socket, -1)
    done()
  })
}

/** With TLS a request has another socket object than its connection, and the same peer. */
function keyOf(socket: Socket): unknown {
  const { remoteAddress, remotePort } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}
