/**
 * When keys are fetched, how long they are used, and what an issuer that gives none means for logins.
 */
import { describe, expect, test } from 'vitest'
import type { Behaviour } from '../../../support/http/http-service.ts'
import { makeKey, type TokenIssuer } from '../../../support/http/token-issuer.ts'
import { until } from '../../../support/wire/sockets.ts'
import { type Checking, checking, whereOf } from './checking.ts'

/** Starts it, and waits for the first keys. */
async function started(): Promise<Checking> {
  const one = await checking()
  one.keys.start()
  await until(() => one.keys.status().state !== 'none')
  return one
}

/** What is said of a token whose key the issuer does not have. */
function unknownAt(issuer: TokenIssuer): string {
  return `temporary: the key of the token is not among those of ${whereOf(issuer)}, fetched a moment ago; the next login fetches them again`
}

describe('keys', () => {
  test('are there before the first login, and are fetched again after refreshEvery', async () => {
    const one = await started()
    expect(await one.check(await one.token())).toBe('bob@a.example')
    one.clock.advance(599_999)
    expect(one.issuer.fetches).toBe(1)
    one.clock.advance(1)
    await until(() => one.issuer.fetches === 2)
  })

  test('are fetched once for all who wait', async () => {
    const one = await checking()
    const token = await one.token()
    expect(await Promise.all([one.check(token), one.check(token), one.check(token)])).toEqual([
      'bob@a.example',
      'bob@a.example',
      'bob@a.example',
    ])
    expect(one.issuer.fetches).toBe(1)
  })

  test('that the issuer withdraws are not taken any more after the next fetch', async () => {
    const one = await started()
    const [old] = one.issuer.keys
    const token = await one.token({ exp: Math.floor(one.clock.wallMs() / 1000) + 86_400 })
    one.issuer.keys.splice(0, 1, await makeKey('second'))
    expect([old?.kid, await one.check(token)]).toEqual(['first', 'bob@a.example'])
    one.clock.advance(600_000)
    await until(() => one.issuer.fetches === 2)
    await until(() => one.keys.status().fetchedAtMs === one.clock.wallMs())
    one.clock.advance(30_000)
    expect(await one.check(token)).toBe(unknownAt(one.issuer))
  })

  test('are used while the issuer is away, for keepFor and not longer', async () => {
    const one = await started()
    const token = await one.token({ exp: Math.floor(one.clock.wallMs() / 1000) + 200_000 })
    one.issuer.service.otherwise = { status: 503 }
    one.clock.advance(600_000)
    await until(() => one.keys.status().state === 'failing')
    expect(await one.check(token)).toBe('bob@a.example')
    one.clock.stepWall(86_400_000 - 600_000 - 1)
    expect(await one.check(token)).toBe('bob@a.example')
    one.clock.stepWall(1)
    const answer = `no keys to check the token by: ${whereOf(one.issuer)} answered 503; look at its log, and at jwks.url`
    expect(await one.check(token)).toBe(`temporary: ${answer}`)
    one.issuer.publish()
    one.clock.advance(1000)
    expect(await one.check(token)).toBe('bob@a.example')
    expect(one.events).toEqual([`failing: ${answer}`, 'valid'])
  })

  test('with their private part are none: whoever reads them could sign', async () => {
    const one = await started()
    const [first] = one.issuer.keys
    const token = await one.token()
    const shown = { ...first?.jwk, d: 'x'.repeat(43) }
    one.issuer.service.otherwise = { json: { keys: [shown] } }
    one.clock.advance(600_000)
    await until(() => one.keys.status().state === 'failing')
    expect(one.events.at(-1)).toContain('no public key')
    expect(await one.check(token)).toBe('bob@a.example')
  })

  test('of a set that is none are not taken in the place of those that are kept', async () => {
    const one = await started()
    one.issuer.service.otherwise = { json: { keys: [] } }
    one.clock.advance(600_000)
    await until(() => one.keys.status().state === 'failing')
    expect([one.keys.count, one.keys.status().state]).toEqual([1, 'failing'])
    expect(await one.check(await one.token())).toBe('bob@a.example')
  })
})

