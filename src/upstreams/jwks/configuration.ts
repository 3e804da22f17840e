/**
 * Issuers of tokens in the configuration, and what is wrong with them that a schema cannot say.
 */
import type { Scope } from '../../schema/scope.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { isLoopbackUrl } from '../http-client/oauth/check.ts'
import { whyNoProxy } from '../http-client/proxy-url.ts'
import { type JwksKeys, JwksUpstream, JwtTable } from './schema.ts'

/** Keys of a table that say how a service is asked. */
const ABOUT_SERVICES = ['request', 'response', 'batch', 'replica', 'canary', 'cacheBy'] as const

export const jwksConfiguration: UpstreamSettingsKind<typeof JwksUpstream, typeof JwtTable> = {
  name: 'jwks',
  summary: 'an issuer of tokens',
  word: 'jwks',
  wordMeans: 'where the keys of an issuer of tokens are',
  settings: JwksUpstream,
  tableSettings: JwtTable,
  isRemote: true,
  check: checkUpstream,
  checkTable({ jwt }, { scope, upstreams }) {
    const [issuer] = [...upstreams.keys()]
    if (jwt === undefined) {
      if (issuer !== undefined)
        scope.error(
          [],
          `"jwt" is missing, and upstream "${issuer}" is an issuer of tokens; add it with issuer, audience and user`,
        )
      return
    }
    if (issuer === undefined) {
      scope.error(
        ['jwt'],
        'needs an upstream with "jwks", whose keys check the tokens; name one in "upstream"',
      )
      return
    }
    if (scope.isWritten(['upstream', 1]))
      scope.error(
        ['upstream'],
        'has an issuer of tokens and another upstream; one table asks one of them, another table the other',
      )
    for (const key of ABOUT_SERVICES)
      if (scope.isWritten([key]))
        scope.error([key], 'does not belong to a table whose tokens are checked here; remove it', 'key')
  },
  attributesOf: ({ jwt }) => new Set(jwt === undefined ? [] : ['token']),
  replyParts: ({ jwt }) => new Set(jwt === undefined ? [] : ['user', 'mark']),
  decisive: ({ jwks }) => ({ url: jwks.url.url }),
  decisiveOfTable: ({ jwt }) => jwt && { ...jwt },
}

function checkUpstream({ jwks, tls, proxy }: JwksKeys, scope: Scope): void {
  const { url, refreshEveryMs, keepForMs } = jwks
  const why = proxy === undefined ? undefined : whyNoProxy(proxy)
  if (why !== undefined) scope.error(['proxy'], why)
  if (proxy !== undefined && url.url.startsWith('unix:'))
    scope.error(['jwks', 'url'], 'cannot be a unix socket where the upstream has a "proxy"; put a URL there')
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    scope.error(['tls'], '"cert" and "key" belong together; add the one that is missing')
  if (tls !== undefined && !url.url.startsWith('https:'))
    scope.warning(['tls'], 'has no effect: jwks.url does not begin with https://')
  if (url.url.startsWith('http:') && !isLoopbackUrl(url))
    scope.warning(
      ['jwks', 'url'],
      'begins with http://, so whoever is on the way can put keys of their own there, and log in as anybody; use https://',
    )
  if (keepForMs < refreshEveryMs)
    scope.error(
      ['jwks', 'keepFor'],
      'is shorter than refreshEvery, so that there would be no keys at times; make it longer',
    )
}
