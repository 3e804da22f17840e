/**
 * A service with a list of many entries, in a process of its own: `GET /list?n=N`. Each answer has other values, so
 * that every copy writes all of them.
 *
 *   node list.mjs
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { constants, setPriority } from 'node:os'

/** Entries that are written at a time. */
const PART = 5000
let version = 0

// It stands for another machine, so it takes from this one what the gateway and the client leave.
setPriority(constants.priority.PRIORITY_LOW)

const server = createServer(async (request, response) => {
  const count = Number(new URL(request.url, 'http://x').searchParams.get('n'))
  version++
  response.writeHead(200, { 'content-type': 'application/json' })
  for (let from = 0; from < count; from += PART) {
    let text = from === 0 ? '[' : ''
    for (let at = from; at < Math.min(from + PART, count); at++) {
      const number = String(at).padStart(7, '0')
      text += `${at === 0 ? '' : ','}{"address":"user${number}@bench.example","mailbox":"user${number}@storage.example/${version}"}`
    }
    if (!response.write(text)) await once(response, 'drain')
  }
  response.end(']')
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
