/**
 * The least that a Node.js server can do: it splits requests and answers each with a constant.
 *
 *   node bare.mjs netstring|line|block|list REPLY [PATH]
 *
 * Requests end with a line end (line), an empty line (block) or an empty name (list), where `|` in REPLY stands for NUL.
 * PATH is a unix socket; without it a port is chosen.
 */
import { createServer } from 'node:net'
import { answerUsage } from './usage.mjs'

const [framing, shown, path] = process.argv.slice(2)
const reply = framing === 'list' ? shown.replaceAll('|', '\0') : shown
const COLON = 0x3a
const COMMA = 0x2c

/** A byte is found faster than a text of one. */
const END = { line: 0x0a, block: Buffer.from('\n\n'), list: Buffer.from('\0\0') }[framing]
const END_BYTES = framing === 'line' ? 1 : 2
const count = framing === 'netstring' ? countNetstrings : countEnds

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

function countEnds(data) {
  let requests = 0
  let at = 0
  for (;;) {
    const end = data.indexOf(END, at)
    if (end === -1) return { requests, at }
    requests++
    at = end + END_BYTES
  }
}

const address = path === undefined ? { host: '127.0.0.1', port: 0 } : { path }
server.listen({ ...address, backlog: 4096 }, () => {
  process.send({ port: path ?? server.address().port })
  answerUsage()
})
