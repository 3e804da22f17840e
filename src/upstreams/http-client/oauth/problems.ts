/**
 * What is wrong with the credentials of OAuth 2.0.
 */
import type { ProblemCatalogue } from '../../../schema/problem.ts'

export const OAUTH_PROBLEMS = {
  'oauth-authentication-needs': '"authentication: …" needs "…"; add it',
  'oauth-authentication-without-use': 'is not used with "authentication: …"; remove one of them',
  'oauth-algorithm-without-use': 'has no effect: only what is signed with "privateKey" has it',
  'oauth-without-secret':
    'has neither "clientSecret" nor "privateKey", and the upstream has no tls.cert; add one',
  'oauth-unix-behind-proxy': 'cannot be a unix socket where the upstream has a "proxy"; put a URL there',
  'oauth-beside-authorization':
    'cannot be used with an "authorization" in "headers" of the upstream; remove one',
  'oauth-certificate-without-https': 'must begin with https:// where the client certificate is what is shown',
  'oauth-in-the-clear': 'begins with http://, so secrets and tokens can be read on the way; use https://',
  'oauth-table-authorization':
    'has an "authorization", and upstream "…" has "oauth", which sets it; remove one',
} as const satisfies ProblemCatalogue
