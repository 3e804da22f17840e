/**
 * Settings of the access tokens that an upstream is asked with: OAuth 2.0 client credentials (RFC 6749 section 4.4).
 */
import { type Settings, Type } from '../../../schema/schema.ts'
import { duration, oneOf, parsed, text } from '../../../schema/values.ts'
import { clientKeyError } from './client-key.ts'
import { isInvalidTokenUrl, parseTokenUrl } from './token-url.ts'

/** How the client shows that it is itself. Sources: RFC 6749 section 2.3.1, RFC 7523, RFC 8705. */
const CLIENT_AUTHENTICATIONS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
] as const

/** What a scope is made of. Source: RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

const tokenUrl = parsed(
  {
    // Never quoted: the URL may hold a secret.
    syntax: (url) => {
      const read = parseTokenUrl(url)
      return isInvalidTokenUrl(read) ? read.why : undefined
    },
    stopgap: 'https://localhost/token',
    decode: (url) => {
      const read = parseTokenUrl(url)
      if (isInvalidTokenUrl(read)) throw new TypeError(`unchecked token URL: ${read.why}`)
      return read
    },
  },
  {
    sent: 'address',
    description:
      'The token endpoint: `https://HOST/PATH`, `http://HOST:PORT/PATH`, or `unix:/PATH:/PATH`. It is reached with `tls` (without its `serverName`) and `proxy` of the upstream.',
    examples: ['https://id.example.com/oauth2/token'],
  },
)

export const OAuth = Type.Object(
  {
    tokenUrl,
    clientId: text('The name of mapgate at the token endpoint.'),
    clientSecret: Type.Optional(
      text('The secret of the client, best from a file or a credential (see below, secrets).', {
        secret: true,
      }),
    ),
    privateKey: Type.Optional(
      text(
        'The private key as PEM (RSA of at least 2048 bits, or EC) that signs what the client says of itself, instead of a secret; best from a file or a credential.',
        { secret: true, syntax: clientKeyError },
      ),
    ),
    keyId: Type.Optional(text('`kid` of that key, where the token endpoint knows several.')),
    assertionAudience: Type.Optional(
      text('`aud` of what is signed: the token endpoint may expect the name of its issuer.', {
        defaultText: '`tokenUrl`',
        sent: 'address',
      }),
    ),
    authentication: Type.Optional(
      oneOf(CLIENT_AUTHENTICATIONS, {
        defaultText:
          '`client_secret_basic` with `clientSecret`, `private_key_jwt` with `privateKey`, else `tls_client_auth`',
        description:
          'How the client shows that it is itself: by its secret in a header or in the body, by a signature, or by the client certificate of `tls`.',
      }),
    ),
    scope: Type.Optional(
      text('What the token is to allow: words with spaces between.', {
        syntax: (scope: string) =>
          SCOPE.test(scope)
            ? undefined
            : 'is not a list of words with one space between them; write it as "read write"',
      }),
    ),
    audience: Type.Optional(
      text('For whom the token is to be, where the token endpoint wants to know (`audience`).', {
        sent: 'address',
      }),
    ),
    timeout: duration(
      { min: '100ms', max: '60s' },
      '5s',
      'Longest time for one request to the token endpoint, connect included. A lookup waits for it no longer than for its own request.',
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'none',
    description:
      'Access tokens for the service: fetched by OAuth 2.0 client credentials, renewed before they end, and sent as `authorization: Bearer` with every request. See docs/upstreams/http.md.',
  },
)

export type OAuthSettings = Settings<typeof OAuth>
export type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number]

/** What is used where the file does not say. */
export function authenticationOf({
  authentication,
  clientSecret,
  privateKey,
}: Pick<OAuthSettings, 'authentication' | 'clientSecret' | 'privateKey'>): ClientAuthentication {
  if (authentication !== undefined) return authentication
  if (clientSecret !== undefined) return 'client_secret_basic'
  return privateKey === undefined ? 'tls_client_auth' : 'private_key_jwt'
}
