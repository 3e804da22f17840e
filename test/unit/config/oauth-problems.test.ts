/**
 * What is said about mistakes in the access tokens of an upstream: whole lines, as they are printed.
 */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { clientKeyError } from '../../../src/upstreams/http-client/oauth/client-key.ts'
import { isInvalidTokenUrl, parseTokenUrl } from '../../../src/upstreams/http-client/oauth/token-url.ts'
import { LISTENERS, TABLES } from './good-sections.ts'
import { type ProblemCase, testProblems } from './problems.ts'

const upstream = (oauth: string, more = '', tables = TABLES) => `${LISTENERS}
upstreams:
  d:
    endpoints: ["https://a.example"]${more}
    oauth: { ${oauth} }
${tables}`

const GOOD = 'tokenUrl: "https://id.example/token", clientId: me, clientSecret: very-secret'

const cases: readonly ProblemCase[] = [
  ['nothing', upstream(GOOD), []],
  [
    'no secret, no key, no certificate',
    upstream('tokenUrl: "https://id.example/token", clientId: me'),
    [
      'mapgate.yaml:5:5: upstreams.d.oauth: has neither "clientSecret" nor "privateKey", and the upstream has no tls.cert; add one',
    ],
  ],
  [
    'a secret and a key',
    upstream(`${GOOD}, privateKey: no-key`),
    [
      'mapgate.yaml:5:105: upstreams.d.oauth.privateKey: is not a private key as PEM, or has a passphrase; put the key of the client there, best from a file',
    ],
  ],
  [
    'a method that needs what is missing',
    upstream('tokenUrl: "https://id.example/token", clientId: me, authentication: private_key_jwt'),
    ['mapgate.yaml:5:5: upstreams.d.oauth: "authentication: private_key_jwt" needs "privateKey"; add it'],
  ],
  [
    'a method that needs no secret',
    upstream(`${GOOD}, authentication: tls_client_auth`),
    [
      'mapgate.yaml:5:5: upstreams.d.oauth: has neither "clientSecret" nor "privateKey", and the upstream has no tls.cert; add one',
      'mapgate.yaml:5:80: upstreams.d.oauth.clientSecret: is not used with "authentication: tls_client_auth"; remove one of them',
    ],
  ],
  [
    'a method that there is not',
    upstream(`${GOOD}, authentication: none`),
    [
      'mapgate.yaml:5:109: upstreams.d.oauth.authentication: "none" is not known, must be client_secret_basic, client_secret_post, private_key_jwt or tls_client_auth',
    ],
  ],
  [
    'what only a key has',
    upstream(`${GOOD}, keyId: k, assertionAudience: a`),
    [
      'warning: mapgate.yaml:5:100: upstreams.d.oauth.keyId: has no effect: only what is signed with "privateKey" has it',
      'warning: mapgate.yaml:5:122: upstreams.d.oauth.assertionAudience: has no effect: only what is signed with "privateKey" has it',
    ],
  ],
  [
    'a token URL without TLS',
    upstream('tokenUrl: "http://id.example/token", clientId: me, clientSecret: very-secret'),
    [
      'warning: mapgate.yaml:5:24: upstreams.d.oauth.tokenUrl: begins with http://, so secrets and tokens can be read on the way; use https://',
    ],
  ],
  [
    'a token URL without TLS on this machine',
    upstream('tokenUrl: "http://127.0.0.1:8080/token", clientId: me, clientSecret: very-secret'),
    [],
  ],
  [
    'a token URL that is none',
    upstream('tokenUrl: id.example, clientId: me, clientSecret: very-secret'),
    [
      'mapgate.yaml:5:24: upstreams.d.oauth.tokenUrl: is not the URL of an HTTP service; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
    ],
  ],
  [
    'a token URL with a password',
    upstream('tokenUrl: "https://me:very-secret@id.example/", clientId: me, clientSecret: very-secret'),
    [
      'mapgate.yaml:5:24: upstreams.d.oauth.tokenUrl: holds a user or password; write clientId and clientSecret instead',
    ],
  ],
  [
    'no token URL and no client',
    upstream('clientSecret: very-secret'),
    [
      'mapgate.yaml:5:5: upstreams.d.oauth: "tokenUrl" is missing; add it',
      'mapgate.yaml:5:5: upstreams.d.oauth: "clientId" is missing; add it',
    ],
  ],
  [
    'a scope with two spaces',
    upstream(`${GOOD}, scope: "a  b"`),
    [
      'mapgate.yaml:5:100: upstreams.d.oauth.scope: is not a list of words with one space between them; write it as "read write"',
    ],
  ],
  [
    "a header that is the token's",
    upstream(GOOD, '\n    headers: { Authorization: "Bearer x" }'),
    [
      'mapgate.yaml:6:5: upstreams.d.oauth: cannot be used with an "authorization" in "headers" of the upstream; remove one',
    ],
  ],
  [
    "a header of a table that is the token's",
    upstream(
      GOOD,
      '',
      'tables: { t: { upstream: d, request: { path: "/{key}", headers: { Authorization: x } }, canary: { key: a } } }',
    ),
    [
      'mapgate.yaml:6:56: tables.t.request.headers: has an "authorization", and upstream "d" has "oauth", which sets it; remove one',
    ],
  ],
  [
    'a unix socket behind a proxy',
    upstream(
      'tokenUrl: "unix:/run/id:/token", clientId: me, clientSecret: very-secret',
      '\n    proxy: "http://p.example:3128"',
    ),
    [
      'mapgate.yaml:6:24: upstreams.d.oauth.tokenUrl: cannot be a unix socket where the upstream has a "proxy"; put a URL there',
    ],
  ],
  [
    'a certificate for a token URL without TLS',
    upstream('tokenUrl: "http://127.0.0.1/token", clientId: me', '\n    tls: { cert: a.pem, key: a.key }'),
    [
      'mapgate.yaml:5:18: upstreams.d.tls.cert: the file "a.pem" cannot be read: there is no such file',
      'mapgate.yaml:5:30: upstreams.d.tls.key: the file "a.key" cannot be read: there is no such file',
      'mapgate.yaml:6:24: upstreams.d.oauth.tokenUrl: must begin with https:// where the client certificate is what is shown',
    ],
  ],
]

