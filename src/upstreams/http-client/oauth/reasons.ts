/**
 * The reasons of access tokens: the service itself was not asked, or did not take a token.
 *
 * Each names the token endpoint, since whoever reads "cannot be reached" would look at the service.
 */
import type { ReasonCatalogue } from '../../../core/reason.ts'

export const OAUTH_REASONS = {
  noTokenInTime: {
    cause: 'token',
    text: 'no access token: the token endpoint … did not answer in time; see if it is slow',
    advice:
      'the token endpoint (`oauth.tokenUrl`), not the service: look there; `oauth.timeout` is the longest time for it',
  },
  tokenWaited: {
    cause: 'token',
    text: 'no access token yet: the token endpoint … is being asked; see if it is slow',
    advice: 'the lookup had no time left to wait for the token; those after it will have one',
  },
  tokenUnreachable: {
    cause: 'token',
    text: 'no access token: the token endpoint … cannot be reached (…); is it running?',
    advice:
      'the code in brackets is that of the system or of OpenSSL: host and port of `oauth.tokenUrl`, the network, the authority in `tls.ca`',
  },
  tokenFailed: {
    cause: 'token',
    text: 'no access token: the token endpoint … answered …; look at its log',
    advice:
      '5xx, 429, or a redirect (which is not followed): its own trouble, or another path in `oauth.tokenUrl`',
  },
  clientRefused: {
    cause: 'token',
    text: 'no access token: the token endpoint … refuses our client (…); check clientId and its secret or key',
    advice:
      '`invalid_client`: `clientId`, `clientSecret` or `privateKey`, `authentication`, for a key also `assertionAudience` and the clock of this machine; `invalid_scope`: `scope`; `invalid_target`: `audience`; `unauthorized_client`: the client may not use client credentials. A secret that is named as a file is read again at once',
  },
  noToken: {
    cause: 'token',
    text: 'no access token: the token endpoint … did not return a token (…); check oauth.tokenUrl',
    advice:
      'a web page, an empty body or other JSON: `oauth.tokenUrl` names something else, such as the page for people to log in, or a proxy answers',
  },
  tokenRefused: {
    cause: 'refused',
    text: 'the service answered … to our access token; check scope and audience of oauth',
    advice:
      '401 also to a token that was fetched just now, or 403: the token is none for this service, or does not allow this request',
  },
} as const satisfies ReasonCatalogue
