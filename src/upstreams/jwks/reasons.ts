/**
 * The reasons of tokens that cannot be checked: nobody is let in, and nobody is told that a token is wrong.
 */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const JWKS_REASONS = {
  keysLate: {
    cause: 'timeout',
    text: 'no keys to check the token by: … did not answer in time; see if it is slow',
    advice: '`jwks.url` of the issuer; `jwks.timeout` is the longest time for it',
  },
  keysUnreachable: {
    cause: 'connect',
    text: 'no keys to check the token by: … cannot be reached (…); is it running?',
    advice:
      'the code in brackets is that of the system or of OpenSSL: host and port of `jwks.url`, the network, the authority in `tls.ca`',
  },
  keysFailed: {
    cause: 'status',
    text: 'no keys to check the token by: … answered …; look at its log, and at jwks.url',
    advice: 'anything but 200: a redirect is not followed, and 404 is another path than that of `jwks_uri`',
  },
  noKeys: {
    cause: 'unreadable',
    text: 'no keys to check the token by: what … answered has none (…); check jwks.url',
    advice:
      'a web page, other JSON, or a set without a public key for signatures: `jwks.url` names something else, or a proxy answers',
  },
  unknownKey: {
    cause: 'unreadable',
    text: 'the key of the token is not among those of …, fetched a moment ago; the next login fetches them again',
    advice:
      'the issuer has just begun to sign with a new key, or the token is of another issuer; keys are fetched for this at most every 30 s',
  },
  unusableKey: {
    cause: 'unreadable',
    text: 'the key of the token cannot be used (…); the issuer must publish another one at …',
    advice: 'an RSA key of fewer than 2048 bits, or one that is damaged',
  },
  noUser: {
    cause: 'unreadable',
    text: 'a good token has no name in the claim …; have the issuer put it in, or change jwt.user',
    advice:
      'the claim that `jwt.user` names is missing, empty, or no text: in Keycloak add the client scope (`email`, `profile`) or a mapper for access tokens',
  },
} as const satisfies ReasonCatalogue
