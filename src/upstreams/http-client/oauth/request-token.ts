/**
 * One request for an access token: RFC 6749 section 4.4, with the client authentications of section 2.3.1, RFC 7523 and
 * RFC 8705.
 *
 * `oauth4webapi` makes the request and reads the reply; the bytes go over our own connections, so that time, size, proxy
 * and certificates are bounded and chosen as for every other request.
 */
import type { ClientAuth, CustomFetchOptions } from 'oauth4webapi'
import { type Clock, type Instant, instant } from '../../../core/clock.ts'
import { temporaryFor } from '../../../core/reason.ts'
import { DEFECT, type Temporary } from '../../../core/result.ts'
import { codeOf } from '../../../core/system/error-code.ts'
import type { Connections } from '../connection/connections.ts'
import type { ExchangeOutcome } from '../connection/exchange.ts'
import { classifyFailure } from '../connection/failures.ts'
import { readClientKey } from './client-key.ts'
import { OAUTH_REASONS } from './reasons.ts'
import { authenticationOf, type OAuthSettings } from './schema.ts'

/** Longest life that is assumed of a token whose reply names none, ms. Ours: RFC 6749 section 5.1 leaves it open. */
const UNKNOWN_LIFETIME_MS = 300_000

/** What may be in a header as a token. Source: RFC 6750 section 2.1, wider, since servers are. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/

/** Longest name of the token endpoint in a reason, in characters: the end of a sentence says what to do. */
const MAX_LABEL_LENGTH = 60

/** Codes of errors, which a reason may quote. Sources: RFC 6749 section 5.2, RFC 8707 section 2. */
const ERROR_CODES: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
])

/** How a request for an access token ended. A closed set: it is a metric label. */
export type TokenOutcome =
  | 'ok'
  | 'timeout'
  | 'connect'
  | 'status' // neither a token nor a refusal: 5xx, 404, a redirect
  | 'refused' // 401, 403, or an error of RFC 6749 section 5.2
  | 'unreadable'

export interface AccessToken {
  readonly text: string
  /** When it was asked for. */
  readonly askedAt: Instant
  readonly lifetimeMs: number
}

export type TokenReply = { readonly outcome: 'ok'; readonly value: AccessToken } | TokenFailure

export interface TokenFailure {
  readonly outcome: Exclude<TokenOutcome, 'ok'>
  readonly failure: Temporary
  readonly defect?: unknown
}

/** Asks once. Does not reject. */
export async function requestToken(
  settings: OAuthSettings,
  connections: Connections,
  clock: Clock,
): Promise<TokenReply> {
  const askedAt = instant(clock)
  const name = settings.tokenUrl.endpoint.label.slice(0, MAX_LABEL_LENGTH)
  const sending = new TokenRequest(settings, connections)
  try {
    const oauth = await import('oauth4webapi') // a start without OAuth does not pay for it
    const server = { issuer: settings.assertionAudience ?? settings.tokenUrl.url, token_endpoint: NOWHERE }
    const client = { client_id: settings.clientId }
    const parameters: Record<string, string> = {}
    if (settings.scope !== undefined) parameters.scope = settings.scope
    if (settings.audience !== undefined) parameters.audience = settings.audience
    const authentication = await clientAuth(settings, oauth)
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, {
      [oauth.customFetch]: (_url: string, options: SentRequest) => sending.send(options),
    })
    const reply = await oauth.processClientCredentialsResponse(server, client, response)
    if (reply.token_type !== 'bearer' || !TOKEN.test(reply.access_token))
      return noToken(name, 'not a bearer token')
    const lifetimeMs = reply.expires_in === undefined ? UNKNOWN_LIFETIME_MS : reply.expires_in * 1000
    return { outcome: 'ok', value: { text: reply.access_token, askedAt, lifetimeMs } }
  } catch (error) {
    return failureOf(error, sending.outcome, name)
  }
}

/** Takes the place of the URL for the library, which knows no unix sockets: it is sent elsewhere. */
const NOWHERE = 'https://localhost/'

type Library = typeof import('oauth4webapi')
type SentRequest = CustomFetchOptions<'POST', URLSearchParams>

/**
 * RFC 6749 section 2.3.1 has both parts form-encoded. The library's own encodes "-" and "." as well, which servers that
 * decode nothing take for another name.
 */
function formEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}

async function clientAuth(settings: OAuthSettings, oauth: Library): Promise<ClientAuth> {
  const { clientSecret = '', privateKey = '', keyId } = settings
  switch (authenticationOf(settings)) {
    case 'client_secret_basic':
      return (_server, { client_id }, _body, headers) => {
        const pair = `${formEncoded(client_id)}:${formEncoded(clientSecret)}`
        headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
      }
    case 'client_secret_post':
      return oauth.ClientSecretPost(clientSecret)
    case 'tls_client_auth':
      return oauth.TlsClientAuth()
    case 'private_key_jwt': {
      const key = await readClientKey(privateKey)
      return oauth.PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId })
    }
  }
}

