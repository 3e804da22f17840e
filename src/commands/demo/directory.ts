/**
 * A small HTTP directory of a made-up company: what a gateway has on its other side.
 *
 * `mapgate demo` runs it in a process of its own; `examples/directory/README.md` describes it
 * for people. It answers from six JSON files, which are read again for every request, so that
 * an edit shows at once.
 *
 *   GET /aliases/{address}    {"address": "...", "goto": ["...", ...]}
 *   GET /users/{address}      {"address": "...", "name": "...", "mailbox": "...", "quotaMiB": 1024}
 *   GET /domains/{domain}     {"domain": "...", "kind": "...", "since": "..."}
 *   GET /transports/{key}     {"key": "...", "transport": "..."}
 *   GET /access/{key}         {"key": "...", "action": "..."}
 *   GET /aliases              [...]: every entry, as the routes above have it; so for each file, for replicas
 *   GET /changes/aliases?since=CURSOR   [...]: what has changed since `x-cursor` of the list; deleted ones have "deleted"
 *   POST /policy              {"action": "..."} for the sender in what smtpd says, 204 for nothing to say; of access.json
 *   POST /auth                {"result": "ok", "user": "..."} for a right password, 401 and {"result": "wrong"} for another; of passwords.json
 *   GET /                     {"routes": [...]}
 *
 * A key that is not there is 404 with a JSON body. Replies carry `ETag` and `Cache-Control`
 * (RFC 9111), and a conditional request for an unchanged entry is answered 304 (RFC 9110
 * section 13.1.2).
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'

/** How long an entry may be used, and how long it may still be used while it is asked again, in seconds. */
const FOUND_CACHE_CONTROL = 'max-age=60, stale-while-revalidate=300'

/** A new entry should be seen soon, so "not there" is believed for a shorter time, in seconds. */
const NOT_FOUND_CACHE_CONTROL = 'max-age=10'

/** Makes the JSON body of one entry of one file. */
const ROUTES: ReadonlyMap<string, (key: string, entry: unknown) => object> = new Map([
  ['aliases', (address, goto) => ({ address, goto })],
  ['users', (address, user) => ({ address, ...Object(user) })],
  ['domains', (domain, about) => ({ domain, ...Object(about) })],
  ['transports', (key, transport) => ({ key, transport })],
  ['access', (key, action) => ({ key, action })],
])

/** One reply, before it is sent. */
interface Reply {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Makes the directory's HTTP server; it does not listen yet.
 *
 * @param folder Holds `aliases.json`, `users.json`, `domains.json`, `transports.json`, `access.json` and `passwords.json`.
 */
export function createDirectory(folder: string): Server {
  const start = randomBytes(6).toString('hex')
  const files = new Map(
    Array.from(ROUTES, ([name, body]) => [
      name,
      { path: join(folder, `${name}.json`), body, revisions: new Revisions(start) },
    ]),
  )
  return createServer((request, response) => {
    answer(files, join(folder, 'passwords.json'), request)
      .catch((error: unknown) => unavailable(error))
      .then((reply) => send(request, response, reply))
  })
}

/** One of the files that it answers from. */
interface EntryFile {
  readonly path: string
  readonly body: (key: string, entry: unknown) => object
  readonly revisions: Revisions
}

async function answer(
  files: ReadonlyMap<string, EntryFile>,
  passwords: string,
  request: IncomingMessage,
): Promise<Reply> {
  if (request.method === 'POST' && request.url === '/auth') return auth(passwords, request)
  if (request.method === 'POST' && request.url === '/policy') return policy(files, request)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: { error: 'only GET and HEAD are answered' }, headers: { allow: 'GET, HEAD' } }
  }
  const [path = '', query = ''] = (request.url ?? '/').split('?')
  if (path === '/')
    return { status: 200, body: { routes: [...ROUTES.keys()].map((name) => `/${name}/{key}`) } }

  const [, name = '', escaped = '', ...more] = path.split('/')
  const changing = name === 'changes' && more.length === 0 ? files.get(escaped) : undefined
  if (changing !== undefined) return changes(changing, new URLSearchParams(query).get('since') ?? '')
  const file = files.get(name)
  if (file !== undefined && path === `/${name}`) return list(file)
  if (file === undefined || more.length > 0) return { status: 404, body: { error: 'no such route' } }
  const key = decode(escaped)
  if (key === undefined) return { status: 400, body: { error: 'the key is not percent-encoded UTF-8' } }

  const entries = await readEntries(file.path)
  if (!entries.has(key)) {
    return {
      status: 404,
      body: { error: 'not found' },
      headers: { 'cache-control': NOT_FOUND_CACHE_CONTROL },
    }
  }
  const body = file.body(key, entries.get(key))
  return { status: 200, body, headers: { 'cache-control': FOUND_CACHE_CONTROL } }
}

