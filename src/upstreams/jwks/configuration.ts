/**
 * Issuers of tokens in the configuration, and what is wrong with them that a schema cannot say.
 */

import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { isLoopbackUrl } from '../http-client/oauth/check.ts'
import { whyNoProxy } from '../http-client/proxy-url.ts'
import { JWKS_PROBLEMS } from './problems.ts'
import { type JwksKeys, JwksUpstream, JwtTable } from './schema.ts'

/** Keys of a table that say how a service is asked. */
const ABOUT_SERVICES = ['request', 'response', 'batch', 'replica', 'canary', 'cacheBy'] as const

export const jwksConfiguration: UpstreamSettingsKind<typeof JwksUpstream, typeof JwtTable> = {
  name: 'jwks',
  summary: 'an issuer of tokens',
  word: 'jwks',
  wordMeans: 'where the keys of an issuer of tokens are',
  problems: JWKS_PROBLEMS,
  settings: JwksUpstream,
  tableSettings: JwtTable,
  isRemote: true,
  check: checkUpstream,
  checkTable({ jwt }, { scope, upstreams }) {
    const [issuer] = [...upstreams.keys()]
    if (jwt === undefined) {
      if (issuer !== undefined) scope.error([], problem(JWKS_PROBLEMS, 'jwks-without-jwt', issuer))
      return
    }
    if (issuer === undefined) {
      scope.error(['jwt'], problem(JWKS_PROBLEMS, 'jwt-without-jwks'))
      return
    }
    if (scope.isWritten(['upstream', 1]))
      scope.error(['upstream'], problem(JWKS_PROBLEMS, 'jwks-beside-others'))
    for (const key of ABOUT_SERVICES)
      if (scope.isWritten([key])) scope.error([key], problem(JWKS_PROBLEMS, 'jwks-setting-of-others'), 'key')
  },
  attributesOf: ({ jwt }) => new Set(jwt === undefined ? [] : ['token']),
  replyParts: ({ jwt }) => new Set(jwt === undefined ? [] : ['user', 'mark', 'refusal']),
  decisive: ({ jwks }) => ({ url: jwks.url.url }),
  decisiveOfTable: ({ jwt }) => jwt && { ...jwt },
}

function checkUpstream({ jwks, tls, proxy }: JwksKeys, scope: Scope): void {
  const { url, refreshEveryMs, keepForMs } = jwks
  const why = proxy === undefined ? undefined : whyNoProxy(proxy)
  if (why !== undefined) scope.error(['proxy'], why)
  if (proxy !== undefined && url.url.startsWith('unix:'))
    scope.error(['jwks', 'url'], problem(JWKS_PROBLEMS, 'jwks-unix-behind-proxy'))
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    scope.error(['tls'], problem(JWKS_PROBLEMS, 'jwks-cert-without-key'))
  if (tls !== undefined && !url.url.startsWith('https:'))
    scope.warning(['tls'], problem(JWKS_PROBLEMS, 'jwks-tls-without-https'))
  if (url.url.startsWith('http:') && !isLoopbackUrl(url))
    scope.warning(['jwks', 'url'], problem(JWKS_PROBLEMS, 'jwks-in-the-clear'))
  if (keepForMs < refreshEveryMs)
    scope.error(['jwks', 'keepFor'], problem(JWKS_PROBLEMS, 'jwks-max-age-below-refresh'))
}
