/**
 * The least that a Node.js server can do: it splits requests and answers each with a constant.
 *
 *   node bare.mjs netstring|line REPLY
 */
import { createServer } from 'node:net'
import { answerUsage } from './usage.mjs'

const [framing, reply] = process.argv.slice(2)
const COLON = 0x3a
const COMMA = 0x2c
const NEWLINE = 0x0a

const count = framing === 'netstring' ? countNetstrings : countLines

const server = createServer({ noDelay: true }, (socket) => {
  let rest
  socket.on('data', (chunk) => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    const { requests, at } = count(data)
    rest = at === data.length ? undefined : data.subarray(at)
    if (requests > 0) socket.write(requests === 1 ? reply : reply.repeat(requests))
  })
  socket.on('error', () => {})
})

/** How many complete netstrings there are, and where the next one begins. */
function countNetstrings(data) {
  let requests = 0
  let at = 0
  for (;;) {
    let length = 0
    let next = at
    while (next < data.length && data[next] !== COLON) length = length * 10 + data[next++] - 0x30
    const end = next + 1 + length
    if (end >= data.length) return { requests, at }
    if (data[end] !== COMMA) throw new Error('not a netstring')
    requests++
    at = end + 1
  }
}

function countLines(data) {
  let requests = 0
  let at = 0
  for (;;) {
    const end = data.indexOf(NEWLINE, at)
    if (end === -1) return { requests, at }
    requests++
    at = end + 1
  }
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send({ port: server.address().port })
  answerUsage()
})