/** Longest description of a client that is read, bytes. Ours: Postfix says some hundred. */
const MAX_POLICY_BYTES = 65_536

/** What access.json says of a sender, by the address or its domain. */
async function policy(files: ReadonlyMap<string, EntryFile>, request: IncomingMessage): Promise<Reply> {
  const sender = senderIn(await textOf(request))
  if (sender === undefined)
    return { status: 400, body: { error: 'the body is no JSON object with a text "sender"' } }
  const entries = await readEntries(files.get('access')?.path ?? '')
  const address = sender.toLowerCase()
  const action = entries.get(address) ?? entries.get(address.slice(address.lastIndexOf('@') + 1))
  return action === undefined ? { status: 204, body: {} } : { status: 200, body: { action } }
}

/** A real service has hashes. @param passwords Path of the file. */
async function auth(passwords: string, request: IncomingMessage): Promise<Reply> {
  const { user, password } = objectIn(await textOf(request))
  if (typeof user !== 'string' || typeof password !== 'string')
    return { status: 400, body: { error: 'the body is no JSON object with the texts "user" and "password"' } }
  const address = user.toLowerCase()
  const isRight = (await readEntries(passwords)).get(address) === password
  return isRight
    ? { status: 200, body: { result: 'ok', user: address } }
    : { status: 401, body: { result: 'wrong' } }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_POLICY_BYTES) return ''
  }
  return text
}

function senderIn(text: string): string | undefined {
  const { sender } = objectIn(text)
  return typeof sender === 'string' ? sender : undefined
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {} // SyntaxError
  }
}

/** Everything that a file has. */
async function list({ path, body, revisions }: EntryFile): Promise<Reply> {
  const entries = await readEntries(path)
  revisions.look(entries)
  const headers = { 'x-cursor': revisions.cursor }
  return { status: 200, body: Array.from(entries, ([key, entry]) => body(key, entry)), headers }
}

/** What has changed in a file since a cursor. */
async function changes({ path, body, revisions }: EntryFile, since: string): Promise<Reply> {
  const entries = await readEntries(path)
  revisions.look(entries)
  const keys = revisions.since(since)
  if (keys === undefined) return { status: 410, body: { error: 'this cursor is not known; read the list' } }
  const changed = keys.map((key) => ({
    ...body(key, entries.get(key)),
    ...(!entries.has(key) && { deleted: true }),
  }))
  return { status: 200, body: changed, headers: { 'x-cursor': revisions.cursor } }
}

/** Mail addresses are looked up in lower case, as everybody's directory does. */
function decode(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped).toLowerCase()
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

async function readEntries(path: string): Promise<ReadonlyMap<string, unknown>> {
  return new Map(Object.entries(Object(JSON.parse(await readFile(path, 'utf8')))))
}

/** A file that is being edited may be half written: the service says so and is well again later. */
function unavailable(error: unknown): Reply {
  const why = error instanceof Error ? error.message : String(error)
  return { status: 503, body: { error: `the directory cannot read its data: ${why}` } }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = `${JSON.stringify(reply.body)}\n`
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
  const headers = { ...reply.headers, ...(reply.status === 200 ? { etag } : {}) }
  if (reply.status === 200 && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end()
    return
  }
  if (reply.status === 204) {
    response.writeHead(204).end()
    return
  }
  response.writeHead(reply.status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/**
 * What has changed in a set of entries since it was first looked at: each difference that a look finds is a revision.
 *
 * A cursor is `START-REVISION`. Nothing is kept over a restart, so a cursor of another start is not known.
 */
class Revisions {
  readonly #start: string
  #entries: ReadonlyMap<string, string> | undefined
  readonly #changedAt = new Map<string, number>()
  #revision = 0

  /** @param start Differs from that of every other start. */
  constructor(start: string) {
    this.#start = start
  }

  get cursor(): string {
    return `${this.#start}-${this.#revision}`
  }

  /** Looks at the entries as they are now. */
  look(entries: ReadonlyMap<string, unknown>): void {
    const now = new Map(Array.from(entries, ([key, entry]) => [key, JSON.stringify(entry)]))
    const before = this.#entries ?? now
    for (const key of new Set([...before.keys(), ...now.keys()]))
      if (before.get(key) !== now.get(key)) this.#changedAt.set(key, ++this.#revision)
    this.#entries = now
  }

  /** @returns Keys that have changed since, and those that are gone; undefined for a cursor that is not known. */
  since(cursor: string): readonly string[] | undefined {
    const [start, text = ''] = cursor.split('-')
    if (start !== this.#start || !/^\d{1,15}$/.test(text) || Number(text) > this.#revision) return undefined
    return Array.from(this.#changedAt).flatMap(([key, at]) => (at > Number(text) ? [key] : []))
  }
}
