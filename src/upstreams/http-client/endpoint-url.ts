/**
 * Takes the URL of an endpoint apart: `https://HOST:PORT/PREFIX`, or `unix:/PATH:/PREFIX`
 * for an HTTP service on a unix socket.
 */

import { basename } from 'node:path'
import { parseUnixPath } from '../../core/system/address.ts'

/** One URL of an upstream, taken apart. */
export interface EndpointSettings {
  /** As written. May hold a secret: never shown. */
  readonly url: string
  /** `http://host:port` for a network endpoint; `http://localhost` for a unix socket. */
  readonly origin: string
  readonly socketPath: string | undefined
  /** Path before the template's, without a trailing slash; '' for none. */
  readonly pathPrefix: string
  /** Host and port, or the socket's file name: what metrics and messages show. */
  readonly label: string
}

/** What is wrong with an endpoint: a sentence without the URL, which may hold a secret. */
export interface InvalidEndpoint {
  readonly why: string
}

const FORMS = 'write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX'

/** Reads one endpoint. */
export function parseEndpoint(url: string): EndpointSettings | InvalidEndpoint {
  return url.startsWith('unix:') ? parseUnix(url) : parseUrl(url)
}

/** Tells a good endpoint from a bad one. */
export function isInvalid(endpoint: EndpointSettings | InvalidEndpoint): endpoint is InvalidEndpoint {
  return 'why' in endpoint
}

function parseUnix(url: string): EndpointSettings | InvalidEndpoint {
  const rest = url.slice('unix:'.length)
  const colon = rest.indexOf(':')
  const socketPath = colon === -1 ? rest : rest.slice(0, colon)
  const prefix = colon === -1 ? '' : rest.slice(colon + 1)
  if (!socketPath.startsWith('/')) return { why: `the path of the unix socket must be absolute; ${FORMS}` }
  const address = parseUnixPath(socketPath)
  if (address.kind === 'invalid') return { why: address.why }
  if (prefix !== '' && !prefix.startsWith('/')) return { why: `the prefix must begin with /; ${FORMS}` }
  if (/[?#\s]/.test(prefix))
    return { why: 'the prefix holds ?, # or a space; a query belongs into request.query' }
  return {
    url,
    origin: 'http://localhost',
    socketPath,
    pathPrefix: prefix.replace(/\/+$/, ''),
    label: basename(socketPath),
  }
}

function parseUrl(url: string): EndpointSettings | InvalidEndpoint {
  if (!/^https?:\/\/[^/]/.test(url)) return { why: `is not the URL of an HTTP service; ${FORMS}` }
  if (/[?#\s]/.test(url)) return { why: 'holds ?, # or a space; a query belongs into request.query' }
  if (!URL.canParse(url)) return { why: `is not the URL of an HTTP service; ${FORMS}` }
  const parsed = new URL(url)
  if (parsed.username !== '' || parsed.password !== '') {
    return { why: 'holds a user or password; write headers: { authorization: ... } instead' }
  }
  if (parsed.port === '0') return { why: `has the port 0, where nobody can listen; ${FORMS}` }
  // The path as written: a URL parser would resolve dots in it and escape it once more.
  const pathPrefix = url.replace(/^https?:\/\/[^/]*/, '').replace(/\/+$/, '')
  const port = parsed.port !== '' ? parsed.port : parsed.protocol === 'https:' ? '443' : '80'
  return {
    url,
    origin: parsed.origin,
    socketPath: undefined,
    pathPrefix,
    label: `${parsed.hostname}:${port}`,
  }
}
