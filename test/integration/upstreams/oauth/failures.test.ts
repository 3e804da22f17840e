/**
 * What is said where no access token comes, and when it is asked for again.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { Cancellation } from '../../../../src/core/cancellation.ts'
import type { Behaviour } from '../../../support/http/http-service.ts'
import { startAuthorized } from '../../../support/http/token-server.ts'
import { until } from '../../../support/wire/sockets.ts'
import { asking, FOUND } from './asking.ts'

const t = { onTestFinished }

const TOKEN_JSON = { access_token: 'x', token_type: 'bearer', expires_in: 60 }

describe('without a token nothing is sent, and the token endpoint is named', () => {
  const cases: readonly [name: string, behaviour: Behaviour, outcome: string, why: string][] = [
    ['503', { status: 503, text: 'busy' }, 'status', 'answered 503; look at its log'],
    ['404', { status: 404 }, 'status', 'answered 404; look at its log'],
    ['429', { status: 429 }, 'status', 'answered 429; look at its log'],
    ['302', { status: 302, headers: { location: '/login' } }, 'status', 'answered 302; look at its log'],
    ['204', { status: 204 }, 'status', 'answered 204; look at its log'],
    [
      '401',
      { status: 401, headers: { 'www-authenticate': 'Basic' }, json: { error: 'invalid_client' } },
      'refused',
      'refuses our client (401); check clientId and its secret or key',
    ],
    [
      'invalid_client',
      { status: 400, json: { error: 'invalid_client', error_description: 'a secret' } },
      'refused',
      'refuses our client (400 invalid_client); check clientId and its secret or key',
    ],
    [
      'invalid_scope',
      { status: 400, json: { error: 'invalid_scope' } },
      'refused',
      'refuses our client (400 invalid_scope); check clientId and its secret or key',
    ],
    [
      'an error of its own',
      { status: 400, json: { error: 'p@ssw0rd' } },
      'status',
      'answered 400; look at its log',
    ],
    ['reset', { act: 'reset' }, 'connect', 'cannot be reached (ECONNRESET); is it running?'],
  ]
  const noTokens: readonly [name: string, behaviour: Behaviour, why: string][] = [
    [
      'HTML',
      { text: '<!doctype html><title>Log in</title>', headers: { 'content-type': 'text/html' } },
      'not JSON',
    ],
    [
      'HTML that is called JSON',
      { text: '<html>', headers: { 'content-type': 'application/json' } },
      'not JSON',
    ],
    ['an empty body', { text: '' }, 'not JSON'],
    [
      'half a body',
      { text: '{"access_token":"', headers: { 'content-type': 'application/json' } },
      'not JSON',
    ],
    ['a list', { json: [TOKEN_JSON] }, 'other JSON'],
    ['no token', { json: { token_type: 'bearer' } }, 'other JSON'],
    ['an empty token', { json: { ...TOKEN_JSON, access_token: '' } }, 'other JSON'],
    [
      'a token of two lines',
      { json: { ...TOKEN_JSON, access_token: 'a\r\nx-evil: 1' } },
      'not a bearer token',
    ],
    ['a token that is no text', { json: { ...TOKEN_JSON, access_token: 7 } }, 'other JSON'],
    ['another type', { json: { ...TOKEN_JSON, token_type: 'mac' } }, 'not a bearer token'],
    ['a DPoP token', { json: { ...TOKEN_JSON, token_type: 'DPoP' } }, 'not a bearer token'],
    ['a life that is no number', { json: { ...TOKEN_JSON, expires_in: 'soon' } }, 'other JSON'],
    ['a life before now', { json: { ...TOKEN_JSON, expires_in: -1 } }, 'other JSON'],
    ['something else than HTTP', { act: 'raw', bytes: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'not HTTP'],
    ['a body that does not end', { act: 'large', bytes: 70_000, announced: false }, 'over 65536 bytes'],
  ]
  const all = [
    ...cases,
    ...noTokens.map(([name, behaviour, why]) => [name, behaviour, 'unreadable', `NO TOKEN ${why}`] as const),
  ]
  test.each(all)('%s', async (_name, behaviour, outcome, why) => {
    const authorized = await startAuthorized(t)
    authorized.tokens.route('/token', behaviour)
    const { ask, events, tokens } = asking(authorized)
    const where = `127.0.0.1:${authorized.tokens.port}`
    const reason = why.startsWith('NO TOKEN ')
      ? `no access token: the token endpoint ${where} did not return a token (${why.slice(9)}); check oauth.tokenUrl`
      : `no access token: the token endpoint ${where} ${why}`
    expect(await ask()).toEqual({
      result: { kind: 'temporary', cause: 'token', reason },
      evidence: 'none',
      retry: 'none',
      isUnsent: true,
    })
    expect(authorized.service.requests).toEqual([])
    const refused = outcome === 'refused' ? ['secrets are read again'] : []
    expect(events).toEqual([`failing: ${reason}`, ...refused])
    expect(tokens.status()?.requests).toEqual({ [outcome]: 1 })
  })

  test('a token endpoint that is not there', async () => {
    const authorized = await startAuthorized(t)
    await authorized.tokens.stop()
    expect(await asking(authorized).ask()).toMatchObject({
      result: {
        cause: 'token',
        reason: `no access token: the token endpoint 127.0.0.1:${authorized.tokens.port} cannot be reached (ECONNREFUSED); is it running?`,
      },
      isUnsent: true,
    })
  })

  test.each(['silence', 'stall-in-body'] as const)(
    '%s: the lookup waits its own time, the request its own',
    async (act) => {
      const authorized = await startAuthorized(t)
      authorized.tokens.route('/token', { act }, { json: { access_token: 'x', token_type: 'bearer' } })
      authorized.accepted.add('x')
      const { ask, clock, events } = asking(authorized)
      const reply = ask('a', { timeoutMs: 2000 })
      await authorized.tokens.received(1)
      clock.advance(2000)
      const where = `127.0.0.1:${authorized.tokens.port}`
      expect(await reply).toMatchObject({
        result: {
          cause: 'token',
          reason: `no access token yet: the token endpoint ${where} is being asked; see if it is slow`,
        },
        evidence: 'none',
      })
      expect(events).toEqual([])
      const late = ask('b', { timeoutMs: 60_000 })
      clock.advance(3000)
      expect(await late).toMatchObject({
        result: {
          reason: `no access token: the token endpoint ${where} did not answer in time; see if it is slow`,
        },
      })
      expect(authorized.tokens.requests.length).toBe(1)
      clock.advance(1000)
      expect(await ask('c')).toMatchObject(FOUND)
    },
  )

  test('a lookup that is not waited for any more does not wait for the token', async () => {
    const authorized = await startAuthorized(t)
    authorized.tokens.route('/token', { act: 'silence' })
    const { ask, clock } = asking(authorized)
    const signal = new Cancellation()
    const reply = ask('a', { signal })
    await authorized.tokens.received(1)
    signal.cancel()
    expect(await reply).toMatchObject({ result: { cause: 'token' }, isUnsent: true })
    clock.advance(5000)
  })

  test('a service that had no time left because of the token is not blamed', async () => {
    const authorized = await startAuthorized(t)
    let give: () => void = () => {}
    const given = new Promise<void>((resolve) => {
      give = resolve
    })
    authorized.tokens.route('/token', { json: { access_token: 'x', token_type: 'bearer' }, after: given })
    authorized.service.otherwise = { act: 'silence' }
    const { ask, clock } = asking(authorized)
    const reply = ask('a', { timeoutMs: 2000 })
    await authorized.tokens.received(1)
    clock.advance(1900)
    give()
    await authorized.service.received(1)
    clock.advance(100)
    expect(await reply).toMatchObject({ result: { cause: 'timeout' }, evidence: 'none' })
  })
})

describe('after a failure', () => {
  test('the endpoint is asked again after a second, not for each lookup, and lookups flow at once', async () => {
    const authorized = await startAuthorized(t)
    authorized.tokens.route('/token', { status: 503 })
    const { ask, clock, events, tokens } = asking(authorized)
    await ask()
    await Promise.all(['a', 'b', 'c'].map((key) => ask(key)))
    clock.advance(999)
    await ask()
    expect(authorized.tokens.requests.length).toBe(1)
    authorized.give()
    clock.advance(1)
    expect(await ask()).toMatchObject(FOUND)
    expect(events).toEqual([expect.stringMatching(/^failing: /), 'hide token-1', 'valid'])
    expect(tokens.status()?.requests).toEqual({ status: 1, ok: 1 })
  })

  test('a client that is refused asks ever more rarely, up to once a minute', async () => {
    const authorized = await startAuthorized(t)
    authorized.tokens.route('/token', { status: 401 })
    const { clock, tokens } = asking(authorized)
    tokens.start()
    for (const [index, pauseS] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      const count = index + 1
      await until(() => tokens.status()?.requests.refused === count)
      clock.advance(pauseS * 1000 - 1)
      // It waits still, and no request has a time limit.
      expect([count, clock.timers]).toEqual([count, 1])
      clock.advance(1)
      await authorized.tokens.received(count + 1)
    }
    await until(() => clock.timers === 1)
  })

  test('an older token is used as long as it lasts, and says so', async () => {
    const authorized = await startAuthorized(t)
    authorized.expiresIn = 100
    const { ask, clock, tokens } = asking(authorized)
    tokens.start()
    await ask()
    authorized.tokens.route('/token', { status: 503 })
    clock.advance(75_000)
    await until(() => tokens.status()?.state === 'failing')
    expect(await ask()).toMatchObject(FOUND)
    expect(tokens.status()).toEqual({
      what: 'token',
      title: 'access token',
      endpoint: `127.0.0.1:${authorized.tokens.port}`,
      state: 'failing',
      expiresAtMs: clock.wallMs() + 25_000,
      lastFailure: `no access token: the token endpoint 127.0.0.1:${authorized.tokens.port} answered 503; look at its log`,
      requests: { ok: 1, status: 1 },
    })
    clock.advance(20_000)
    expect(await ask()).toMatchObject({ result: { cause: 'token' } })
  })
})
