/**
 * Turns a failed request into a reply. The only place that knows the error codes of Node.js,
 * OpenSSL and undici.
 *
 * Sources: Node.js "Common system errors" and "TLS: X509 certificate error codes", undici
 * `lib/core/errors.js`, llhttp (`HPE_*`).
 */
import { AssertionError } from 'node:assert'
import { type ReasonEntry, temporaryFor } from '../../../core/reason.ts'
import { CORE_REASONS } from '../../../core/reasons.ts'
import { type TemporaryCause, temporary } from '../../../core/result.ts'
import { codeOf } from '../../../core/system/error-code.ts'
import type { Reply } from '../../../core/upstream.ts'
import { HTTP_REASONS } from '../reasons.ts'
import { errors } from './undici.ts'

/** What a failed request tells. */
export interface Failure {
  readonly cause: TemporaryCause
  readonly reason: string
  /** Certificates or keys were the trouble: those on this side may be out of date. */
  readonly tls: boolean
  /** Credentials of this side were refused, or may have been: those on disk may be newer. */
  readonly credentials: boolean
  /** The other side closed the connection: on a kept-alive one that is no failure of the service. */
  readonly closed: boolean
}

/** How far a request had got. */
export type Progress =
  | 'unsent' // no connection yet
  | 'sent' // no byte of the reply yet
  | 'replying' // the head of the reply has arrived

/** By `error.code`. What is in neither table is a defect. */
const FAILURES: Readonly<Record<string, ReasonEntry<TemporaryCause>>> = {
  ECONNREFUSED: HTTP_REASONS.refusesConnections,
  ECONNRESET: HTTP_REASONS.closed,
  ECONNABORTED: HTTP_REASONS.closed,
  EPIPE: HTTP_REASONS.closed,
  UND_ERR_SOCKET: HTTP_REASONS.closed,
  ENOTFOUND: HTTP_REASONS.noHostName,
  EAI_AGAIN: HTTP_REASONS.noHostName,
  EAI_FAIL: HTTP_REASONS.noHostName,
  EAI_NODATA: HTTP_REASONS.noHostName,
  EAI_NONAME: HTTP_REASONS.noHostName,
  EHOSTUNREACH: HTTP_REASONS.unreachable,
  EHOSTDOWN: HTTP_REASONS.unreachable,
  ENETUNREACH: HTTP_REASONS.unreachable,
  ENETDOWN: HTTP_REASONS.unreachable,
  EADDRNOTAVAIL: HTTP_REASONS.unreachable,
  EINVAL: HTTP_REASONS.unreachable,
  ENOENT: HTTP_REASONS.noSocket,
  EACCES: HTTP_REASONS.noSocket,
  EPERM: HTTP_REASONS.noSocket,
  ENOTSOCK: HTTP_REASONS.noSocket,
  EMFILE: HTTP_REASONS.noDescriptor,
  ENFILE: HTTP_REASONS.noDescriptor,
  EAGAIN: HTTP_REASONS.unreachable,
  ETIMEDOUT: HTTP_REASONS.connectionTimedOut,
  UND_ERR_CONNECT_TIMEOUT: HTTP_REASONS.connectionTimedOut,
  UND_ERR_ABORTED: HTTP_REASONS.noTunnel,
  UND_ERR_PRX_TLS: HTTP_REASONS.tls,
  UND_ERR_CLOSED: CORE_REASONS.stopping,
  UND_ERR_DESTROYED: CORE_REASONS.stopping,
  UND_ERR_HEADERS_OVERFLOW: HTTP_REASONS.headerTooLarge,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: HTTP_REASONS.notHttp,
  UND_ERR_NOT_SUPPORTED: HTTP_REASONS.notHttp,
  // An upgrade nobody asked for ends the connection with this.
  UND_ERR_INFO: HTTP_REASONS.notHttp,
}

/** Codes by their beginning: OpenSSL and llhttp have hundreds of them. */
const FAILURE_FAMILIES: readonly (readonly [RegExp, ReasonEntry<TemporaryCause>])[] = [
  [/^HPE_/, HTTP_REASONS.notHttp],
  [/^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/, HTTP_REASONS.tls],
  [/^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_C)/, HTTP_REASONS.tls],
  [/^(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/, HTTP_REASONS.tls],
]

