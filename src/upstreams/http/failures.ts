/**
 * Turns a failed request into a reply. The only place that knows the error codes of Node.js,
 * OpenSSL and undici.
 *
 * Sources: Node.js "Common system errors" and "TLS: X509 certificate error codes", undici
 * `lib/core/errors.js`, llhttp (`HPE_*`).
 */
import { AssertionError } from 'node:assert'
import { errors } from 'undici'
import { type TemporaryCause, temporary } from '../../core/result.ts'
import type { Reply } from '../../core/upstream.ts'

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

const CLOSED_REASON = 'the service closed the connection without a complete reply'
const UNREACHABLE_REASON = 'the service cannot be reached from here; look at the network'
const NAME_REASON = "the service's host name cannot be resolved; look at DNS"
const SOCKET_REASON = "the service's unix socket is not there, or not open to mapgate's user"
const HTTP_REASON = 'the service does not speak HTTP as it should'
const TLS_REASON = 'TLS with the service failed'
const TIMEOUT_REASON = 'the connection to the service timed out'
const FILES_REASON = 'no file descriptor is left for a connection to the service; raise LimitNOFILE'
export const PROXY_CREDENTIALS_REASON =
  'the proxy refuses our credentials (407); look at the user and password in proxy'
const TUNNEL_REASON = 'the proxy does not open a tunnel to the service'
const STOPPING_REASON = 'stopping'

/** By `error.code`. What is in neither table is a defect. */
const FAILURES: Readonly<Record<string, readonly [TemporaryCause, string]>> = {
  ECONNREFUSED: ['connect', 'the service refuses connections; is it running?'],
  ECONNRESET: ['connect', CLOSED_REASON],
  ECONNABORTED: ['connect', CLOSED_REASON],
  EPIPE: ['connect', CLOSED_REASON],
  UND_ERR_SOCKET: ['connect', CLOSED_REASON],
  ENOTFOUND: ['connect', NAME_REASON],
  EAI_AGAIN: ['connect', NAME_REASON],
  EAI_FAIL: ['connect', NAME_REASON],
  EAI_NODATA: ['connect', NAME_REASON],
  EAI_NONAME: ['connect', NAME_REASON],
  EHOSTUNREACH: ['connect', UNREACHABLE_REASON],
  EHOSTDOWN: ['connect', UNREACHABLE_REASON],
  ENETUNREACH: ['connect', UNREACHABLE_REASON],
  ENETDOWN: ['connect', UNREACHABLE_REASON],
  EADDRNOTAVAIL: ['connect', UNREACHABLE_REASON],
  EINVAL: ['connect', UNREACHABLE_REASON],
  ENOENT: ['connect', SOCKET_REASON],
  EACCES: ['connect', SOCKET_REASON],
  EPERM: ['connect', SOCKET_REASON],
  ENOTSOCK: ['connect', SOCKET_REASON],
  EMFILE: ['connect', FILES_REASON],
  ENFILE: ['connect', FILES_REASON],
  EAGAIN: ['connect', UNREACHABLE_REASON],
  ETIMEDOUT: ['timeout', TIMEOUT_REASON],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', TIMEOUT_REASON],
  UND_ERR_ABORTED: ['connect', TUNNEL_REASON],
  UND_ERR_PRX_TLS: ['connect', TLS_REASON],
  UND_ERR_CLOSED: ['stopping', STOPPING_REASON],
  UND_ERR_DESTROYED: ['stopping', STOPPING_REASON],
  UND_ERR_HEADERS_OVERFLOW: ['unreadable', "the service's reply has more header bytes than are read"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['unreadable', HTTP_REASON],
  UND_ERR_NOT_SUPPORTED: ['unreadable', HTTP_REASON],
  // An upgrade nobody asked for ends the connection with this.
  UND_ERR_INFO: ['unreadable', HTTP_REASON],
}

/** Codes by their beginning: OpenSSL and llhttp have hundreds of them. */
const FAILURE_FAMILIES: readonly (readonly [RegExp, TemporaryCause, string])[] = [
  [/^HPE_/, 'unreadable', HTTP_REASON],
  [/^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/, 'connect', TLS_REASON],
  [/^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_C)/, 'connect', TLS_REASON],
  [/^(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/, 'connect', TLS_REASON],
]

const CLOSED_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * Tells what a failed request means.
 *
 * @returns `undefined` for an error that is in no table: that is a defect, to be reported with its stack.
 */
export function classifyFailure(error: unknown): Failure | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const exact = FAILURES[code]
  const family = FAILURE_FAMILIES.find(([pattern]) => pattern.test(code))
  const [cause, reason] = exact ?? (family === undefined ? [] : [family[1], family[2]])
  if (cause === undefined || reason === undefined) return undefined
  // undici has no code for the proxy's status.
  if (code === 'UND_ERR_ABORTED' && /\(407\)/.test((error as Error).message)) {
    return { cause, reason: PROXY_CREDENTIALS_REASON, tls: false, credentials: true, closed: false }
  }
  // The code names the trouble with a certificate, and holds no address.
  const tls = reason === TLS_REASON
  return {
    cause,
    reason: tls ? `${reason}: ${code}` : reason,
    tls,
    credentials: tls,
    closed: CLOSED_CODES.has(code),
  }
}

/** The reply that stands for a failure. */
export function failureReply(failure: Failure, progress: Progress): Reply {
  const { cause, reason } = failure
  if (cause === 'stopping') return { result: temporary(cause, reason), evidence: 'none', retry: 'none' }
  // What cannot be read was sent by the service for this key; everything else says that it is not there.
  const evidence = cause === 'unreadable' ? 'key' : 'endpoint'
  return { result: temporary(cause, reason), evidence, retry: progress === 'unsent' ? 'not-sent' : 'any' }
}

/** No complete reply within the attempt's time. */
export function timeoutReply(progress: Progress): Reply {
  const reasons: Record<Progress, string> = {
    unsent: 'no connection to the service in time',
    sent: 'no answer from the service in time',
    replying: "the service's reply was not complete in time",
  }
  const retry = progress === 'unsent' ? 'not-sent' : 'any'
  return {
    result: temporary('timeout', reasons[progress]),
    evidence: progress === 'replying' ? 'key' : 'endpoint',
    retry,
  }
}

/** Given up from outside: it says nothing about the service. */
export function abortedReply(): Reply {
  return { result: temporary('timeout', 'the answer was not waited for'), evidence: 'none', retry: 'none' }
}

/** A reply larger than its limit. */
export function tooLargeReply(status: number, maxBodyBytes: number): Reply {
  const reason = `the service's reply is larger than ${maxBodyBytes} bytes; see maxBodyBytes`
  return { status, result: temporary('unreadable', reason), evidence: 'key', retry: 'any' }
}

/** The first code of an error or of what caused it. `AggregateError`s of Node.js carry one themselves. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // undici 7 finds no name for most of llhttp's errors, and leaves the code out.
  if (error instanceof errors.HTTPParserError) return error.code ?? 'HPE_UNKNOWN'
  // llhttp reads any three digits; a status below 100 is caught by undici's own assertion.
  if (error instanceof AssertionError && error.message.includes('statusCode >= 100'))
    return 'HPE_INVALID_STATUS'
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause)
}
