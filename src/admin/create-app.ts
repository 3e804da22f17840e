/**
 * The fastify instance itself: what HTTP may cost, and how strictly it is read.
 */
import fastify from 'fastify'
import type { App } from './app.ts'
import { answerClientError, answerConnect, answerFrameworkError } from './errors.ts'
import type { AdminLimits } from './limits.ts'
import type { AdminSettings } from './ports.ts'
import { parseQuery } from './query-string.ts'
import { SCHEMA_COMPILERS } from './validation.ts'

/** How often Node.js looks for requests that take too long, ms. Its own default of 30 s would triple the limit. */
const TIMEOUT_CHECK_MS = 1000

export function createApp(settings: AdminSettings, limits: AdminLimits): App {
  const http = {
    maxHeaderSize: limits.maxHeaderBytes,
    // Node.js would answer 400 without a word; ours is the problem "host-unknown".
    requireHostHeader: false,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.requestTimeoutMs, TIMEOUT_CHECK_MS),
  }
  const options = {
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    schemaController: { compilersFactory: SCHEMA_COMPILERS },
    routerOptions: { querystringParser: parseQuery, maxParamLength: 1024 },
    frameworkErrors: (error: unknown, _request: unknown, reply: unknown) =>
      answerFrameworkError(error as never, reply as never),
    clientErrorHandler: answerClientError,
  } as const
  const app = (settings.tls === undefined
    ? fastify({ ...options, http })
    : fastify({
        ...options,
        https: { ...http, ...settings.tls, handshakeTimeout: limits.requestTimeoutMs },
      })) as unknown as App
  // Node.js would answer 417 without a word; an expectation that nobody knows may be ignored (RFC 9110 section 10.1.1).
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', answerConnect)
  return app
}
