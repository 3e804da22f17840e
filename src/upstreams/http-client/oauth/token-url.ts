/**
 * The URL of a token endpoint: https, http, or a unix socket, with its path and query as they are written.
 */
import { type EndpointSettings, type InvalidEndpoint, isInvalid, parseEndpoint } from '../endpoint-url.ts'

export interface TokenUrl {
  /** As written. May hold a secret: never shown. */
  readonly url: string
  /** Where it is, without a prefix. */
  readonly endpoint: EndpointSettings
  /** With the query. A slash at its end stays: some servers know no other path. */
  readonly path: string
}

export function parseTokenUrl(url: string): TokenUrl | InvalidEndpoint {
  const [base = '', ...queries] = url.split('?')
  if (/^https?:\/\/[^/]*@/.test(base))
    return { why: 'holds a user or password; write clientId and clientSecret instead' }
  const endpoint = parseEndpoint(base)
  if (isInvalid(endpoint)) return endpoint
  const query = queries.join('?')
  if (/[#\s]/.test(query)) return { why: 'holds # or a space in its query; remove it' }
  const path = base.startsWith('unix:')
    ? base.slice('unix:'.length).split(':').slice(1).join(':')
    : base.replace(/^https?:\/\/[^/]*/, '')
  return {
    url,
    endpoint: { ...endpoint, pathPrefix: '' },
    path: (path === '' ? '/' : path) + (queries.length === 0 ? '' : `?${query}`),
  }
}

/** Tells a good URL from a bad one. */
export function isInvalidTokenUrl(url: TokenUrl | InvalidEndpoint): url is InvalidEndpoint {
  return 'why' in url
}
