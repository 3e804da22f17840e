/**
 * Errors of the admin API: `application/problem+json`, RFC 9457. `type` is always `about:blank`, so
 * `title` is the phrase of the HTTP status; `code` is what a program tells errors apart by.
 */
import { STATUS_CODES } from 'node:http'
import type { GatewayStatus } from '../core/status.ts'
import { Type } from '../schema/schema.ts'
import { nearest } from '../schema/suggest.ts'

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8'

/** Every code. A closed set; docs/admin-api.md tells what to do about each. */
const PROBLEM_CODES = [
  'bad-request', // not readable as HTTP, JSON or a query string
  'invalid-parameter', // readable, but not what the schema says
  'token-needed', // no token, and anonymous may not
  'token-unknown', // a token that is not configured
  'role-too-low', // a viewer asks for a change
  'foreign-origin', // sent by a web page of another origin
  'header-missing', // a change without `X-Mapgate: 1`
  'not-found', // no such route
  'table-unknown', // no such table
  'upstream-unknown', // no such upstream
  'drill-refused', // a drill that cannot begin, or is not under way
  'replica-refused', // a table without a replica, or nothing to decide or change
  'replica-failed', // its disk is full or failing
  'shadow-refused', // a table without a shadow
  'store-refused', // a table that is not written by Postfix
  'store-failed', // its disk is full or failing
  'method-not-allowed',
  'timeout', // the request did not arrive in time
  'body-too-large',
  'headers-too-large',
  'media-type', // a body that is not JSON
  'host-unknown', // a Host that is not one of this gateway
  'configuration-bad', // the reload was refused
  'too-many-requests',
  'too-many-watchers',
  'defect', // a bug here; see the log
] as const

export type ProblemCode = (typeof PROBLEM_CODES)[number]

/** Further facts: what exactly was wrong. */
export interface ProblemDetails {
  readonly errors?: readonly string[]
}

export interface ProblemDocument extends ProblemDetails {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly detail: string
}

export const ProblemSchema = Type.Object(
  {
    type: Type.Literal('about:blank'),
    title: Type.String({ description: 'The phrase of the HTTP status.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum([...PROBLEM_CODES], { description: 'What a program tells errors apart by.' }),
    detail: Type.String({ description: 'What was found, what was expected, what to do.' }),
    errors: Type.Optional(Type.Array(Type.String())),
  },
  { description: 'RFC 9457 problem details.' },
)

export function problemDocument(
  status: number,
  code: ProblemCode,
  detail: string,
  details: ProblemDetails = {},
): ProblemDocument {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, ...details }
}

/** Thrown by a route or hook; the error handler sends it. */
export class ProblemError extends Error {
  readonly document: ProblemDocument
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    details: ProblemDetails = {},
  ) {
    super(detail)
    this.document = problemDocument(status, code, detail, details)
    this.headers = headers
  }
}

/** The answer to a table name that is not configured, the same on every route. */
export function tableUnknown(name: string, status: () => GatewayStatus): ProblemError {
  const near = nearest(
    name,
    status().tables.map((table) => table.name),
  )
  const hint =
    near === undefined ? 'mapgate status and GET /api/v1/tables list all' : `did you mean "${near}"`
  return new ProblemError(404, 'table-unknown', `no such table; ${hint}`)
}
