/**
 * What is wrong with an issuer of tokens and the tables that check them.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const JWKS_PROBLEMS = {
  'jwks-without-jwt':
    '"jwt" is missing, and upstream "…" is an issuer of tokens; add it with issuer, audience and user',
  'jwt-without-jwks': 'needs an upstream with "jwks", whose keys check the tokens; name one in "upstream"',
  'jwks-beside-others':
    'has an issuer of tokens and another upstream; one table asks one of them, another table the other',
  'jwks-setting-of-others': 'does not belong to a table whose tokens are checked here; remove it',
  'jwks-unix-behind-proxy': 'cannot be a unix socket where the upstream has a "proxy"; put a URL there',
  'jwks-cert-without-key': '"cert" and "key" belong together; add the one that is missing',
  'jwks-tls-without-https': 'has no effect: jwks.url does not begin with https://',
  'jwks-in-the-clear':
    'begins with http://, so whoever is on the way can put keys of their own there, and log in as anybody; use https://',
  'jwks-max-age-below-refresh':
    'is shorter than refreshEvery, so that there would be no keys at times; make it longer',
} as const satisfies ProblemCatalogue
