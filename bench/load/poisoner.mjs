/**
 * A stranger who makes up keys that the service fails for, in a process of its own.
 *
 * Message `{ name: 'poison', port, keys, perSecond }`: asks `keys` different ones in turn until it is stopped, however
 * late the replies are.
 */
import { connect } from 'node:net'
import { answerUsage } from '../servers/usage.mjs'

/** More than wait at one time: each asks its next key when its turn comes. */
const CONNECTIONS = 200

function open(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
    socket.resume()
  })
}

answerUsage({
  async poison({ port, keys, perSecond }) {
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)))
    let asked = 0
    setInterval(() => {
      const request = `aliases poison${asked % keys}`
      sockets[asked % CONNECTIONS].write(`${request.length}:${request},`)
      asked++
    }, 1000 / perSecond)
    return true
  },
})
process.on('SIGTERM', () => process.exit())
process.send('ready')
