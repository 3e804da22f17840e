/**
 * Replies that are complete and yet none of the question asked. Pure.
 */
import type { ReasonEntry } from '../../../core/reason.ts'
import { HTTP_REASONS } from '../reasons.ts'
import type { HttpResponse } from './response.ts'

/** How servers refuse a request without TLS on a port for it: nginx, Apache, Go (Caddy, Traefik), Tomcat, HAProxy. */
const TLS_PORT =
  /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled server port|HTTP request to an HTTPS server|host and port requires TLS|HTTP to an? (?:HTTPS|SSL|TLS)(?:-enabled)? (?:server|port)/i

/** How nginx refuses a client certificate that is missing, expired or unknown: with its statuses 495 and 496, sent as 400. */
const CLIENT_CERTIFICATE = /The SSL certificate error|No required SSL certificate was sent/

/** Where they are looked for, bytes. Ours: such a sentence is near the beginning of its page. */
const MAX_SENTENCE_BYTES = 4096

export function isOfTlsPort({ body }: HttpResponse): boolean {
  return TLS_PORT.test(body.subarray(0, MAX_SENTENCE_BYTES).toString('latin1'))
}

export function isOfClientCertificate({ status, body }: HttpResponse): boolean {
  if (status === 495 || status === 496) return true
  return status === 400 && CLIENT_CERTIFICATE.test(body.subarray(0, MAX_SENTENCE_BYTES).toString('latin1'))
}

/**
 * What makes a reply with a meaning into none; undefined for a proper one.
 *
 * A range was not asked for, and a part says nothing about the whole (RFC 9110 section 14.4). A 204 has no transfer coding
 * (RFC 9112 section 6.1), so that what sends one speaks of another reply.
 */
export function whyNoReply({ status, headers }: HttpResponse): ReasonEntry<'unreadable'> | undefined {
  if (headers['content-range'] !== undefined) return HTTP_REASONS.partOfReply
  if (status === 204 && headers['transfer-encoding'] !== undefined) return HTTP_REASONS.notHttp
  return undefined
}
