/**
 * Settings of issuers whose tokens are checked here: where their keys are, and which tokens a table takes.
 */
import { type Settings, Type } from '../../schema/schema.ts'
import { duration, parsed, text } from '../../schema/values.ts'
import { isInvalidTokenUrl, parseTokenUrl, type TokenUrl } from '../http-client/oauth/token-url.ts'
import { Tls } from '../http-client/upstream-schema.ts'

/**
 * Signatures by a key pair. Neither `none` nor HS256 and the like are among them: with those, whoever knows the public
 * key could sign (RFC 8725 section 2.1). Source: RFC 7518 section 3.1, RFC 8037, RFC 9864.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** Longest list of audiences. Ours. */
const MAX_AUDIENCES = 16

/** What a scope is made of, one word. Source: RFC 6749 section 3.3. */
const SCOPE_WORD = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const url = parsed(
  {
    // Never quoted: the URL may hold a secret.
    syntax: (written) => {
      const read = parseKeysUrl(written)
      return isInvalidTokenUrl(read) ? read.why : undefined
    },
    stopgap: 'https://localhost/keys',
    decode: (written) => {
      const read = parseKeysUrl(written)
      if (isInvalidTokenUrl(read)) throw new TypeError(`unchecked URL of keys: ${read.why}`)
      return read
    },
  },
  {
    sent: 'address',
    description:
      'Where the issuer publishes its public keys (JWK Set, RFC 7517; `jwks_uri` of its `.well-known/openid-configuration`): `https://HOST/PATH`, `http://HOST:PORT/PATH`, or `unix:/PATH:/PATH`.',
    examples: ['https://id.example.com/realms/mail/protocol/openid-connect/certs'],
  },
)

function parseKeysUrl(written: string): TokenUrl | { readonly why: string } {
  if (/^https?:\/\/[^/?]*@/.test(written))
    return { why: 'holds a user or password; public keys need none, remove it' }
  return parseTokenUrl(written)
}

export const JwksUpstream = Type.Object({
  jwks: Type.Object(
    {
      url,
      refreshEvery: duration(
        { min: '10s', max: '1d' },
        '10m',
        'How often the keys are fetched again. A key that the issuer withdraws is taken for so long. A token with an unknown key makes them be fetched at once, but at most every 30s.',
      ),
      keepFor: duration(
        { min: '1m', max: '30d' },
        '1d',
        'How long keys are used after they were fetched last, while `url` gives none. After that every login by token is told to try again later.',
      ),
      timeout: duration(
        { min: '100ms', max: '60s' },
        '5s',
        'Longest time for one request to `url`, connect included. A login waits for it no longer than its deadline.',
      ),
    },
    {
      additionalProperties: false,
      description:
        'An issuer of tokens instead of an HTTP service: what it signs (JWT) is checked here by its public keys. For logins by OAuth. No other key of this section applies then but `tls` and `proxy`.',
    },
  ),
  tls: Type.Optional(Tls),
  proxy: Type.Optional(
    text('URL of an HTTP proxy (`http://HOST:PORT`) for `url`.', {
      defaultText: 'none; the environment (`HTTP_PROXY`) is not read',
      secret: true,
    }),
  ),
})

export const JwtTable = Type.Object({
  jwt: Type.Optional(
    Type.Object(
      {
        issuer: text('`iss` of a token, character by character as the issuer writes it.', {
          examples: ['https://id.example.com/realms/mail'],
        }),
        audience: Type.Array(text('One of them.'), {
          minItems: 1,
          maxItems: MAX_AUDIENCES,
          description:
            '`aud` of a token has one of these. Take a name that only tokens for mail have, or a token that somebody gave to another program lets that program in.',
          examples: [['mail']],
        }),
        user: text(
          'The claim that names who logs in, such as `email` or `preferred_username`. With `email`, a token whose `email_verified` is false is refused.',
        ),
        algorithms: Type.Array(
          Type.Unsafe<(typeof ALGORITHMS)[number]>({
            type: 'string',
            enum: [...ALGORITHMS],
            description: 'One of them.',
          }),
          {
            minItems: 1,
            default: ['RS256', 'ES256'],
            description:
              'The signatures that are taken (RFC 7518). Those with a shared secret (HS256) and `none` cannot be chosen.',
          },
        ),
        scope: Type.Optional(
          text('A word that `scope` or `scp` of a token has to have.', {
            syntax: (word: string) =>
              SCOPE_WORD.test(word)
                ? undefined
                : 'is not a single word of a scope; write one, such as mail.send',
          }),
        ),
        clockSkew: duration(
          { min: '0ms', max: '5m' },
          '30s',
          'How far the clocks of the issuer and of this machine may be apart: for so long a token is taken after its end, and before its beginning.',
        ),
      },
      {
        additionalProperties: false,
        defaultText: 'none',
        description: 'Which tokens are taken, for a table whose upstream has `jwks`.',
      },
    ),
  ),
})

export type JwksKeys = Settings<typeof JwksUpstream>
export type JwtRules = NonNullable<Settings<typeof JwtTable>['jwt']>