const CLOSED_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * Returns what a failed request means.
 *
 * @returns `undefined` for an error that is in no table: that is a defect, to be reported with its stack.
 */
export function classifyFailure(error: unknown): Failure | undefined {
  const code = failureCode(error)
  if (code === undefined) return undefined
  if (isTlsAlert(error)) {
    const { cause, text } = HTTP_REASONS.speaksTls
    return { cause, reason: text, tls: false, credentials: false, closed: false }
  }
  const entry = FAILURES[code] ?? FAILURE_FAMILIES.find(([pattern]) => pattern.test(code))?.[1]
  if (entry === undefined) return undefined
  // undici has no code for the proxy's status.
  if (code === 'UND_ERR_ABORTED' && /\(407\)/.test((error as Error).message)) {
    const { cause, text } = HTTP_REASONS.tunnelCredentials
    return { cause, reason: text, tls: false, credentials: true, closed: false }
  }
  // The code names the trouble with a certificate, and holds no address.
  const { cause, reason } = temporaryFor(entry, code)
  const tls = entry === HTTP_REASONS.tls
  return { cause, reason, tls, credentials: tls, closed: CLOSED_CODES.has(code) }
}

/** A record of TLS with an alert, which a server sends that got plain text (RFC 8446 section 5.1). */
function isTlsAlert(error: unknown): boolean {
  return (
    error instanceof errors.HTTPParserError && 'data' in error && String(error.data).startsWith('\x15\x03')
  )
}

/** The reply that stands for a failure. */
export function failureReply(failure: Failure, progress: Progress): Reply {
  const { cause, reason } = failure
  if (cause === 'stopping') return { result: temporary(cause, reason), evidence: 'none', retry: 'none' }
  // What cannot be read was sent by the service for this key; everything else says that it is not there.
  const evidence = cause === 'unreadable' ? 'key' : 'endpoint'
  return { result: temporary(cause, reason), evidence, retry: progress === 'unsent' ? 'not-sent' : 'any' }
}

/**
 * No complete reply within the attempt's time.
 *
 * @param addresses Those that a connection was tried to.
 * @param timeoutMs The time that there was.
 */
export function timeoutReply(progress: Progress, addresses: readonly string[], timeoutMs: number): Reply {
  const reasons: Record<Progress, ReasonEntry<TemporaryCause>> = {
    unsent: addresses.length === 0 ? HTTP_REASONS.noConnectionInTime : HTTP_REASONS.noAddressInTime,
    sent: HTTP_REASONS.noAnswerInTime,
    replying: HTTP_REASONS.incompleteInTime,
  }
  const retry = progress === 'unsent' ? 'not-sent' : 'any'
  return {
    // The parts are those of `noAddressInTime`; the others have none.
    result: temporaryFor(reasons[progress], addresses.join(', '), Math.round(timeoutMs)),
    evidence: progress === 'replying' ? 'key' : 'endpoint',
    retry,
  }
}

/** Given up from outside: it says nothing about the service. */
export function abortedReply(): Reply {
  return { result: temporaryFor(HTTP_REASONS.notWaitedFor), evidence: 'none', retry: 'none' }
}

/** A reply larger than its limit. */
export function tooLargeReply(status: number, maxBodyBytes: number): Reply {
  const result = temporaryFor(HTTP_REASONS.tooLarge, maxBodyBytes)
  return { status, result, evidence: 'key', retry: 'any' }
}

/** The first code of an error or of what caused it. `AggregateError`s of Node.js carry one themselves. */
function failureCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // undici 7 finds no name for most of llhttp's errors, and leaves the code out.
  if (error instanceof errors.HTTPParserError) return error.code ?? 'HPE_UNKNOWN'
  // llhttp reads any three digits; a status below 100 is caught by undici's own assertion.
  if (error instanceof AssertionError && error.message.includes('statusCode >= 100'))
    return 'HPE_INVALID_STATUS'
  const code = codeOf(error)
  return code === '' ? failureCode(error.cause) : code
}
