/**
 * The HTTP server of the admin API: what is checked for every request, and in which order.
 *
 *   connection   at most `maxConnections`, a whole request within `requestTimeoutMs`
 *   Host         (origin.ts) before anything else looks at the request
 *   query        must be decodable
 *   rate         per client address
 *   origin       (origin.ts) and token (access.ts), before a body is read
 *   schema, handler
 *   answer       secrets hidden in every JSON text
 */
import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { AccessRules } from './access.ts'
import { logAccess } from './access-log.ts'
import type { App } from './app.ts'
import { clientGroup } from './client-group.ts'
import { boundConnections, boundPipelining } from './connections.ts'
import { createApp } from './create-app.ts'
import { answerErrors, collectRoutes, type KnownRoute } from './errors.ts'
import { ADMIN_LIMITS, type AdminLimits } from './limits.ts'
import { describeApi } from './openapi.ts'
import { checkHost, checkOrigin } from './origin.ts'
import type { AdminPorts, AdminSettings } from './ports.ts'
import { checkQuery } from './query-string.ts'
import { requireTokenBeyondLoopback } from './require-token.ts'
import { ROUTES } from './routes/list.ts'

/** Longest wait for requests under way when closing, ms. Ours: the mail's own drain is longer. */
const CLOSE_GRACE_MS = 1000

/** Files of the page and of /docs: any page may ask for them, and learns nothing. */
const PUBLIC_FILES = /^\/(?:page\/|docs(?:\/|$)|$)/

export interface AdminServerOptions {
  readonly settings: AdminSettings
  readonly ports: AdminPorts
  /** Default {@link ADMIN_LIMITS}. */
  readonly limits?: Partial<AdminLimits>
}

/** What listens. */
export interface Listening {
  readonly servers: readonly NetServer[]
}

export class AdminServer {
  /** For tests: `inject` sends a request without a socket. */
  readonly app: App
  readonly #overTls: boolean
  readonly #routes: readonly KnownRoute[]
  #settings: AdminSettings
  #rules: AccessRules
  readonly #rightsListeners: (() => void)[] = []
  #servers: readonly NetServer[] = []

  private constructor(app: App, settings: AdminSettings) {
    this.app = app
    this.#settings = settings
    this.#overTls = settings.tls !== undefined
    this.#routes = collectRoutes(app)
    this.#rules = new AccessRules(settings)
  }

  /** Builds the server; it does not listen yet. Throws when it would be open to the network without a token. */
  static async create({ settings, ports, limits }: AdminServerOptions): Promise<AdminServer> {
    requireTokenBeyondLoopback(settings)
    const allLimits = { ...ADMIN_LIMITS, ...limits }
    const app = createApp(settings, allLimits)
    const server = new AdminServer(app, settings)
    await server.#addChecks(ports, allLimits)
    await describeApi(app, ports.version)
    const onRightsChange = (listener: () => void): void => {
      server.#rightsListeners.push(listener)
    }
    for (const addRoutes of ROUTES) addRoutes(app, { ports, limits: allLimits, onRightsChange })
    await app.ready()
    return server
  }

  /** Every method and path, as `GET /api/v1/tables/:table`. */
  routes(): string[] {
    return this.#routes.map(({ method, url }) => `${method} ${url}`)
  }

  /**
   * Begins to listen.
   *
   * @param bind Makes the servers listen where the configuration says: the gateway knows unix
   *   sockets, their owners and inherited sockets.
   */
  async listen(bind: (create: () => NetServer) => Promise<Listening>): Promise<void> {
    const own: NetServer[] = [this.app.server]
    const { servers } = await bind(() => own.pop() ?? this.#another())
    this.#servers = servers
    try {
      this.#requireTokenBeyondLoopback(this.#settings)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** The sockets listened on, in their order. */
  get servers(): readonly NetServer[] {
    return this.#servers
  }

  /** Accepts for the HTTP server on another socket. */
  #another(): NetServer {
    return createServer((socket) => this.app.server.emit('connection', socket))
  }

  #requireTokenBeyondLoopback(settings: AdminSettings): void {
    for (const server of this.#servers) requireTokenBeyondLoopback(settings, server.address())
  }

  /** Takes over tokens, hosts and anonymous access of a reloaded configuration, and the certificate. */
  reconfigure(settings: AdminSettings): void {
    this.#requireTokenBeyondLoopback(settings)
    const accessOf = ({ anonymous, tokens }: AdminSettings) => ({ anonymous, tokens })
    const sameAccess = isDeepStrictEqual(accessOf(this.#settings), accessOf(settings))
    this.#settings = settings
    this.#rules = new AccessRules(settings)
    // A reload that changes nobody's rights ends no stream, so that those who watch see it.
    if (!sameAccess) for (const listener of this.#rightsListeners) listener()
    if (settings.tls !== undefined && 'setSecureContext' in this.app.server) {
      const server = this.app.server as Server & { setSecureContext(options: object): void }
      server.setSecureContext(settings.tls)
    }
  }

  /** Ends event streams, lets requests under way finish for a moment, then closes every connection. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.app.server.closeAllConnections(), CLOSE_GRACE_MS)
    const closed = this.app.close()
    for (const server of this.#servers) if (server !== this.app.server) server.close()
    this.app.server.closeIdleConnections()
    try {
      await closed
    } finally {
      clearTimeout(timer)
    }
  }

  async #addChecks(ports: AdminPorts, limits: AdminLimits): Promise<void> {
    const { app } = this
    app.decorateRequest('role', 'none')
    boundPipelining(app)
    boundConnections(app, limits.maxConnections)
    logAccess(app, ports)
    await addSecurityHeaders(app, this.#overTls)
    app.addHook('onRequest', async (request) => {
      checkHost(request.headers.host, this.#settings.hosts)
      checkQuery(request.raw.url ?? '')
    })
    await app.register(rateLimit, {
      max: limits.requestsPerWindow,
      timeWindow: limits.rateWindowMs,
      cache: limits.countedAddresses,
      keyGenerator: (request) => clientGroup(request.ip),
    })
    // After the rate limit, so that guessing tokens is limited too; before the body is read.
    app.addHook('preParsing', async (request) => {
      if (request.is404) return
      const { url = '', config } = request.routeOptions
      if (!PUBLIC_FILES.test(url))
        checkOrigin(request.method, request.headers, this.#overTls ? 'https' : 'http')
      request.role = this.#rules.check(config.access ?? 'operator', request.headers.authorization)
    })
    app.addHook('onSend', async (_request, reply, payload) => {
      const isJson = String(reply.getHeader('content-type')).includes('json')
      return isJson && typeof payload === 'string' ? ports.redactJson(payload) : payload
    })
    answerErrors(app, this.#routes, ports.defect)
  }
}

/** Only our own files, and nobody may show them in a frame. */
const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/**
 * Header fields that tell a browser how little it may do with what comes from here.
 * Source: OWASP HTTP Headers Cheat Sheet; CSP level 3.
 */
async function addSecurityHeaders(app: FastifyInstance, overTls: boolean): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY_POLICY },
    strictTransportSecurity: overTls,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    crossOriginEmbedderPolicy: true,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })
  // What the API says is of this moment, and of nobody else's business.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
}
