/**
 * The reply to a login as nginx's mail proxy reads it: header fields, whatever the body is. Pure.
 *
 * | the service | becomes |
 * | --- | --- |
 * | 200, `Auth-Status: OK`, with `Auth-User` that name, else as typed | found |
 * | 200, another `Auth-Status`, without an `Auth-Error-Code` of 4xx | not found: refused |
 * | 200, another `Auth-Status`, an `Auth-Error-Code` of 4xx | temporary |
 * | 200 without an `Auth-Status`, or with two of a field | temporary |
 * | every other status | as for keys; none is "not found" |
 *
 * Source: nginx, "Module ngx_mail_auth_http_module"
 */
import { isUtf8 } from 'node:buffer'
import { temporaryFor } from '../../../core/reason.ts'
import { found, NOT_FOUND, temporary } from '../../../core/result.ts'
import type { Reply } from '../../../core/upstream.ts'
import { whyNoValue } from '../../../core/value/value-text.ts'
import { HTTP_REASONS } from '../reasons.ts'
import type { HttpResponse } from './response.ts'
import { answered, failed, mapStatus, type RequestInfo, type ResponseMapping } from './response-mapping.ts'

const OK = 'OK'

/** A code of RFC 5321 section 4.2.1 that says "try again later". */
const TEMPORARY_CODE = /^4\d\d\b/

/** @param typed The user as the client said it. */
export function mapAuthHttp(
  response: HttpResponse,
  mapping: ResponseMapping,
  asked: RequestInfo,
  typed: string,
): Reply {
  const other = mapStatus(response, mapping, asked)
  if (other !== undefined) return other
  const [status, code, user] = ['auth-status', 'auth-error-code', 'auth-user'].map(
    (name) => response.headers[name],
  )
  // A field that comes twice is a list.
  if (typeof status !== 'string' || Array.isArray(code) || Array.isArray(user) || status.trim() === '')
    return failed(response, temporaryFor(HTTP_REASONS.noAuthStatus))
  if (status.trim() === OK) return letIn(response, user === undefined ? typed : textOf(user).trim())
  return TEMPORARY_CODE.test(code?.trim() ?? '')
    ? failed(response, temporaryFor(HTTP_REASONS.authErrorCode))
    : answered(response, NOT_FOUND, [])
}

/** The bytes of a field are read as Latin-1; a name that was sent in UTF-8 is one. */
function textOf(field: string): string {
  const bytes = Buffer.from(field, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : field
}

function letIn(response: HttpResponse, user: string): Reply {
  if (user === '') return failed(response, temporaryFor(HTTP_REASONS.notOneAnswer))
  const why = whyNoValue(user)
  if (why === undefined) return answered(response, found(user), [user])
  const reason = `the service's reply ${why}`
  return failed(response, temporary('unreadable', reason))
}