/** Thrown through the library where no reply came. */
class NoReply extends Error {}

class TokenRequest {
  /** How it ended; undefined while it was not sent. */
  outcome: ExchangeOutcome | undefined
  readonly #settings: OAuthSettings
  readonly #connections: Connections

  constructor(settings: OAuthSettings, connections: Connections) {
    this.#settings = settings
    this.#connections = connections
  }

  async send({ headers, body }: SentRequest): Promise<Response> {
    const fields = { ...headers, 'user-agent': 'mapgate', 'accept-encoding': 'identity' }
    const request = {
      method: 'POST',
      path: this.#settings.tokenUrl.path,
      headers: Object.entries(fields).flat(),
      body: body.toString(),
    } as const
    let startedTimes = 0
    for (;;) {
      startedTimes++
      const use = { reused: false, broken: false, addresses: [] }
      const { timeoutMs } = this.#settings
      const outcome = await this.#connections.send(request, use, {
        timeoutMs,
        signal: undefined,
        needsBody: () => true,
      })
      this.outcome = outcome
      // A kept connection that the other side had closed; asking for a token twice does no harm.
      if (use.reused && startedTimes === 1 && outcome.kind === 'error') continue
      if (outcome.kind !== 'response') throw new NoReply(outcome.kind)
      const { status, headers: replied, body: bytes } = outcome.response
      const challenge = replied['www-authenticate']
      const hasBody = status !== 204 && status !== 205 && status !== 304
      return new Response(hasBody ? new Uint8Array(withoutNullLife(bytes)) : null, {
        status,
        headers: {
          'content-type': String(replied['content-type'] ?? ''),
          ...(challenge === undefined ? {} : { 'www-authenticate': String(challenge) }),
        },
      })
    }
  }
}

/** Some servers say `"expires_in": null` for a life that they do not know, which the library takes for a mistake. */
function withoutNullLife(bytes: Buffer): Buffer {
  try {
    const reply: unknown = JSON.parse(bytes.toString())
    if (typeof reply !== 'object' || reply === null || !('expires_in' in reply)) return bytes
    const { expires_in: life, ...others } = reply
    return life === null ? Buffer.from(JSON.stringify(others)) : bytes
  } catch {
    return bytes // what is no JSON is told by the library
  }
}

function failureOf(error: unknown, outcome: ExchangeOutcome | undefined, name: string): TokenReply {
  switch (outcome?.kind) {
    case undefined:
      // Nothing was sent, and the settings were checked.
      return { outcome: 'unreadable', failure: DEFECT, defect: error }
    case 'timeout':
    case 'aborted':
      return { outcome: 'timeout', failure: temporaryFor(OAUTH_REASONS.noTokenInTime, name) }
    case 'too-large':
      return noToken(name, `over ${outcome.maxBodyBytes} bytes`)
    case 'error': {
      const why = classifyFailure(outcome.error)
      if (why === undefined) return { outcome: 'connect', failure: DEFECT, defect: outcome.error }
      if (why.cause === 'unreadable') return noToken(name, 'not HTTP')
      const failure = temporaryFor(OAUTH_REASONS.tokenUnreachable, name, codeOf(outcome.error) || 'closed')
      return { outcome: 'connect', failure }
    }
    case 'response':
      return failureOfReply(error, outcome.response.status, name)
  }
}

function failureOfReply(error: unknown, status: number, name: string): TokenReply {
  const code =
    error instanceof Error && 'error' in error && ERROR_CODES.has(error.error) ? error.error : undefined
  if (code !== undefined || status === 401 || status === 403) {
    const failure = temporaryFor(
      OAUTH_REASONS.clientRefused,
      name,
      `${status}${code === undefined ? '' : ` ${code}`}`,
    )
    return { outcome: 'refused', failure }
  }
  if (status === 200) return noToken(name, whyNoToken(error))
  return { outcome: 'status', failure: temporaryFor(OAUTH_REASONS.tokenFailed, name, status) }
}

/** By the codes of the library; its messages quote what came. */
function whyNoToken(error: unknown): string {
  switch (codeOf(error)) {
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
    case 'OAUTH_PARSE_ERROR':
      return 'not JSON'
    case 'OAUTH_INVALID_RESPONSE':
      return 'other JSON'
    default:
      return 'not a bearer token'
  }
}

function noToken(name: string, why: string): TokenReply {
  return { outcome: 'unreadable', failure: temporaryFor(OAUTH_REASONS.noToken, name, why) }
}
