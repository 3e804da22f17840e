/**
 * A service that answers every key but those that begin with `poison`, in a process of its own.
 *
 *   node poisonous.mjs
 *
 * Message `{ name: 'behave', kind }`: what a poisonous key gets from now on. A batch that holds one gets the same.
 */
import { createServer } from 'node:http'
import { answerUsage } from './usage.mjs'

const RETRY_AFTER_S = 300
/** More than the gateway reads, see `withPoison` in configurations.mjs. */
const OVERSIZE_BYTES = 200_000

const KINDS = {
  500: (response) => response.writeHead(500).end(),
  'control characters': (response) => response.end('x\u0001@b.example'),
  'an unreadable body': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  'an oversize body': (response) => response.end('x'.repeat(OVERSIZE_BYTES)),
  silence: () => {},
  '429 with Retry-After': (response) => response.writeHead(429, { 'retry-after': RETRY_AFTER_S }).end(),
  '503 with Retry-After': (response) => response.writeHead(503, { 'retry-after': RETRY_AFTER_S }).end(),
}

let poison = KINDS[500]

function answerKey(url, response) {
  if (url.startsWith('/poison')) return poison(response)
  response.end('x@b.example')
}

async function answerBatch(request, response) {
  let body = ''
  for await (const part of request) body += part
  const { keys } = JSON.parse(body)
  if (keys.some((key) => key.startsWith('poison'))) return poison(response)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(Object.fromEntries(keys.map((key) => [key, 'x@b.example']))))
}

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain')
  // A connection that is closed in the middle of a batch is nobody's failure.
  if (request.url === '/batch') answerBatch(request, response).catch(() => response.destroy())
  else answerKey(request.url, response)
})
server.listen(0, '127.0.0.1', () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}`, kinds: Object.keys(KINDS) }),
)
answerUsage({
  behave: ({ kind }) => {
    poison = KINDS[kind]
    return true
  },
})
