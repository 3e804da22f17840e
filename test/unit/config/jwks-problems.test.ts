/**
 * What `check` says about issuers whose tokens are checked here.
 */
import { expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

const JWT = 'issuer: "https://id.example.com/", audience: [mail], user: email'

function file({
  jwt = `, jwt: { ${JWT} }`,
  table = '',
  jwks = 'url: "https://id.example.com/certs"',
  upstream = '',
  mechanisms = 'XOAUTH2, OAUTHBEARER',
  protocol = 'sasl',
} = {}): string {
  const ways = protocol === 'sasl' ? `, mechanisms: [${mechanisms}]` : ''
  return `listeners: [{ protocol: ${protocol}, listen: "unix:/run/mapgate/auth", table: tokens${ways} }]
upstreams:
  identity: { jwks: { ${jwks} }${upstream} }
  directory: { endpoints: [https://directory.example.com] }
tables:
  tokens: { upstream: identity${jwt}${table} }
`
}

const CANARY = 'canary: { attributes: { user: a, token: b } }'

const cases: [sentence: string, text: string, expected: RegExp[]][] = [
  ['an issuer that is as it should be', file(), []],
  ['an issuer on this machine', file({ jwks: 'url: "http://127.0.0.1:8081/certs"' }), []],
  [
    'a table that does not say which tokens it takes',
    file({ jwt: '' }),
    [
      /tables\.tokens: answers logins and asks for no attribute; send \{attribute\.user\} and \{attribute\.password\}$/,
      /tables\.tokens: "jwt" is missing, and upstream "identity" is an issuer of tokens; add it with issuer, audience and user$/,
      /tables\.tokens: has no canary/,
    ],
  ],
  [
    'tokens for an HTTP service',
    file().replace(
      'upstream: identity',
      `upstream: directory, ${CANARY}, request: { path: /a, query: { u: "{attribute.user}" } }`,
    ),
    [
      /tables\.tokens\.jwt: needs an upstream with "jwks", whose keys check the tokens; name one in "upstream"$/,
    ],
  ],
  [
    'an issuer and a service',
    file({ table: ', request: { path: /a, query: { u: "{attribute.user}" } }' }).replace(
      'upstream: identity',
      'upstream: [identity, directory]',
    ),
    [
      /tables\.tokens\.upstream: has an issuer of tokens and another upstream; one table asks one of them, another table the other$/,
      /tables\.tokens\.request: does not belong to a table whose tokens are checked here; remove it$/,
    ],
  ],
  [
    'answers that would be kept',
    file({ table: ', cacheBy: [user, password, token]' }),
    [/tables\.tokens\.cacheBy: does not belong to a table whose tokens are checked here; remove it$/],
  ],
  [
    'passwords',
    file({ mechanisms: 'PLAIN, XOAUTH2' }),
    [
      /tables\.tokens: does not send \{attribute\.password\}, which the service needs to know who logs in by PLAIN; send it, or take the mechanism out of the listener$/,
    ],
  ],
  [
    'a listener whose clients have no tokens',
    file({ protocol: 'policy' }),
    [/table "tokens" asks for token, which policy does not send/],
  ],
  ...(['HS256', 'none'] as const).map((algorithm): [string, string, RegExp[]] => [
    `the algorithm ${algorithm}`,
    file({ jwt: `, jwt: { ${JWT}, algorithms: [${algorithm}] }` }),
    [new RegExp(`jwt\\.algorithms\\[0\\]: .*${algorithm}`)],
  ]),
  [
    'no audience',
    file({ jwt: ', jwt: { issuer: a, user: email, audience: [] }' }),
    [/tables\.tokens\.jwt\.audience: /],
  ],
  [
    'keys that others can change on the way',
    file({ jwks: 'url: "http://id.example.com/certs"' }),
    [
      /jwks\.url: begins with http:\/\/, so whoever is on the way can put keys of their own there, and log in as anybody; use https:\/\/$/,
    ],
  ],
  [
    'a password in the URL',
    file({ jwks: 'url: "https://a:geheim@id.example.com/certs"' }),
    [/jwks\.url: holds a user or password; public keys need none, remove it$/],
  ],
  ['no URL', file({ jwks: 'url: certs' }), [/jwks\.url: is not the URL of an HTTP service/]],
  [
    'keys that are forgotten before new ones come',
    file({ jwks: 'url: "https://id.example.com/certs", refreshEvery: 10m, keepFor: 5m' }),
    [/jwks\.keepFor: is shorter than refreshEvery, so that there would be no keys at times; make it longer$/],
  ],
  [
    'half a client certificate',
    file({ upstream: ', tls: { cert: /dev/null }' }),
    [
      /identity\.tls: "cert" and "key" belong together; add the one that is missing$/,
      /identity\.tls\.cert: the file "\/dev\/null" cannot be read/,
    ],
  ],
  [
    'a proxy that is none',
    file({ upstream: ', proxy: "proxy.example.com"' }),
    [/identity\.proxy: is not the URL of a proxy; write http:\/\/HOST:PORT$/],
  ],
]

for (const [sentence, text, expected] of cases) {
  test(sentence, async () => {
    const problems = await problemsIn(text)
    expect(problems, problems.join('\n')).toHaveLength(expected.length)
    for (const pattern of expected) expect(problems.some((problem) => pattern.test(problem))).toBe(true)
  })
}
