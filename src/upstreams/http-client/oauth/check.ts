/**
 * What is wrong with the access tokens of an upstream that a schema cannot say.
 */

import { problem } from '../../../schema/problem.ts'
import type { Scope } from '../../../schema/scope.ts'
import { OAUTH_PROBLEMS } from './problems.ts'
import { authenticationOf, type ClientAuthentication, type OAuthSettings } from './schema.ts'
import type { TokenUrl } from './token-url.ts'

/** What of an upstream the tokens go with. */
interface AskedWithTokens {
  readonly headers: ReadonlyMap<string, string>
  readonly tls: { readonly cert?: string | undefined } | undefined
  readonly proxy: string | undefined
}

/** What each authentication needs, and what it leaves unused. */
const NEEDS: Readonly<Record<ClientAuthentication, 'clientSecret' | 'privateKey' | undefined>> = {
  client_secret_basic: 'clientSecret',
  client_secret_post: 'clientSecret',
  private_key_jwt: 'privateKey',
  tls_client_auth: undefined,
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** @param scope Within `oauth`. */
export function checkOAuth(
  oauth: OAuthSettings,
  { headers, tls, proxy }: AskedWithTokens,
  scope: Scope,
): void {
  const authentication = authenticationOf(oauth)
  const needed = NEEDS[authentication]
  if (needed !== undefined && oauth[needed] === undefined)
    scope.error([], problem(OAUTH_PROBLEMS, 'oauth-authentication-needs', authentication, needed))
  for (const key of ['clientSecret', 'privateKey'] as const)
    if (oauth[key] !== undefined && key !== needed)
      scope.error([key], problem(OAUTH_PROBLEMS, 'oauth-authentication-without-use', authentication))
  for (const key of ['keyId', 'assertionAudience'] as const)
    if (oauth[key] !== undefined && authentication !== 'private_key_jwt')
      scope.warning([key], problem(OAUTH_PROBLEMS, 'oauth-algorithm-without-use'))
  if (authentication === 'tls_client_auth' && tls?.cert === undefined)
    scope.error([], problem(OAUTH_PROBLEMS, 'oauth-without-secret'))
  checkUrl(oauth, authentication, scope)
  if (proxy !== undefined && oauth.tokenUrl.url.startsWith('unix:'))
    scope.error(['tokenUrl'], problem(OAUTH_PROBLEMS, 'oauth-unix-behind-proxy'))
  if (headers.has('authorization')) scope.error([], problem(OAUTH_PROBLEMS, 'oauth-beside-authorization'))
}

function checkUrl({ tokenUrl }: OAuthSettings, authentication: ClientAuthentication, scope: Scope): void {
  if (!tokenUrl.url.startsWith('http:')) return
  if (authentication === 'tls_client_auth')
    scope.error(['tokenUrl'], problem(OAUTH_PROBLEMS, 'oauth-certificate-without-https'))
  else if (!isLoopbackUrl(tokenUrl))
    scope.warning(['tokenUrl'], problem(OAUTH_PROBLEMS, 'oauth-in-the-clear'))
}

/** Returns whether what is said to a URL stays on this machine. */
export function isLoopbackUrl({ endpoint }: TokenUrl): boolean {
  return LOOPBACK.test(new URL(endpoint.origin).hostname)
}

/** A table's own header would take the place of the token, or be sent beside it. */
export function checkTableHeaders(
  upstream: string,
  requests: Readonly<
    Record<'request' | 'batch', { readonly headers: ReadonlyMap<string, string> } | undefined>
  >,
  scope: Scope,
): void {
  for (const key of ['request', 'batch'] as const) {
    const names = [...(requests[key]?.headers.keys() ?? [])]
    if (names.some((name) => name.toLowerCase() === 'authorization'))
      scope.error([key, 'headers'], problem(OAUTH_PROBLEMS, 'oauth-table-authorization', upstream))
  }
}
