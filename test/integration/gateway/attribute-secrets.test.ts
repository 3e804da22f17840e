/**
 * A secret that a client sends is searched for in everything that the program writes and answers: log, metrics, API,
 * events, spans, headers, and the file of stored answers.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PROTOCOLS, protocolsByName } from '../../../src/protocols/registry.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Misbehaviour, type Reply, startHttpService } from '../../support/http/http-service.ts'
import { toy } from '../../support/toy/protocol.ts'
import { talkTo, until } from '../../support/wire/sockets.ts'

/** Of no form that a rule for texts could know. */
const PASSWORD = 'Tr0ub4dor &3/"x'

/** As it may stand in a text. */
const FORMS = [
  PASSWORD,
  JSON.stringify(PASSWORD).slice(1, -1),
  encodeURIComponent(PASSWORD),
  encodeURIComponent(PASSWORD).replaceAll('%20', '+'),
  Buffer.from(PASSWORD).toString('base64').replace(/=+$/, ''),
  Buffer.from(PASSWORD).toString('hex'),
  'Tr0ub4dor',
]

/** What the service does, by the user who asks: most of it says back what it was sent. */
const SERVICE: Readonly<Record<string, (body: string) => Reply | Misbehaviour>> = {
  found: () => ({ json: 'yes' }),
  echoed: (body) => ({ status: 500, text: body, headers: { 'x-echo': encodeURIComponent(body) } }),
  refused: (body) => ({ status: 401, json: { error: body } }),
  unreadable: (body) => ({ text: `{"cut": ${body}`, headers: { 'content-type': 'application/json' } }),
  moved: (body) => ({ status: 302, headers: { location: `http://${encodeURIComponent(body)}.example/` } }),
  raw: (body) => ({ act: 'raw', bytes: `HTTP/1.1 ${body}\r\n\r\n` }),
  reset: () => ({ act: 'reset' }),
  silent: () => ({ act: 'silence' }),
}

async function watchEvents(gateway: TestGateway): Promise<() => string> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const response = await fetch(`${gateway.adminUrl}/api/v1/events`, { signal: stop.signal })
  const decoder = new TextDecoder()
  let text = ''
  const read = async () => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true })
  }
  read().catch(() => {}) // ends with the test
  return () => text
}

test('a password is nowhere, whatever the service makes of it', async () => {
  const service = await startHttpService({ onTestFinished })
  const collector = await startHttpService({ onTestFinished })
  service.otherwise = ({ body }) => SERVICE[JSON.parse(body).user]?.(body) ?? { status: 404 }
  const gateway = await startGateway(
    { onTestFinished },
    `
listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:0", table: accounts, wish: tomorrow }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: trace }
tracing: { otlp: "${collector.origin}" }
cacheFile: cache
upstreams: { d: { endpoints: ["${service.origin}"], timeout: 300ms } }
tables:
  accounts:
    upstream: d
    deadline: 1s
    cacheBy: [user, password]
    cache: { ttl: 1h }
    request:
      method: POST
      path: /login
      headers: { x-password: "{attribute.password}" }
      json: { user: "{attribute.user}", password: "{attribute.password}", all: "{attributes}" }`,
    { protocols: protocolsByName([...PROTOCOLS.values(), toy]) },
  )
  const events = await watchEvents(gateway)
  const ask = async (user: string, password = PASSWORD) => {
    const client = await talkTo(gateway.address('toy'))
    await client.expect('TOY 1\n')
    client.received = ''
    client.send(`user=${user}\npassword=${password}\nkey=key-of-${user}\n\n`)
    // A refusal closes the connection, as toys do.
    await Promise.race([client.closed, until(() => client.received.endsWith('\n'))])
    return client.received
  }
  const told: string[] = []
  for (const user of Object.keys(SERVICE)) for (let times = 0; times < 2; times++) told.push(await ask(user))
  // It went to the service, and what was stored answers for the same password only.
  expect(service.requests.filter(({ body }) => JSON.parse(body).user === 'found')).toHaveLength(1)
  expect(JSON.parse(service.requests[0]?.body ?? '').password).toBe(PASSWORD)
  await ask('found', 'another one')
  expect(service.requests.filter(({ body }) => JSON.parse(body).user === 'found')).toHaveLength(2)

  const paths = [
    '/metrics',
    '/api/v1/status',
    '/api/v1/problems',
    '/api/v1/history',
    '/api/v1/config',
    '/readyz',
  ]
  const answers = await Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`${gateway.adminUrl}${path}`)
      return `${JSON.stringify([...response.headers])}${await response.text()}`
    }),
  )
  await until(() => events().includes('event: lookup'))
  await gateway.gateway.stop()
  await until(() => collector.requests.length > 0)
  const files = readdirSync(gateway.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  expect(files.map((file) => file.slice(gateway.folder.length + 1))).toEqual(
    expect.arrayContaining(['log', 'cache']),
  )
  const everything = [
    JSON.stringify(told),
    ...answers,
    events(),
    ...collector.requests.map(({ url, body, rawHeaders }) => url + body + rawHeaders.join('\n')),
    ...files.map((file) => readFileSync(file, 'latin1')),
    ...files.map((file) => readFileSync(file, 'utf8')),
  ]
  for (const text of everything)
    for (const form of FORMS) expect([form, text.includes(form)]).toEqual([form, false])
  // The search would have found it: these are the lookups that had it.
  const all = everything.join()
  for (const user of ['echoed', 'refused', 'unreadable', 'raw'])
    expect([user, all.includes(`key-of-${user}`)]).toEqual([user, true])
  expect(collector.requests.map(({ body }) => body).join()).toContain('"mapgate.table"')
})
