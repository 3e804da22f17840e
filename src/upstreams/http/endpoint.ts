/**
 * One table at one endpoint: makes the request, sends it, and tells what the reply means.
 */
import type { Clock } from '../../core/clock.ts'
import { permanentFor } from '../../core/reason.ts'
import { DEFECT, NOT_FOUND } from '../../core/result.ts'
import type { Endpoint, Reply, SendOptions } from '../../core/upstream.ts'
import type { Connections } from '../http-client/connection/connections.ts'
import type { ConnectionUse } from '../http-client/connection/dispatchers.ts'
import type { ExchangeOutcome } from '../http-client/connection/exchange.ts'
import {
  abortedReply,
  classifyFailure,
  type Failure,
  failureReply,
  type Progress,
  timeoutReply,
  tooLargeReply,
} from '../http-client/connection/failures.ts'
import type { AccessTokens } from '../http-client/oauth/access-tokens.ts'
import { sendAuthorized } from '../http-client/oauth/authorized.ts'
import { HTTP_REASONS } from '../http-client/reasons.ts'
import { mapAuthHttp } from '../http-client/reply/auth-http.ts'
import type { HttpResponse } from '../http-client/reply/response.ts'
import {
  compileResponse,
  mapResponse,
  needsBody,
  type ResponseMapping,
} from '../http-client/reply/response-mapping.ts'
import { attributesIn } from '../http-client/request/attribute-use.ts'
import { AUTH_HTTP } from '../http-client/request/auth-http.ts'
import { RequestFields } from '../http-client/request/request-fields.ts'
import { type HttpRequest, RequestTemplate } from '../http-client/request/request-template.ts'
import type { EndpointSettings, HttpTableSettings } from '../http-client/settings.ts'
import { KeptExchange } from './kept-exchange.ts'

/** What an endpoint shares with the other tables of its upstream. */
export interface EndpointContext {
  readonly name: string
  readonly endpoint: EndpointSettings
  readonly connections: Connections
  readonly clock: Clock
  /** The upstream's own header fields, with the secrets as they are now. */
  readonly headers: () => ReadonlyMap<string, string>
  /** The `host` of every request, where it is not that of the URL. */
  readonly host: () => string | undefined
  /** The service refused our credentials, or TLS failed: secrets may have changed on disk. */
  readonly onCredentialsRefused: (endpoint: string, why: 'status' | 'tls') => void
  readonly onDefect: (error: Error) => void
  /** Whether a certificate of our own is shown to the service. */
  readonly hasClientCertificate: () => boolean
  /** What every request is authorized by, where the upstream has `oauth`. */
  readonly tokens: AccessTokens | undefined
  /** Whether requests go through a proxy of our configuration. */
  readonly hasProxy: () => boolean
}

/** Time left below which a repeat is not worth the connection, ms. Ours. */
const MIN_REPEAT_MS = 1

export class HttpEndpoint implements Endpoint {
  readonly name: string
  protected readonly context: EndpointContext
  protected readonly table: HttpTableSettings
  protected readonly mapping: ResponseMapping
  readonly #request: RequestTemplate
  readonly #hasAttributes: boolean
  #fields: RequestFields | undefined

  constructor(table: HttpTableSettings, context: EndpointContext) {
    this.name = context.name
    this.context = context
    this.table = table
    this.#hasAttributes = attributesIn(table.request).size > 0
    // A login is refused by the word of the service, and by no status.
    const isAuthHttp = table.request.form === AUTH_HTTP
    const response = isAuthHttp ? { ...table.response, notFound: [] } : table.response
    this.mapping = compileResponse(response, this.#hasAttributes, table.usedBy)
    this.#request = new RequestTemplate(table.request)
  }

  send(key: string, options: SendOptions): Promise<Reply> {
    const { pathPrefix } = this.context.endpoint
    const request = this.#request.build(key, this.table.name, pathPrefix, options.attributes)
    if ('suppressed' in request) {
      const { suppressed } = request
      // A key that fits into no request does not exist; of a question nobody knows.
      const result = this.#hasAttributes ? permanentFor(HTTP_REASONS.unfitAttribute) : NOT_FOUND
      return Promise.resolve({ result, evidence: 'none', retry: 'none', suppressed })
    }
    const conditional = options.validators !== undefined
    const nowMs = this.context.clock.wallMs()
    const asked = { key, path: request.path, conditional, nowMs, viaProxy: this.viaProxy }
    return this.exchange(request, options, (response) =>
      this.table.request.form === AUTH_HTTP
        ? mapAuthHttp(response, this.mapping, asked, options.attributes?.get('user') ?? '')
        : mapResponse(response, this.mapping, asked),
    )
  }

  /** Not for questions with attributes: without them nobody knows what is sent. */
  unsent(key: string): Reply | undefined {
    if (this.#hasAttributes) return undefined
    const request = this.#request.build(key, this.table.name, this.context.endpoint.pathPrefix)
    return 'suppressed' in request ? { ...UNSENT, suppressed: request.suppressed } : undefined
  }

  /** Whether the requests themselves go to our proxy, and not through a tunnel that it opens. */
  protected get viaProxy(): boolean {
    return this.context.hasProxy() && this.context.endpoint.origin.startsWith('http:')
  }

  /** A port for TLS says in a 400 that it is one, and nginx that it refuses a client certificate. */
  readonly #needsBody = (status: number): boolean => needsBody(status, this.mapping) || status === 400

  /** Sends a request, with an access token where the upstream is asked with one. */
  protected exchange(
    request: HttpRequest,
    options: SendOptions,
    read: (response: HttpResponse) => Reply,
  ): Promise<Reply> {
    const { clock, tokens } = this.context
    if (tokens?.areUsed !== true) return this.#exchange(request, options, read, undefined)
    const { timeoutMs, signal } = options
    const mayRepeat = !this.table.sideEffects
    return sendAuthorized(tokens, { clock, timeoutMs, signal, mayRepeat }, (token, leftMs) =>
      this.#exchange(request, { ...options, timeoutMs: leftMs }, read, token),
    )
  }

  /** Sends a request, once more when a kept-alive connection turned out to be closed. */
  async #exchange(
    request: HttpRequest,
    options: SendOptions,
    read: (response: HttpResponse) => Reply,
    token: string | undefined,
  ): Promise<Reply> {
    const { clock, connections } = this.context
    const startedMs = clock.monotonicMs()
    const { method, path, body } = request
    const headers = this.#headers(request, options)
    if (token !== undefined) headers.push('authorization', `Bearer ${token}`)
    const complete = { method, path, headers, body }
    let { timeoutMs } = options
    for (let isRepeat = false; ; isRepeat = true) {
      const kept = options.keepExchange === true ? this.#kept(request) : undefined
      const use: ConnectionUse = { reused: false, broken: false, addresses: [] }
      const outcome = await connections.send(complete, use, {
        timeoutMs,
        signal: options.signal,
        needsBody: this.#needsBody,
        drained: kept,
      })
      if (!isRepeat && use.reused && !this.table.sideEffects && wasClosed(outcome)) {
        timeoutMs = options.timeoutMs - (clock.monotonicMs() - startedMs)
        if (timeoutMs >= MIN_REPEAT_MS) continue
      }
      const reply = this.#reply(outcome, use, read, token !== undefined)
      if (kept === undefined) return reply
      if (isRepeat) kept.repeated = true
      const isDrained = outcome.kind === 'response' && !this.#needsBody(outcome.response.status)
      if (!isDrained) kept.setBody(outcome.kind === 'response' ? outcome.response.body : undefined)
      return { ...reply, exchange: kept }
    }
  }

  #kept({ method, path }: HttpRequest): KeptExchange {
    const { origin, socketPath } = this.context.endpoint
    return new KeptExchange(method, socketPath === undefined ? origin + path : `unix:${socketPath}:${path}`)
  }

