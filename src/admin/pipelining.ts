/**
 * Bounds what one connection may ask before it has its answers. Node.js hands on every request of
 * a read at once, so a client that pipelines thousands would keep the event loop from the lookups.
 */
import type { Socket } from 'node:net'
import type { App } from './app.ts'

/** Requests of one connection that are not answered yet. Ours: browsers, curl and Prometheus send one at a time. */
const MAX_UNANSWERED = 16

/** Closes a connection that asks more; the first hook of all, so that it costs next to nothing. */
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