describe('an unknown key', () => {
  test('makes the keys be fetched, so that a new one is known at once', async () => {
    const one = await started()
    one.issuer.keys.push(await makeKey('second'))
    one.clock.advance(30_000)
    const token = await one.token({}, { key: one.issuer.keys[1] })
    expect([await one.check(token), one.issuer.fetches]).toEqual(['bob@a.example', 2])
  })

  // Also a set that was fetched just now may be an old one.
  test('that is unknown still says nothing of the token', async () => {
    const one = await started()
    one.clock.advance(30_000)
    const token = await one.token({}, { key: await makeKey('strange') })
    expect([await one.check(token), one.issuer.fetches]).toEqual([unknownAt(one.issuer), 2])
  })

  test('of a stranger makes them be fetched at most every 30 s, and is unknown meanwhile', async () => {
    const one = await started()
    const tokens = await Promise.all(
      Array.from({ length: 20 }, async () => one.token({}, { key: await makeKey('strange') })),
    )
    const unknown = unknownAt(one.issuer)
    one.clock.advance(29_999)
    for (const token of tokens) expect(await one.check(token)).toBe(unknown)
    expect(one.issuer.fetches).toBe(1)
    one.clock.advance(1)
    const [first] = tokens
    expect([await one.check(first ?? ''), one.issuer.fetches]).toEqual([unknown, 2])
    one.clock.advance(1)
    expect(await one.check(first ?? '')).toBe(unknown)
    expect(one.issuer.fetches).toBe(2)
    expect(await one.check(await one.token())).toBe('bob@a.example')
  })

  test('without a name, too, and a signature by none of them', async () => {
    const one = await started()
    one.clock.advance(30_000)
    const token = await one.token({}, { key: await makeKey(undefined) })
    expect([await one.check(token), one.issuer.fetches]).toEqual([unknownAt(one.issuer), 2])
  })

  test('says nothing about the token while the issuer is away', async () => {
    const one = await started()
    one.issuer.service.otherwise = { act: 'reset' }
    one.clock.advance(30_000)
    const token = await one.token({}, { key: await makeKey('strange') })
    expect(await one.check(token)).toMatch(/^temporary: no keys to check the token by: .* cannot be reached/)
  })

  test('of a token that is wrong by what it says fetches nothing', async () => {
    const one = await started()
    const key = await makeKey('strange')
    one.clock.advance(30_000)
    expect(await one.check(await one.token({ iss: 'https://other.example' }, { key }))).toBe('wrong: issuer')
    expect(await one.check(await one.token({ exp: 1 }, { key }))).toBe('wrong: expired')
    expect(one.issuer.fetches).toBe(1)
  })
})

describe('a signature that does not fit the key of its name', () => {
  /** The issuer signs with another key from now on, and does not rename it. */
  const rotated = async (one: Checking) => {
    one.issuer.keys.splice(0, 1, await makeKey('first'))
    return one.token()
  }

  test('makes the keys be fetched, so that a key that was changed under its name is known at once', async () => {
    const one = await started()
    one.clock.advance(30_000)
    const token = await rotated(one)
    expect([await one.check(token), one.issuer.fetches]).toEqual(['bob@a.example', 2])
  })

  test('is wrong if it still does not fit, and is not said to be so before the keys may be fetched again', async () => {
    const one = await started()
    const forged = await one.token({}, { key: await makeKey('first') })
    one.clock.advance(29_999)
    expect(await one.check(forged)).toBe(
      `temporary: the key of the token is not among those of ${whereOf(one.issuer)}, fetched a moment ago; the next login fetches them again`,
    )
    expect(one.issuer.fetches).toBe(1)
    one.clock.advance(1)
    expect([await one.check(forged), one.issuer.fetches]).toEqual(['wrong: signature', 2])
    expect(await one.check(await one.token())).toBe('bob@a.example')
    one.clock.advance(29_999)
    expect([await one.check(forged), one.issuer.fetches]).toEqual([
      expect.stringMatching(/^temporary: the key of the token is not among/),
      2,
    ])
  })

  test('says nothing about the token while the issuer is away', async () => {
    const one = await started()
    const token = await rotated(one)
    one.issuer.service.otherwise = { status: 503 }
    one.clock.advance(30_000)
    const away = `temporary: no keys to check the token by: ${whereOf(one.issuer)} answered 503; look at its log, and at jwks.url`
    expect(await one.check(token)).toBe(away)
    expect(await one.check(token)).toBe(away)
    one.issuer.publish()
    one.clock.advance(10_000)
    await until(() => one.keys.status().state === 'valid')
    expect(await one.check(token)).toBe('bob@a.example')
  })
})

