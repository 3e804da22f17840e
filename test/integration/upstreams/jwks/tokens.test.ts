/**
 * Which tokens are good, which are wrong, and of which nobody knows.
 */
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import type { JwtRules } from '../../../../src/upstreams/jwks/schema.ts'
import { makeKey } from '../../../support/http/token-issuer.ts'
import { type Checking, checking, whereOf } from './checking.ts'

/** Wall clock of the tests in seconds, at the beginning. */
const now = ({ clock }: Checking) => Math.floor(clock.wallMs() / 1000)

describe('a good token', () => {
  for (const algorithm of ['RS256', 'PS384', 'ES512', 'EdDSA', 'Ed25519'] as const)
    test(`that is signed by ${algorithm} names who logs in`, async () => {
      const one = await checking({ algorithms: [algorithm] })
      one.issuer.keys.push(await makeKey('second', algorithm))
      const token = await one.token({}, { key: one.issuer.keys[1] })
      expect(await one.check(token)).toBe('bob@a.example')
      expect([one.outcomes, one.issuer.fetches]).toEqual([['good'], 1])
    })

  const RULES: [what: string, rules: Partial<JwtRules>, claims: Record<string, unknown>, user: string][] = [
    [
      'with one of several audiences',
      { audience: ['other', 'mail'] },
      { aud: ['account', 'mail'] },
      'bob@a.example',
    ],
    ['with another claim for the name', { user: 'preferred_username' }, { preferred_username: 'bob' }, 'bob'],
    ['with a word of scope', { scope: 'mail.send' }, { scope: 'openid mail.send' }, 'bob@a.example'],
    ['with a word of scp as text', { scope: 'mail.send' }, { scp: 'mail.send' }, 'bob@a.example'],
    ['with a word of scp as list', { scope: 'mail.send' }, { scp: ['a', 'mail.send'] }, 'bob@a.example'],
    ['whose address is verified', {}, { email_verified: true }, 'bob@a.example'],
    ['whose address is verified, as text', {}, { email_verified: 'True' }, 'bob@a.example'],
    ['whose address is verified, as a number', {}, { email_verified: 1 }, 'bob@a.example'],
    ['whose other name is not an address', { user: 'sub' }, { email_verified: false }, 'f3a1'],
  ]
  for (const [what, rules, claims, user] of RULES)
    test(`${what} is taken`, async () => {
      const one = await checking(rules)
      expect(await one.check(await one.token(claims))).toBe(user)
    })

  test('is taken until the skew after its end, and not longer', async () => {
    const one = await checking({ clockSkewMs: 30_000 })
    const token = await one.token({ exp: now(one) })
    one.clock.advance(29_000)
    expect(await one.check(token)).toBe('bob@a.example')
    one.clock.advance(1000)
    expect(await one.check(token)).toBe('wrong: expired')
  })

  test('is taken from the skew before its beginning, and not sooner', async () => {
    const one = await checking({ clockSkewMs: 30_000 })
    const token = await one.token({ nbf: now(one) + 31 })
    expect(await one.check(token)).toBe('wrong: not-yet')
    one.clock.advance(1000)
    expect(await one.check(token)).toBe('bob@a.example')
  })

  test('without the name of its key is tried with each that fits', async () => {
    const one = await checking()
    const other = await makeKey(undefined)
    one.issuer.keys.push(await makeKey('second'), other)
    expect(await one.check(await one.token({}, { key: other }))).toBe('bob@a.example')
  })
})

