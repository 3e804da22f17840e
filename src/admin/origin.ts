/**
 * Keeps foreign web pages out. A browser on the operator's machine sends requests for every page it
 * shows, and the admin API often listens on that machine, without a token.
 *
 *   Host             must be an IP address, localhost or one of `admin.hosts`: no DNS rebinding,
 *                    by which a foreign page gives its own name the gateway's address
 *   X-Mapgate: 1     on every change: a page of another origin cannot set it without asking first
 *                    (Fetch standard, CORS-preflight fetch), and that is never granted
 *   Origin, Sec-Fetch-Site   when there, must not be another origin's
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { ProblemError } from './problem.ts'

/** Methods that change nothing. Source: RFC 9110 section 9.2.1. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What `Sec-Fetch-Site` says of requests that no foreign page made. Source: Fetch Metadata, section 2.4. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])

/** Host and port of RFC 9110 section 7.2; the host of an IPv6 address is in brackets. */
const HOST_FIELD = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/

/** Throws the problem to answer when the Host is not this gateway's. */
export function checkHost(host: string | undefined, allowed: readonly string[]): void {
  const [, literal, name] = HOST_FIELD.exec(host ?? '') ?? []
  if (literal !== undefined && isIP(literal) === 6) return
  if (name !== undefined && (isIP(name) === 4 || isAllowedName(name, allowed))) return
  throw new ProblemError(
    421,
    'host-unknown',
    'the Host header must be an IP address, localhost or a name listed in admin.hosts',
  )
}

function isAllowedName(name: string, allowed: readonly string[]): boolean {
  const lower = name.toLowerCase()
  return lower === 'localhost' || allowed.some((host) => host.toLowerCase() === lower)
}

/** Throws the problem to answer when a foreign page sent the request. Not for files that any page may show. */
export function checkOrigin(method: string, headers: IncomingHttpHeaders, scheme: 'http' | 'https'): void {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  const foreign =
    (origin !== undefined && origin !== `${scheme}://${host}`) ||
    (typeof site === 'string' && !OWN_SITES.has(site))
  if (foreign) {
    throw new ProblemError(403, 'foreign-origin', 'a web page of another origin may not use this API')
  }
  if (!SAFE_METHODS.has(method) && headers['x-mapgate'] !== '1') {
    throw new ProblemError(403, 'header-missing', 'a change needs the header "X-Mapgate: 1"')
  }
}