  /** 407 is of our proxy, where there is one; 400 is how nginx refuses a client certificate that is missing, expired or unknown (its 495 and 496). */
  #refusesCredentials({ retry, status }: Reply): boolean {
    return (
      retry === 'other-endpoint' ||
      (status === 407 && this.viaProxy) ||
      ((status === 400 || status === 495 || status === 496) && this.context.hasClientCertificate())
    )
  }

  /**
   * What a connection that ends before any reply may mean besides.
   *
   * Under TLS 1.3 a server looks at the client's certificate when the handshake is over for the client, and its alert
   * may be lost in the reset that follows (RFC 8446 section 4.4.2.4 and appendix C.5).
   */
  #reasonOfClosing({ closed }: Failure, progress: Progress, { reused }: ConnectionUse): string | undefined {
    if (!closed || progress === 'replying' || reused) return undefined
    const { origin, socketPath } = this.context.endpoint
    if (origin.startsWith('https:'))
      return this.context.hasClientCertificate() ? HTTP_REASONS.certificateRefused.text : undefined
    return socketPath === undefined && progress === 'sent' ? HTTP_REASONS.closedUnanswered.text : undefined
  }

  #reply(
    outcome: ExchangeOutcome,
    use: ConnectionUse,
    read: (response: HttpResponse) => Reply,
    hasToken: boolean,
  ): Reply {
    switch (outcome.kind) {
      case 'response': {
        const reply = read(outcome.response)
        // A token is renewed, whatever the files hold.
        if (!hasToken && this.#refusesCredentials(reply))
          this.context.onCredentialsRefused(this.name, 'status')
        return reply
      }
      case 'too-large':
        return tooLargeReply(outcome.status, outcome.maxBodyBytes)
      case 'timeout':
        return timeoutReply(outcome.progress, use.addresses, outcome.timeoutMs)
      case 'aborted':
        return abortedReply()
      case 'error': {
        const failure = classifyFailure(outcome.error)
        if (failure === undefined) {
          // Nothing was sent: the mistake is ours, and the same at every endpoint.
          if (outcome.progress === 'unsent') throw outcome.error
          // The endpoint's reply brought it about: another endpoint may answer.
          this.context.onDefect(outcome.error)
          return { result: DEFECT, evidence: 'key', retry: 'any' }
        }
        const reason = this.#reasonOfClosing(failure, outcome.progress, use)
        if (failure.credentials || reason === HTTP_REASONS.certificateRefused.text) {
          this.context.onCredentialsRefused(this.name, failure.tls || failure.closed ? 'tls' : 'status')
        }
        return failureReply(reason === undefined ? failure : { ...failure, reason }, outcome.progress)
      }
    }
  }

  #headers({ headers }: HttpRequest, options: SendOptions): string[] {
    const configured = this.context.headers()
    const host = this.context.host()
    if (this.#fields?.configured !== configured || this.#fields.host !== host) {
      this.#fields = new RequestFields(configured, host)
    }
    return this.#fields.of(headers, options)
  }
}

/** To a key that fits into no request: it does not exist. */
const UNSENT: Reply = { result: NOT_FOUND, evidence: 'none', retry: 'none' }

/** True when the other side closed the connection before any byte of the reply. */
function wasClosed(outcome: ExchangeOutcome): boolean {
  return (
    outcome.kind === 'error' && outcome.progress === 'sent' && classifyFailure(outcome.error)?.closed === true
  )
}