describe('without keys every login is told to try again', () => {
  const FAILURES: [what: string, behaviour: Behaviour, reason: string][] = [
    ['is down', { act: 'reset' }, 'WHERE cannot be reached (ECONNRESET); is it running?'],
    ['answers 404', { status: 404, json: {} }, 'WHERE answered 404; look at its log, and at jwks.url'],
    ['answers 204', { status: 204 }, 'WHERE answered 204; look at its log, and at jwks.url'],
    [
      'redirects',
      { status: 302, headers: { location: '/certs' } },
      'WHERE answered 302; look at its log, and at jwks.url',
    ],
    ['answers a page', { text: '<html>' }, 'what WHERE answered has none (not JSON); check jwks.url'],
    ['answers null', { json: null }, 'what WHERE answered has none (other JSON); check jwks.url'],
    [
      'answers a list',
      { json: [{ kty: 'EC' }] },
      'what WHERE answered has none (other JSON); check jwks.url',
    ],
    ['has no keys', { json: { keys: [] } }, 'what WHERE answered has none (no public key); check jwks.url'],
    [
      'has other things for keys',
      { json: { keys: [null, 1, 'a', {}] } },
      'what WHERE answered has none (no public key); check jwks.url',
    ],
    [
      'has a shared secret',
      { json: { keys: [{ kty: 'oct', k: 'AAAA' }] } },
      'what WHERE answered has none (no public key); check jwks.url',
    ],
    [
      'has 101 keys',
      { json: { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) } },
      'what WHERE answered has none (over 100 keys); check jwks.url',
    ],
    [
      'answers 300 kB',
      { act: 'large', bytes: 300_000, announced: false },
      'what WHERE answered has none (over 262144 bytes); check jwks.url',
    ],
  ]
  for (const [what, behaviour, reason] of FAILURES)
    test(`when the issuer ${what}`, async () => {
      const one = await checking()
      one.issuer.service.otherwise = behaviour
      const answer = `no keys to check the token by: ${reason.replace('WHERE', whereOf(one.issuer))}`
      expect(await one.check(await one.token())).toBe(`temporary: ${answer}`)
      expect(one.keys.status()).toMatchObject({ state: 'failing', lastFailure: answer })
      expect(one.keys.count).toBe(0)
    })

  test('when the issuer says nothing, at the deadline', async () => {
    const one = await checking()
    one.issuer.service.otherwise = { act: 'silence' }
    const token = await one.token()
    const answer = one.check(token, 1000)
    await until(() => one.issuer.fetches === 1)
    one.clock.advance(1000)
    expect(await answer).toBe(
      `temporary: no keys to check the token by: ${whereOf(one.issuer)} did not answer in time; see if it is slow`,
    )
    one.clock.advance(1000)
  })

  test('and the issuer is asked once in a second', async () => {
    const one = await checking()
    one.issuer.service.otherwise = { status: 503 }
    const token = await one.token()
    for (let times = 0; times < 5; times++) expect(await one.check(token)).toMatch(/^temporary: /)
    expect(one.issuer.fetches).toBe(1)
    one.issuer.publish()
    one.clock.advance(999)
    expect(await one.check(token)).toMatch(/^temporary: /)
    one.clock.advance(1)
    expect(await one.check(token)).toBe('bob@a.example')
  })

  test('but a token that is over is wrong', async () => {
    const one = await checking()
    one.issuer.service.otherwise = { act: 'reset' }
    const atMs = one.clock.wallMs() - 7_200_000
    expect(await one.check(await one.token({}, { atMs }))).toBe('wrong: expired')
  })

  test('after the end nobody is asked', async () => {
    const one = await checking()
    await one.keys.stop()
    expect(await one.check(await one.token())).toBe('temporary: mapgate is stopping; ask again')
    expect(one.issuer.fetches).toBe(0)
  })
})
