/**
 * The least that a Node.js program can do to answer misses: it splits netstrings, asks the HTTP service for each with
 * `undici.request`, and replies with what the body holds. No cache, no checks, no limits, no metrics.
 *
 *   node relay.mjs URL
 */
import { createServer } from 'node:net'
import { Pool, request } from 'undici'
import { answerUsage } from './usage.mjs'

const [url] = process.argv.slice(2)
/** Connections to the service. As many as the client has to us. */
const CONNECTIONS = 32
const dispatcher = new Pool(new URL(url).origin, { connections: CONNECTIONS, pipelining: 1 })

const server = createServer({ noDelay: true }, (socket) => {
  // The client has one request in flight, of some tens of bytes: each read is one of them.
  socket.on('data', async (chunk) => {
    const text = chunk.toString('latin1')
    const key = text.slice(text.indexOf(' ') + 1, -1)
    const { body } = await request(`${url}/${encodeURIComponent(key)}`, { dispatcher })
    const { goto } = JSON.parse(await body.text())
    socket.write(`${goto.length + 3}:OK ${goto},`)
  })
  socket.on('error', () => {})
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send({ port: server.address().port })
  answerUsage()
})
