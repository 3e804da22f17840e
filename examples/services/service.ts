/**
 * A complete service for mapgate in TypeScript, with nothing but Node.js (24 runs it as it is).
 *
 *   PORT=8470 TOKEN=secret DIRECTORY=aliases.json node service.ts
 *
 *   GET /aliases/{address}   200 {"goto": ["...", ...]}   404 {"error": "..."}   503 cannot tell
 *   GET /aliases             200 {"address": ["...", ...], ...}: all of them, for a replica
 *   GET /changes?since=...   200 the same of what has changed since x-cursor, null where it is gone   410 not known
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

const { PORT = '8470', HOST = '127.0.0.1', TOKEN = '', DIRECTORY = 'aliases.json' } = process.env

/** Hashes first, so that the time tells nothing about the token. */
const sha256 = (text: string) => createHash('sha256').update(text).digest()
const EXPECTED = sha256(`Bearer ${TOKEN}`)

type Entries = Record<string, string[]>

/** The entries at the last cursors that were handed out, to tell what has changed since. */
const seen = new Map<string, Entries>()

function changes(before: Entries | undefined, now: Entries): [status: number, body: object] {
  if (before === undefined) return [410, { error: 'this cursor is not known; read the list' }]
  const addresses = Object.keys({ ...before, ...now })
  const changed = addresses.filter((one) => JSON.stringify(before[one]) !== JSON.stringify(now[one]))
  return [200, Object.fromEntries(changed.map((one) => [one, now[one] ?? null]))]
}

/** The status, the body and a cursor. Only a key that is certainly not there is 404. */
async function answer(request: IncomingMessage): Promise<[status: number, body: object, cursor?: string]> {
  if (!timingSafeEqual(sha256(request.headers.authorization ?? ''), EXPECTED))
    return [401, { error: 'wrong token' }]
  const text = await readFile(DIRECTORY, 'utf8')
  const entries: Entries = JSON.parse(text)
  const cursor = sha256(text).toString('hex')
  const since = /^\/changes\?since=(\w+)$/.exec(request.url ?? '')?.[1]
  if (request.method === 'GET' && (request.url === '/aliases' || since !== undefined)) {
    seen.set(cursor, entries)
    if (seen.size > 100) seen.delete(seen.keys().next().value ?? '')
    return since === undefined ? [200, entries, cursor] : [...changes(seen.get(since), entries), cursor]
  }
  const match = /^\/aliases\/([^/?]+)$/.exec(request.url ?? '')
  // Another status than 404: a wrong path must not look like "no such address".
  if (request.method !== 'GET' || match === null) return [400, { error: 'ask GET /aliases/{address}' }]
  const address = decodeURIComponent(match[1] ?? '')
  if (!Object.hasOwn(entries, address)) return [404, { error: 'no such address' }]
  return [200, { goto: entries[address] }]
}

const server = createServer((request, response) => {
  answer(request)
    // Whatever goes wrong is "cannot tell": mapgate asks again, and mail waits instead of bouncing.
    .catch((error: unknown): [number, object, undefined] => [503, { error: String(error) }, undefined])
    .then(([status, body, cursor]) => {
      const headers = { 'content-type': 'application/json', ...(cursor && { 'x-cursor': cursor }) }
      response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`)
    })
})
// Longer than mapgate keeps a connection, so that the service never closes one in use.
server.keepAliveTimeout = 600_000
server.listen(Number(PORT), HOST, () => {
  console.log(`listening on port ${(server.address() as AddressInfo).port}`)
})
process.on('SIGTERM', () => server.close())
