/**
 * As whom a gateway asks a service, as far as that may decide the answers: a service that has several tenants tells them apart by a
 * header, a client certificate or a proxy. Another password leaves a gateway's own answers as they are, while gateways with different
 * ones may be two tenants.
 */
import { X509Certificate } from 'node:crypto'

/** Of an upstream, with the content of its files. */
interface Caller {
  readonly headers: ReadonlyMap<string, string>
  readonly identity?: string | undefined
  readonly proxy?: string | undefined
  readonly tls?: { readonly cert?: string | undefined; readonly serverName?: string | undefined } | undefined
}

interface WithHeaders {
  readonly headers: ReadonlyMap<string, string>
}

/** Of a table. */
interface Asking {
  readonly request?: WithHeaders | undefined
  readonly batch?: WithHeaders | undefined
}

/** @returns With secrets in it; '' where nothing of that kind is set. */
export function callerOf({ headers, identity, proxy, tls }: Caller, { request, batch }: Asking): string {
  const sent = [headers, request?.headers, batch?.headers].map((some) => Array.from(some ?? []).sort())
  // With a word that says what the service is, the way to it may differ.
  const way = identity === undefined ? [proxy, tls?.cert && holderOf(tls.cert), tls?.serverName] : []
  const isAnybody = sent.every(({ length }) => length === 0) && way.every((part) => part === undefined)
  return isAnybody ? '' : JSON.stringify([sent, way])
}

/** The same after a renewal. @param certificate PEM. */
function holderOf(certificate: string): readonly unknown[] {
  try {
    const { subject, subjectAltName } = new X509Certificate(certificate)
    return [subject, subjectAltName]
  } catch {
    return [certificate] // TLS says what is wrong with it
  }
}
