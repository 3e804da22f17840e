/**
 * The credentials by which mapgate itself asks where users log in: refused, they are renewed or read again, and no user is
 * told that the password is wrong.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { query } from '../../../src/commands/query/query.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { startAuthorized, tokensSent } from '../../support/http/token-server.ts'

const t = { onTestFinished }

/** As the page of sasl has it. */
const ACCOUNTS = `
tables:
  accounts:
    upstream: d
    request: { method: POST, path: /auth, json: { user: "{attribute.user}", password: "{attribute.password}" } }
    response:
      user: $.user
      foundMark: { jsonPath: "$[?$.result=='ok']" }
      refused: [200, 401]
      refusedMark: { jsonPath: "$[?$.result=='wrong_password']" }
`

/** @param upstream What it has besides its endpoint. */
async function start(origin: string, upstream: string, folder = mkdtempSync(join(tmpdir(), 'mapgate-'))) {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: sasl, listen: "inet:127.0.0.1:0", table: accounts, failDelay: 0ms }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { d: { endpoints: ["${origin}"], ${upstream} } }
${ACCOUNTS}`,
    { folder },
  )
  const server = `sasl:inet:127.0.0.1:${gateway.address('sasl').port}`
  /** 0 let in, 1 refused, 75 told to try again later. */
  const login = async (password = 'right') =>
    query(server, ['user=bob', 'password=-'], {}, recordIo({ stdin: [password] }))
  return login
}

const judge = (body: string) =>
  JSON.parse(body).password === 'right'
    ? { json: { result: 'ok', user: 'bob' } }
    : { status: 401, json: { result: 'wrong_password' } }

test('an access token that is refused is renewed: one login is told to try again, and the next one is answered', async () => {
  const authorized = await startAuthorized(t)
  authorized.answer = ({ body }) => judge(body)
  const login = await start(
    authorized.service.origin,
    `oauth: { tokenUrl: "${authorized.tokens.origin}/token", clientId: gate, clientSecret: s3cret }`,
  )
  expect(await login()).toBe(0)
  // A wrong password says nothing about the token.
  expect(await login('wrong')).toBe(1)
  expect(authorized.tokens.requests).toHaveLength(1)
  authorized.accepted.clear()
  expect(await login()).toBe(75)
  expect(await login()).toBe(0)
  expect(await login('wrong')).toBe(1)
  expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-1', 'token-1', 'token-2', 'token-2'])
})

test('a key that is refused is read again from its file', async () => {
  const service = await startHttpService(t)
  service.otherwise = ({ headers, body }) =>
    headers['x-key'] === 'new-key' ? judge(body) : { status: 401, json: { error: 'unknown key' } }
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-'))
  const key = join(folder, 'key')
  writeFileSync(key, 'old-key')
  const login = await start(service.origin, `headers: { x-key: "\${file:${key}}" }`, folder)
  expect(await login()).toBe(75)
  writeFileSync(key, 'new-key')
  await expect.poll(login, { timeout: 10_000 }).toBe(0)
  expect(await login('wrong')).toBe(1)
})
