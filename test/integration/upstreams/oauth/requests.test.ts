/**
 * When an access token is fetched, and how it is asked for.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHttpService } from '../../../support/http/http-service.ts'
import { startAuthorized, tokensSent } from '../../../support/http/token-server.ts'
import { selfSignedPair } from '../../../support/programs/certificates.ts'
import { until } from '../../../support/wire/sockets.ts'
import { asking, FOUND, oauth } from './asking.ts'

const t = { onTestFinished }

describe('a token', () => {
  test('is asked for once by all who wait, and sent with every request', async () => {
    const authorized = await startAuthorized(t)
    const { ask, events, tokens } = asking(authorized)
    const replies = await Promise.all(['a', 'b', 'c'].map((key) => ask(key)))
    for (const reply of [...replies, await ask('d')]) expect(reply).toMatchObject(FOUND)
    expect(authorized.tokens.requests.length).toBe(1)
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-1', 'token-1', 'token-1'])
    expect(events).toEqual(['hide token-1'])
    expect(tokens.status()?.requests).toEqual({ ok: 1 })
  })

  test('is asked for by POST with client credentials, scope and audience', async () => {
    const authorized = await startAuthorized(t)
    const settings = oauth(`${authorized.tokens.origin}/token?realm=x`, { scope: 'a b', audience: 'urn:dir' })
    await asking(authorized, { oauth: settings }).ask()
    const [request] = authorized.tokens.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: '/token?realm=x',
      headers: {
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        accept: 'application/json',
        'user-agent': 'mapgate',
        // RFC 6749 section 2.3.1: both parts are form-encoded first.
        authorization: `Basic ${Buffer.from('mapgate:a-secret%3A%C3%BC').toString('base64')}`,
      },
    })
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      audience: 'urn:dir',
    })
  })

  test('is asked for with the secret in the body by client_secret_post', async () => {
    const authorized = await startAuthorized(t)
    const settings = oauth(`${authorized.tokens.origin}/token`, { authentication: 'client_secret_post' })
    await asking(authorized, { oauth: settings }).ask()
    const [request] = authorized.tokens.requests
    expect(request?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'mapgate',
      client_secret: 'a-secret:ü',
    })
  })

  test.each([
    ['RSA', 'RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['EC', 'ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ] as const)('is asked for with what a key of %s signs by private_key_jwt', async (_kind, alg, generate) => {
    const authorized = await startAuthorized(t)
    const { privateKey, publicKey } = generate()
    const settings = oauth(`${authorized.tokens.origin}/token`, {
      clientSecret: undefined,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      keyId: 'key-7',
      assertionAudience: 'https://id.example',
    })
    expect(await asking(authorized, { oauth: settings }).ask()).toMatchObject(FOUND)
    const body = new URLSearchParams(authorized.tokens.requests[0]?.body)
    expect(body.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const [head = '', claims = '', signature = ''] = body.get('client_assertion')?.split('.') ?? []
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(decoded(head)).toEqual({ alg, kid: 'key-7' })
    expect(decoded(claims)).toMatchObject({ iss: 'mapgate', sub: 'mapgate', aud: 'https://id.example' })
    expect(decoded(claims).exp - decoded(claims).iat).toBe(60)
    const key = {
      key: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      dsaEncoding: 'ieee-p1363',
    } as const
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(
      true,
    )
  })

  test('is asked for with the client certificate of tls', async () => {
    const authorized = await startAuthorized(t)
    const server = selfSignedPair(['-nodes', '-addext', 'subjectAltName=IP:127.0.0.1'])
    const client = selfSignedPair()
    const seen: string[] = []
    const tokens = await startHttpService(t, {
      tls: { ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert },
    })
    tokens.route('/token', ({ body }) => {
      seen.push(body)
      authorized.accepted.add('by-certificate')
      return { json: { access_token: 'by-certificate', token_type: 'bearer' } }
    })
    const reply = await asking(authorized, {
      oauth: oauth(`${tokens.origin}/token`, { clientSecret: undefined }),
      tls: { ca: server.cert, cert: client.cert, key: client.key, serverName: 'is-for-the-service.example' },
    }).ask()
    expect(reply).toMatchObject(FOUND)
    expect(seen).toEqual(['grant_type=client_credentials&client_id=mapgate'])
  })

  test('is asked for over a unix socket', async () => {
    const authorized = await startAuthorized(t)
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-token-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const socketPath = join(folder, 'socket')
    const tokens = await startHttpService(t, { socketPath })
    authorized.accepted.add('over-a-socket')
    tokens.route('/oauth/token/', { json: { access_token: 'over-a-socket', token_type: 'bearer' } })
    const reply = await asking(authorized, { oauth: oauth(`unix:${socketPath}:/oauth/token/`) }).ask()
    expect(reply).toMatchObject(FOUND)
  })
})

describe('the end of a token', () => {
  test('is not waited for: it is renewed at three quarters of its life, whether anybody asks or not', async () => {
    const authorized = await startAuthorized(t)
    authorized.expiresIn = 100
    const { ask, clock, tokens } = asking(authorized)
    tokens.start()
    await ask()
    clock.advance(74_999)
    expect(authorized.tokens.requests.length).toBe(1)
    clock.advance(1)
    await authorized.tokens.received(2)
    await ask()
    authorized.accepted.delete('token-1')
    await until(() => tokens.current === 'token-2')
    expect(await ask()).toMatchObject(FOUND)
    expect(authorized.tokens.requests.length).toBe(2)
  })

  test('comes five seconds early, since the service has a clock of its own', async () => {
    const authorized = await startAuthorized(t)
    authorized.expiresIn = 100
    const { ask, clock } = asking(authorized)
    await ask()
    clock.advance(94_999)
    await ask()
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-1'])
    clock.advance(1)
    await ask()
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-1', 'token-2'])
  })

  test.each([
    ['forward', 3_595_000, 2],
    ['back', -3_595_000, 1],
  ])('is found by both clocks: the wall clock is set %s', async (_way, byMs, requests) => {
    const authorized = await startAuthorized(t)
    const { ask, clock } = asking(authorized)
    await ask()
    clock.stepWall(byMs)
    await ask()
    expect(authorized.tokens.requests.length).toBe(requests)
    clock.advance(3_595_000)
    expect(await ask()).toMatchObject(FOUND)
    expect(authorized.tokens.requests.length).toBe(requests + 1)
  })

  test.each([undefined, null])('is assumed after five minutes where the reply says %s', async (expiresIn) => {
    const authorized = await startAuthorized(t)
    authorized.expiresIn = expiresIn
    const { ask, clock } = asking(authorized)
    await ask()
    clock.advance(294_999)
    await ask()
    expect(authorized.tokens.requests.length).toBe(1)
    clock.advance(1)
    await ask()
    expect(authorized.tokens.requests.length).toBe(2)
  })

  test('at once is no loop: a token without life is used by those who waited for it', async () => {
    const authorized = await startAuthorized(t)
    authorized.expiresIn = 0
    const { ask, clock, tokens } = asking(authorized)
    tokens.start()
    expect(await ask()).toMatchObject(FOUND)
    expect(authorized.tokens.requests.length).toBe(1)
    clock.advance(999)
    expect(authorized.tokens.requests.length).toBe(1)
    clock.advance(1)
    await authorized.tokens.received(2)
  })
})

describe('a token that the service refuses', () => {
  test('is replaced once for all who sent it, and they are answered', async () => {
    const authorized = await startAuthorized(t)
    const { ask, events } = asking(authorized)
    await ask()
    authorized.accepted.clear()
    const replies = await Promise.all(['a', 'b', 'c', 'd'].map((key) => ask(key)))
    for (const reply of replies) expect(reply).toMatchObject(FOUND)
    expect(authorized.tokens.requests.length).toBe(2)
    expect(events).not.toContain('credentials refused')
  })

  test('also when it is new makes no loop: one new token a minute, and the service is named', async () => {
    const authorized = await startAuthorized(t)
    authorized.service.otherwise = { status: 401 }
    const { ask, clock } = asking(authorized)
    const refused = {
      result: {
        kind: 'permanent',
        cause: 'refused',
        reason: 'the service answered 401 to our access token; check scope and audience of oauth',
      },
      evidence: 'none',
    }
    expect(await ask()).toMatchObject(refused)
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-2'])
    expect(await ask()).toMatchObject(refused)
    clock.advance(59_999)
    expect(await ask()).toMatchObject(refused)
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-2', 'token-2', 'token-2'])
    clock.advance(1)
    expect(await ask()).toMatchObject(refused)
    expect(authorized.tokens.requests.length).toBe(3)
  })

  test('by 403 is not replaced: another one allows no more', async () => {
    const authorized = await startAuthorized(t)
    authorized.service.otherwise = { status: 403 }
    expect(await asking(authorized).ask()).toMatchObject({
      result: { reason: 'the service answered 403 to our access token; check scope and audience of oauth' },
    })
    expect(authorized.tokens.requests.length).toBe(1)
  })

  test('makes no second request for a question that is never asked twice; the next one has a new token', async () => {
    const authorized = await startAuthorized(t)
    const { ask } = asking(authorized)
    await ask()
    authorized.accepted.clear()
    expect(await ask('b', { sideEffects: true })).toMatchObject({
      status: 401,
      result: { kind: 'permanent' },
    })
    expect(authorized.service.requests.length).toBe(2)
    expect(await ask('c', { sideEffects: true })).toMatchObject(FOUND)
    expect(tokensSent(authorized.service)).toEqual(['token-1', 'token-1', 'token-2'])
  })
})

describe('other settings', () => {
  test.each([
    ['nothing else', {}, 1],
    ['another secret', { clientSecret: 'the next one' }, 1],
    ['another time limit', { timeoutMs: 1000 }, 1],
    ['another client', { clientId: 'other' }, 2],
    ['another scope', { scope: 'all' }, 2],
    ['another audience', { audience: 'other' }, 2],
  ] as const)(
    '%s: a token is kept where the same client asks for the same',
    async (_what, change, requests) => {
      const authorized = await startAuthorized(t)
      const { ask, settings, reconfigure } = asking(authorized)
      await ask()
      reconfigure({ ...settings, oauth: { ...oauth(`${authorized.tokens.origin}/token`), ...change } })
      expect(await ask()).toMatchObject(FOUND)
      expect(authorized.tokens.requests.length).toBe(requests)
    },
  )

  test('a new secret ends the pause after a refusal, the same secret does not', async () => {
    const authorized = await startAuthorized(t)
    authorized.tokens.route('/token', { status: 401 })
    const { ask, settings, reconfigure } = asking(authorized)
    await ask()
    authorized.give()
    reconfigure({ ...settings })
    expect(await ask()).toMatchObject({ result: { cause: 'token' } })
    reconfigure({
      ...settings,
      oauth: oauth(`${authorized.tokens.origin}/token`, { clientSecret: 'the next one' }),
    })
    expect(await ask()).toMatchObject(FOUND)
    const sent = Buffer.from(String(authorized.tokens.requests[1]?.headers.authorization).slice(6), 'base64')
    expect(sent.toString()).toBe('mapgate:the+next+one')
  })

  test('without oauth no token is sent, and none is asked for', async () => {
    const authorized = await startAuthorized(t)
    const { ask, settings, reconfigure, tokens } = asking(authorized)
    await ask()
    reconfigure({ ...settings, oauth: undefined })
    expect(await ask()).toMatchObject({ status: 401 })
    expect(authorized.service.requests[1]?.headers.authorization).toBeUndefined()
    expect(tokens.status()).toBeUndefined()
  })
})

test('a stopped program asks for no token', async () => {
  const authorized = await startAuthorized(t)
  const { ask, tokens } = asking(authorized)
  await tokens.stop()
  expect(await ask()).toMatchObject({ result: { cause: 'stopping' } })
  expect(authorized.tokens.requests).toEqual([])
})
