/**
 * Makes a problem document of everything that can go wrong: what routes throw, what fastify and its
 * plugins refuse, routes and methods that are not there, and bytes that are no HTTP.
 */
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import {
  PROBLEM_MEDIA_TYPE,
  type ProblemCode,
  type ProblemDetails,
  type ProblemDocument,
  ProblemError,
  problemDocument,
} from './problem.ts'

const NO_SUCH_ROUTE = 'no such route; GET /openapi.json lists all'

/** Errors of fastify whose text is safe to show, by their code or, for plugins, their status. */
const FASTIFY_CODES: Record<string, [status: number, code: ProblemCode, detail: string]> = {
  FST_ERR_VALIDATION: [400, 'invalid-parameter', 'the request is not what this route takes'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body-too-large', 'the body is longer than any that this API takes'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'media-type', 'a body must be application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'bad-request', 'the body is empty, and application/json is not'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'bad-request', 'the body is not JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'bad-request', 'the body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: [400, 'bad-request', 'the path cannot be decoded'],
  FST_ERR_MAX_PARAM_LENGTH: [404, 'not-found', NO_SUCH_ROUTE],
}

/** What Node.js says of bytes that are no HTTP request it takes. */
const CLIENT_ERRORS: Record<string, [status: number, code: ProblemCode, detail: string]> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'headers-too-large',
    'the request line and header fields are too long; a key has at most 10,000 bytes',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'timeout', 'the request did not arrive in time'],
}
const NOT_HTTP: [status: number, code: ProblemCode, detail: string] = [
  400,
  'bad-request',
  'this is not an HTTP request',
]

function sendProblem(reply: FastifyReply, document: ProblemDocument): FastifyReply {
  return reply.code(document.status).type(PROBLEM_MEDIA_TYPE).send(document)
}

/**
 * @param routes From {@link collectRoutes}.
 * @param defect Called with errors that nothing here expects: bugs.
 */
export function answerErrors(
  app: App,
  routes: readonly KnownRoute[],
  defect: (error: unknown, where: string) => void,
): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, defect))
  // Limited like a route: guessing paths is a flood as well.
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const allowed = allowedMethods(routes, pathOf(request))
    if (allowed.length === 0) {
      return sendProblem(reply, problemDocument(404, 'not-found', NO_SUCH_ROUTE))
    }
    const detail = `this route takes ${allowed.join(', ')}`
    return sendProblem(
      reply.header('allow', allowed.join(', ')),
      problemDocument(405, 'method-not-allowed', detail),
    )
  })
}

/** Answers an error of the router itself, before any hook has run. */
export function answerFrameworkError(error: FastifyError, reply: FastifyReply): FastifyReply {
  const [status, code, detail] = FASTIFY_CODES[error.code] ?? NOT_HTTP
  return sendProblem(reply, problemDocument(status, code, detail))
}

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  defect: (error: unknown, where: string) => void,
): FastifyReply {
  if (error instanceof ProblemError) return sendProblem(reply.headers(error.headers), error.document)
  const known = FASTIFY_CODES[error.code]
  if (known !== undefined) return sendProblem(reply, problemDocument(...known, validationDetails(error)))
  if (error.statusCode === 429) {
    return sendProblem(
      reply,
      problemDocument(429, 'too-many-requests', 'too many requests; wait as long as Retry-After says'),
    )
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    // Of a plugin, such as one that serves files: the client's fault, and its text may hold what was sent.
    const isMissing = error.statusCode === 403 || error.statusCode === 404
    return sendProblem(
      reply,
      isMissing
        ? problemDocument(404, 'not-found', NO_SUCH_ROUTE)
        : problemDocument(400, 'bad-request', 'the request cannot be understood'),
    )
  }
  defect(error, `admin ${request.method} ${request.routeOptions.url ?? ''}`)
  return sendProblem(
    reply,
    problemDocument(500, 'defect', 'a bug in mapgate; the log has it, please report it'),
  )
}

/** Says what is wrong where, and never with which value: a key may be in it. */
function validationDetails(error: FastifyError): ProblemDetails {
  if (error.validation === undefined) return {}
  const context = error.validationContext ?? 'request'
  return {
    errors: error.validation.map(({ instancePath, message = 'is not valid', params }) => {
      const allowed = Array.isArray(params.allowedValues) ? `: ${params.allowedValues.join(', ')}` : ''
      const { knownProperties } = params
      const known = Array.isArray(knownProperties) ? `; known are ${knownProperties.join(', ')}` : ''
      return `${context}${instancePath} ${message}${allowed}${known}`
    }),
  }
}

export interface KnownRoute {
  readonly method: string
  /** As the router has it: `/api/v1/tables/:table`. */
  readonly url: string
  readonly pattern: RegExp
}

/** Remembers every route that is added from here on, to tell a wrong method from a wrong path. */
export function collectRoutes(app: App): KnownRoute[] {
  const routes: KnownRoute[] = []
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(
      `^${url
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:[A-Za-z]+/g, '[^/]+')
        .replace('\\*', '.*')}$`,
    )
    for (const one of Array.isArray(method) ? method : [method]) routes.push({ method: one, url, pattern })
  })
  return routes
}

function allowedMethods(routes: readonly KnownRoute[], path: string): string[] {
  return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort()
}

function pathOf(request: FastifyRequest): string {
  return request.raw.url?.split('?', 1)[0] ?? ''
}

/** Answers what is no HTTP request, and closes: there is no way to find the next request. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, code, detail] = CLIENT_ERRORS[error.code ?? ''] ?? NOT_HTTP
  answerAndClose(socket, problemDocument(status, code, detail))
}

/** Node.js hands a CONNECT to nobody and closes. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {}) // the client has gone
  answerAndClose(socket, problemDocument(405, 'method-not-allowed', 'this is not a proxy'), 'allow: GET\r\n')
}

function answerAndClose(socket: Duplex, document: ProblemDocument, more = ''): void {
  const body = JSON.stringify(document)
  const head = [
    `HTTP/1.1 ${document.status} ${document.title}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n${more}\r\n${body}`)
  // A peer that never closes its side would keep the socket for ever.
  if (socket instanceof Socket) socket.destroySoon()
}