testProblems('oauth', cases)

describe('the key of a client', () => {
  const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
    key.export({ type: 'pkcs8', format: 'pem' }).toString()
  test('is RSA of at least 2048 bits, or on one of three curves', () => {
    expect(
      clientKeyError(pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)),
    ).toBeUndefined()
    expect(clientKeyError(pem(generateKeyPairSync('rsa', { modulusLength: 2040 }).privateKey))).toBe(
      'is an RSA key of fewer than 2048 bits; make a longer one',
    )
    for (const namedCurve of ['P-256', 'P-384', 'P-521'])
      expect(clientKeyError(pem(generateKeyPairSync('ec', { namedCurve }).privateKey))).toBeUndefined()
    const other = 'is neither an RSA key nor one of the curves P-256, P-384 and P-521; make such a key'
    expect(clientKeyError(pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey))).toBe(other)
    expect(clientKeyError(pem(generateKeyPairSync('ed25519').privateKey))).toBe(other)
  })
})

describe('a token URL', () => {
  test.each([
    ['https://id.example/realms/x/token', 'https://id.example', '/realms/x/token', 'id.example:443'],
    ['https://id.example', 'https://id.example', '/', 'id.example:443'],
    ['http://id.example:8080/token/', 'http://id.example:8080', '/token/', 'id.example:8080'],
    ['https://id.example/t?p=a?b/', 'https://id.example', '/t?p=a?b/', 'id.example:443'],
    ['https://id.example?p=a', 'https://id.example', '/?p=a', 'id.example:443'],
    ['unix:/run/id.sock:/token', 'http://localhost', '/token', 'id.sock'],
    ['unix:/run/id.sock', 'http://localhost', '/', 'id.sock'],
  ])('%s is taken apart', (url, origin, path, label) => {
    expect(parseTokenUrl(url)).toMatchObject({ url, path, endpoint: { origin, label, pathPrefix: '' } })
  })

  test.each([
    'https://id.example/t#a',
    'https://id.example/t?a#b',
    'https://id.example/t?a b',
    'ftp://id.example/',
  ])('%s is none', (url) => {
    expect(isInvalidTokenUrl(parseTokenUrl(url))).toBe(true)
  })
})
