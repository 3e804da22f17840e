/**
 * Clients that mean no good, in a process of their own.
 *
 * Message `{ name: 'attack', kind, port, connections }`: answers when the connections stand.
 */
import { connect } from 'node:net'
import { answerUsage } from '../servers/usage.mjs'

const REQUEST = '33:aliases user0000001@bench.example,'
const OPENED_AT_ONCE = 200

/** What each connection does once it stands. */
const KINDS = {
  /** Asks once, then says nothing. */
  idle(socket) {
    return new Promise((resolve) => {
      socket.once('data', resolve)
      socket.write(REQUEST)
    })
  },
  /** Begins a request and sends a byte of it now and then. */
  slowLoris(socket) {
    socket.resume()
    socket.write('99999:aliases ')
    setInterval(() => socket.write('x'), 1000)
  },
  /** Asks much and reads nothing. */
  neverReads(socket) {
    socket.pause()
    socket.write(REQUEST.repeat(20_000))
  },
  /** Asks, and ends its side at once. */
  halfClosed(socket) {
    socket.end(REQUEST)
  },
  /** Comes and goes without a word, again and again. */
  storm(socket, again) {
    socket.destroy()
    setImmediate(again)
  },
}

function open(kind, port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.on('error', () => {})
    socket.once('close', resolve)
    socket.once('connect', async () => {
      await KINDS[kind](socket, () => open(kind, port))
      resolve()
    })
  })
}

answerUsage({
  async attack({ kind, port, connections }) {
    for (let at = 0; at < connections; at += OPENED_AT_ONCE) {
      const some = Math.min(OPENED_AT_ONCE, connections - at)
      await Promise.all(Array.from({ length: some }, () => open(kind, port)))
    }
    return true
  },
})
process.on('SIGTERM', () => process.exit())
process.send('ready')
