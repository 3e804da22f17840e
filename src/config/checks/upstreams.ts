/**
 * Upstreams: an HTTP service or static entries, each with what it needs and nothing else.
 */
import { isDeepStrictEqual } from 'node:util'
import { whyNoValue } from '../../core/value-text.ts'
import { asMap } from '../defaults.ts'
import { isInvalid, parseEndpoint } from '../endpoint.ts'
import { headerError } from '../headers.ts'
import type { Path } from '../issue.ts'
import type { UpstreamFile } from '../schema/upstream.ts'
import { listed } from '../values.ts'
import type { CheckContext } from './context.ts'

export function checkUpstreams(context: CheckContext): void {
  for (const [name, upstream] of Object.entries(context.file.upstreams)) {
    const path = ['upstreams', name]
    if (upstream.entries !== undefined) checkStatic(context, upstream.entries, path)
    else if (upstream.endpoints !== undefined) checkHttp(context, upstream, upstream.endpoints, path)
    else
      context.report.error(
        path,
        'has neither "endpoints" nor "entries"; add the URLs of the service as "endpoints"',
      )
  }
}

function checkStatic(context: CheckContext, entries: NonNullable<UpstreamFile['entries']>, path: Path): void {
  const { report } = context
  const written = asMap(asMap(context.written.upstreams)[String(path[1])])
  for (const key of Object.keys(written)) {
    if (key === 'entries') continue
    report.keyError(
      path,
      key,
      `${JSON.stringify(key)} does not belong to a static upstream, which has "entries" only; remove it`,
    )
  }
  for (const [key, value] of Object.entries(entries)) {
    for (const text of listed(value)) {
      const why = whyNoValue(text)
      if (why !== undefined) report.error([...path, 'entries', key], `${why}; write one line of plain text`)
    }
  }
}

function checkHttp(
  context: CheckContext,
  upstream: UpstreamFile,
  endpoints: readonly string[],
  path: Path,
): void {
  const { report } = context
  for (const [index, url] of endpoints.entries()) {
    const at = [...path, 'endpoints', index]
    const endpoint = parseEndpoint(url)
    if (isInvalid(endpoint)) report.error(at, endpoint.why)
    else if (endpoints.indexOf(url) < index) report.error(at, 'is the same endpoint as one above; remove it')
  }
  for (const [name, value] of Object.entries(upstream.headers)) {
    const wrong = headerError(name, value)
    if (wrong !== undefined) report.error([...path, 'headers', name], wrong, 'key')
  }
  if (upstream.hedgeAfter !== undefined && endpoints.length === 1) {
    report.warning(
      [...path, 'hedgeAfter'],
      'has no effect with one endpoint; the second request goes to another one',
    )
  }
  checkProxy(context, upstream, endpoints, path)
  checkTls(context, upstream, path)
}

function checkProxy(
  context: CheckContext,
  upstream: UpstreamFile,
  endpoints: readonly string[],
  path: Path,
): void {
  const { proxy } = upstream
  if (proxy === undefined) return
  const at = [...path, 'proxy']
  if (!/^https?:\/\/[^/]/.test(proxy) || !URL.canParse(proxy)) {
    context.report.error(at, 'is no URL of a proxy; write http://HOST:PORT')
  } else if (!isPercentEncoded(new URL(proxy).username) || !isPercentEncoded(new URL(proxy).password)) {
    context.report.error(
      at,
      'has a "%" in its user or password that begins no percent-encoding; write it as %25',
    )
  }
  if (endpoints.some((url) => url.startsWith('unix:'))) {
    context.report.error(at, 'cannot be used with endpoints on a unix socket; put them into another upstream')
  }
}

/** Returns whether every "%" stands before two hex digits, and what they stand for is UTF-8. */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false // URIError
  }
}

function checkTls(context: CheckContext, upstream: UpstreamFile, path: Path): void {
  const { tls } = upstream
  if (tls === undefined) return
  const at = [...path, 'tls']
  if (tls.cert !== undefined && tls.key === undefined) {
    context.report.error(at, '"cert" needs "key", the key of the client certificate; add it')
  }
  if (tls.key !== undefined && tls.cert === undefined) {
    context.report.error(at, '"key" needs "cert", the client certificate; add it')
  }
  const isUsed = Object.values(context.file.upstreams).some(
    (other) => isDeepStrictEqual(other.tls, tls) && other.endpoints?.some((url) => url.startsWith('https:')),
  )
  // The same settings as those of an https upstream come out of `defaults`, or could.
  if (!isUsed) {
    context.report.warning(at, 'has no effect: no endpoint begins with https://')
  }
}