describe('a wrong token', () => {
  const WRONG: [what: string, claims: Record<string, unknown>, outcome: string, rules?: Partial<JwtRules>][] =
    [
      ['of another issuer', { iss: 'https://id.example.com/realms/mail/' }, 'issuer'],
      ['without an issuer', { iss: undefined }, 'issuer'],
      ['for somebody else', { aud: 'wiki' }, 'audience'],
      ['for others', { aud: ['wiki', 'Mail'] }, 'audience'],
      ['for nobody', { aud: undefined }, 'claims'],
      ['without an end', { exp: undefined }, 'claims'],
      ['whose end is a text', { exp: 'tomorrow' as never }, 'claims'],
      ['without the scope', { scope: 'mail.sender openid' }, 'scope', { scope: 'mail.send' }],
      ['whose address is not verified', { email_verified: false }, 'unverified'],
      ['whose address is not verified, as text', { email_verified: 'false' }, 'unverified'],
      ['whose address is not verified, with a capital letter', { email_verified: 'False' }, 'unverified'],
      ['whose address is not verified, as a number', { email_verified: 0 }, 'unverified'],
      ['whose address is verified by nobody', { email_verified: null }, 'unverified'],
    ]
  for (const [what, claims, outcome, rules] of WRONG)
    test(`${what} is refused: ${outcome}`, async () => {
      const one = await checking(rules)
      expect(await one.check(await one.token(claims))).toBe(`wrong: ${outcome}`)
      expect(one.explained()).toEqual({
        step: 'upstream',
        kind: 'jwks',
        key: 'typed',
        upstream: 'identity',
        result: { kind: 'notfound' },
        why: outcome,
      })
    })

  test('that was changed is refused', async () => {
    const one = await checking()
    const [header, , signature] = (await one.token()).split('.')
    const [, claims] = (await one.token({ email: 'ceo@a.example' })).split('.')
    expect(await one.check(`${header}.${claims}.${signature}`)).toBe('wrong: signature')
  })

  test('that is signed by another key of the same name is refused', async () => {
    const one = await checking()
    expect(await one.check(await one.token({}, { key: await makeKey('first') }))).toBe('wrong: signature')
  })

  test('that is not signed is refused', async () => {
    const one = await checking()
    const claims = { iss: one.issuer.name, aud: 'mail', email: 'bob@a.example', exp: now(one) + 60 }
    expect(await one.check(new UnsecuredJWT(claims).encode())).toBe('wrong: algorithm')
  })

  test('that is signed with the public key as a shared secret is refused', async () => {
    const one = await checking({ algorithms: ['RS256'] })
    const key = await makeKey('first', 'RS256')
    one.issuer.keys.splice(0, 1, key)
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk))
    const claims = { iss: one.issuer.name, aud: 'mail', email: 'bob@a.example', exp: now(one) + 60 }
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret)
    expect(await one.check(token)).toBe('wrong: algorithm')
  })

  test('that is signed by an algorithm which the table does not take is refused', async () => {
    const one = await checking({ algorithms: ['RS256'] })
    expect(await one.check(await one.token())).toBe('wrong: algorithm')
  })

  test('that needs something nobody here knows is refused', async () => {
    const one = await checking()
    const header = { crit: ['b64', 'exp'], b64: true, exp: 1 }
    const [, claims, signature] = (await one.token()).split('.')
    const first = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'first', ...header })).toString('base64url')
    expect(await one.check(`${first}.${claims}.${signature}`)).toBe('wrong: malformed')
  })

  for (const token of ['', 'opaque-4711', 'a.b.c', '..', 'e30.e30.', 'é.é.é', 'a.b.c.d.e', 'null.null.null'])
    test(`of the form ${JSON.stringify(token)} is refused, and no keys are fetched for it`, async () => {
      const one = await checking()
      expect(await one.check(token)).toMatch(/^wrong: (?:malformed|algorithm)$/)
      expect(one.issuer.fetches).toBe(0)
    })
})

describe('nobody is let in, and nobody told to be wrong,', () => {
  for (const [what, email] of [
    ['no name', undefined],
    ['an empty name', ''],
    ['a number for a name', 7],
    ['a name with a line end', 'bob\nroot'],
  ] as const)
    test(`when a good token has ${what}`, async () => {
      const one = await checking()
      expect(await one.check(await one.token({ email }))).toBe(
        'temporary: a good token has no name in the claim email; have the issuer put it in, or change jwt.user',
      )
      expect(one.outcomes).toEqual(['unknown'])
    })

  test('when the key of the issuer cannot be used', async () => {
    const one = await checking()
    const [first] = one.issuer.keys
    if (first === undefined) throw new Error('no key')
    one.issuer.keys.splice(0, 1, { ...first, jwk: { ...first.jwk, x: 'AAAA' } })
    expect(await one.check(await one.token({}, { key: first }))).toMatch(
      /^temporary: the key of the token cannot be used \(.+\); the issuer must publish another one at 127\.0\.0\.1:\d+$/,
    )
    expect(whereOf(one.issuer)).toMatch(/^127\.0\.0\.1:\d+$/)
  })
})
