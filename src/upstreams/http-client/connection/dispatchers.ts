/**
 * How requests reach an endpoint: directly, over a unix socket, or through a proxy; with which
 * certificates; over at most how many connections.
 */
import type { LookupAddress } from 'node:dns'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'
import type * as Undici from 'undici'
import type { Dispatcher } from 'undici'
import { systemClock } from '../../../core/clock.ts'
import { headerBytes } from '../request/escape.ts'
import type { EndpointSettings, HttpUpstreamSettings, TlsSettings } from '../settings.ts'
import { dial } from './dial.ts'
import { lookupHost } from './host-lookup.ts'
import { MAX_HEADER_BYTES, ReplyHeads } from './reply-head.ts'
import { buildConnector, Client, Pool, ProxyAgent } from './undici.ts'

/**
 * How long an idle connection is kept when the service does not say, ms. Shorter than the 5 s
 * after which Node.js and uvicorn close it, so that a request seldom meets a closing one.
 */
const KEEP_ALIVE_MS = 4_000

/** How long a connection is silent before the kernel asks whether its peer lives, ms. Source: undici's default. */
const KEEP_ALIVE_PROBE_MS = 60_000

/** Where requests are handed over, and how they must look there. */
export interface Route {
  readonly dispatcher: Dispatcher
  readonly origin: string
  /** Stands before every path: the endpoint's origin where a proxy wants whole URLs, else ''. */
  readonly pathPrefix: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What a request has to know of its connection. */
export interface ConnectionUse {
  /** It had served another request before. */
  reused: boolean
  /** It broke. undici takes a reset for the end of a body that has no other end. */
  broken: boolean
  /** The addresses that were tried to make it. */
  readonly addresses: string[]
}

/** Options of undici with a place to note the connection's use. */
export interface TrackedOptions extends Dispatcher.DispatchOptions {
  readonly use: ConnectionUse
}

/**
 * Opens the way to an endpoint; no connection is made before the first request.
 *
 * @param onCertificate Told the end of life of the certificate that the endpoint showed, wall clock ms.
 */
export function openRoute(
  endpoint: EndpointSettings,
  settings: HttpUpstreamSettings,
  onCertificate: (expiresAtMs: number) => void,
): Route {
  const tls = tlsOptions(settings.tls, onCertificate)
  const direct = { origin: endpoint.origin, pathPrefix: '' }
  if (endpoint.socketPath !== undefined) {
    const connect = buildConnector({ socketPath: endpoint.socketPath, timeout: settings.timeoutMs })
    return { ...direct, dispatcher: new Pool(endpoint.origin, { ...common(settings), connect }) }
  }
  if (settings.proxy === undefined) {
    const connect = directConnector(endpoint, settings, tls)
    return { ...direct, dispatcher: new Pool(endpoint.origin, { ...common(settings), connect }) }
  }
  return endpoint.origin.startsWith('https:')
    ? { ...direct, dispatcher: tunnel(settings.proxy, settings, tls) }
    : plainProxy(endpoint, settings.proxy, settings)
}

/** Options of undici with a place to note which addresses are tried. */
type DialedOptions = Undici.buildConnector.Options & { readonly onAddress?: (address: string) => void }

/** Connects without a proxy: to all addresses of the name, each with all the time. */
function directConnector(
  endpoint: EndpointSettings,
  settings: HttpUpstreamSettings,
  tls: Undici.buildConnector.BuildOptions,
): Undici.buildConnector.connector {
  const keys = endpoint.origin.startsWith('https:') ? readKeys(settings.tls) : undefined
  const secure = buildConnector(
    keys === undefined || keys instanceof Error
      ? tls
      : { ...tls, secureContext: keys, timeout: settings.timeoutMs },
  )
  // Without the name that undici takes from a Host header: the URL or `serverName` decides.
  return ({ servername: _, ...options }: DialedOptions, callback) => {
    const isSecure = options.protocol === 'https:'
    const port = Number(options.port) || (isSecure ? 443 : 80)
    if (keys instanceof Error) {
      callback(keys, null)
      return
    }
    lookupHost(options.hostname, { all: true }, (error, addresses) => {
      if (error !== null || !Array.isArray(addresses)) {
        callback(error ?? new TypeError('a lookup of all addresses gave one'), null)
        return
      }
      const parts = {
        clock: systemClock,
        connect: ({ address }: LookupAddress) =>
          connect({
            host: address,
            port,
            noDelay: true,
            keepAlive: true,
            keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
          }),
        onAddress: (address: string) => options.onAddress?.(address),
      }
      dial(addresses, settings.timeoutMs, parts, (failure, socket) => {
        if (socket === null) callback(failure ?? new Error('no socket'), null)
        else if (!isSecure) callback(null, socket)
        else secure({ ...options, httpSocket: socket }, callback)
      })
    })
  }
}

/** What Node.js reads certificates and keys into; a text that is none is an exception of OpenSSL. */
function readKeys(settings: TlsSettings | undefined): SecureContext | Error {
  try {
    return createSecureContext({ ca: settings?.ca, cert: settings?.cert, key: settings?.key })
  } catch (error) {
    return error instanceof Error ? error : new TypeError(String(error))
  }
}

/** https goes through a proxy by CONNECT. */
function tunnel(
  proxy: string,
  settings: HttpUpstreamSettings,
  tls: Undici.buildConnector.BuildOptions,
): Dispatcher {
  const ca = settings.tls?.ca
  const token = proxyAuthorization(proxy)
  return new ProxyAgent({
    ...common(settings),
    ...(token === undefined ? {} : { token }),
    uri: withoutUser(proxy),
    requestTls: { ...tls, timeout: settings.timeoutMs },
    proxyTls: { ...(ca === undefined ? {} : { ca }), timeout: settings.timeoutMs, lookup: lookupHost },
    // Always a pool, so that its clients are ours also with one connection.
    factory: (origin, options) => new Pool(origin, { ...options, factory: createClient }),
  })
}

/** http goes through a proxy with the whole URL as the request target (RFC 9112 section 3.2.2): many refuse CONNECT to it. */
function plainProxy(endpoint: EndpointSettings, proxy: string, settings: HttpUpstreamSettings): Route {
  const url = new URL(proxy)
  const ca = settings.tls?.ca
  const connect = buildConnector({
    ...(ca === undefined ? {} : { ca }),
    timeout: settings.timeoutMs,
    lookup: lookupHost,
  })
  const basic = proxyAuthorization(proxy)
  return {
    dispatcher: new Pool(url.origin, { ...common(settings), connect }),
    origin: url.origin,
    pathPrefix: endpoint.origin,
    headers: {
      host: headerBytes(new URL(endpoint.origin).host),
      ...(basic === undefined ? {} : { 'proxy-authorization': basic }),
    },
  }
}

/** RFC 7617 section 2; undefined where the URL holds neither user nor password. undici leaves out a user without one. */
function proxyAuthorization(proxy: string): string | undefined {
  const { username, password } = new URL(proxy)
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

function withoutUser(proxy: string): string {
  const url = new URL(proxy)
  url.username = ''
  url.password = ''
  return url.href
}

/** What is no percent-encoding means itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // URIError
  }
}

function common(settings: HttpUpstreamSettings): Undici.Pool.Options {
  return {
    connections: settings.maxConcurrent,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    factory: createClient,
  }
}

function tlsOptions(
  tls: TlsSettings | undefined,
  onCertificate: (expiresAtMs: number) => void,
): Undici.buildConnector.BuildOptions {
  return {
    // Said aloud, since NODE_TLS_REJECT_UNAUTHORIZED=0 would turn the default off.
    rejectUnauthorized: true,
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    checkServerIdentity: (host: string, certificate: PeerCertificate) => {
      onCertificate(Date.parse(certificate.valid_to))
      return checkServerIdentity(host, certificate)
    },
  }
}

function createClient(origin: URL, options: object): Dispatcher {
  return new TrackedClient(origin, options)
}

/** The request that a connection serves now: one at a time, since nothing is pipelined. */
interface Serving {
  use: ConnectionUse | undefined
  readonly heads: ReplyHeads
}

/** One connection that knows whether it has served a request, and tells its request when it breaks. */
class TrackedClient extends Client {
  readonly #serving: Serving
  #hasServed = false

  constructor(origin: URL, options: Undici.Client.Options) {
    const serving: Serving = { use: undefined, heads: new ReplyHeads() }
    super(origin, { ...options, connect: watched(options.connect, serving) })
    this.#serving = serving
    this.on('disconnect', () => {
      this.#hasServed = false
    })
  }

  override dispatch(options: TrackedOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#serving.use = options.use
    this.#serving.heads.expect()
    options.use.reused = this.#hasServed
    this.#hasServed = true
    return super.dispatch(options, handler)
  }
}

/** Notes the end of a connection by an error, and looks at the heads of its replies, before undici does. */
function watched(
  connect: Undici.Client.Options['connect'],
  serving: Serving,
): Undici.Client.Options['connect'] {
  if (typeof connect !== 'function') return connect
  const onAddress = (address: string): void => {
    serving.use?.addresses.push(address)
  }
  return (options, callback) =>
    connect({ ...options, onAddress } as DialedOptions, (...[error, socket]) => {
      socket?.once('error', () => {
        if (serving.use !== undefined) serving.use.broken = true
      })
      if (error === null) filterReads(socket, serving.heads)
      if (error === null) callback(null, socket)
      else callback(error, null)
    })
}

/** undici takes what arrived by `read()`, in paused mode. */
function filterReads(socket: Duplex, heads: ReplyHeads): void {
  const read = socket.read.bind(socket)
  heads.expect()
  socket.read = (size?: number): unknown => {
    for (;;) {
      const chunk = read(size) as Buffer | null
      if (chunk === null) return null
      const taken = heads.take(chunk)
      if (taken instanceof Error) {
        socket.destroy(taken)
        return null
      }
      if (taken.length > 0) return taken
    }
  }
}
