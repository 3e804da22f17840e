/**
 * Asks a running gateway through its admin API, for the commands.
 *
 * Every failure becomes a {@link CommandError} whose one line says what was tried, what
 * happened and what to do. A token goes into the request and nowhere else.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, type Dispatcher, request } from 'undici'
import type { ProblemCode } from '../admin/problem.ts'
import { oneLine } from '../presentation/printable.ts'
import { type AdminTarget, DEFAULT_FROM } from './admin-target.ts'
import { CommandError, EXIT_PERMANENT, EXIT_TEMPORARY, EXIT_UNREACHABLE, EXIT_USAGE } from './exit-codes.ts'

/** Longest wait for a connection, ms. Ours: a gateway is near. */
const CONNECT_TIMEOUT_MS = 5_000

/** Longest wait for a reply, ms. A lookup may take its table's deadline, at most 90 s. */
const REPLY_TIMEOUT_MS = 95_000

/** Longest reply that is read, bytes. Ours: the largest answer is the list of all tables. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024

/** How often a request is sent again after 429, and the longest pause before it, ms. Ours. */
const MAX_RATE_LIMIT_RETRIES = 10
const MAX_RATE_LIMIT_PAUSE_MS = 60_000

/** Requests in flight at once, for `query TABLE -`. Ours: enough to hide the way there and back. */
const MAX_CONNECTIONS = 16

/** Problems that are answers to a command rather than failures of it. */
const ANSWERS: ReadonlySet<unknown> = new Set<ProblemCode>([
  'table-unknown',
  'upstream-unknown',
  'configuration-bad',
  'drill-refused',
  'replica-refused',
  'store-refused',
  'store-failed',
])

/** What the gateway replied. */
export interface AdminReply {
  /** Set when it is a problem whose meaning the caller knows (RFC 9457). */
  readonly problem?:
    | 'table-unknown'
    | 'upstream-unknown'
    | 'configuration-bad'
    | 'drill-refused'
    | 'replica-refused'
    | 'store-refused'
    | 'store-failed'
  readonly body: unknown
}

export class AdminClient {
  readonly target: AdminTarget
  readonly #agent: Agent

  constructor(target: AdminTarget) {
    this.target = target
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      maxResponseSize: MAX_REPLY_BYTES,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(target.socketPath === undefined ? {} : { socketPath: target.socketPath }),
        ...(target.anyCertificate === true ? { rejectUnauthorized: false } : {}),
      },
    })
  }

  /**
   * Sends one request, again after a pause when the gateway limits the rate.
   *
   * @param path Below the target's prefix, with its query, already escaped.
   */
  async send(method: 'GET' | 'DELETE' | 'POST' | 'PUT', path: string, body?: unknown): Promise<AdminReply> {
    for (let retries = 0; ; retries++) {
      const response = await this.#request(method, path, body)
      const text = await this.#read(response)
      if (response.statusCode === 429 && retries < MAX_RATE_LIMIT_RETRIES) {
        await sleep(pauseMs(response.headers['retry-after']))
        continue
      }
      return this.#reply(response.statusCode, text)
    }
  }

  get(path: string): Promise<AdminReply> {
    return this.send('GET', path)
  }

  /** Closes the connections; nothing may be in flight. */
  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  #request(method: Dispatcher.HttpMethod, path: string, body: unknown): Promise<Dispatcher.ResponseData> {
    const { token, origin, pathPrefix } = this.target
    return request(`${origin}${pathPrefix}${path}`, {
      method,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(REPLY_TIMEOUT_MS),
      headers: {
        accept: 'application/json',
        // Says that no foreign web page sent this; changes are refused without it.
        'x-mapgate': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw this.#unreachable(error)
    })
  }

  #read(response: Dispatcher.ResponseData): Promise<string> {
    return response.body.text().catch((error: unknown) => {
      throw this.#unreachable(error)
    })
  }

  #reply(status: number, text: string): AdminReply {
    const body = parseJson(text)
    if (status >= 200 && status < 300) {
      if (body !== undefined || text === '') return { body }
      throw this.#error(EXIT_UNREACHABLE, 'the reply is not JSON; is this the admin address of mapgate?')
    }
    const code = property(body, 'code')
    if (ANSWERS.has(code)) return { problem: code as NonNullable<AdminReply['problem']>, body }
    const why = problemText(body) ?? `HTTP status ${status}`
    if (status === 401 || status === 403) {
      if (this.target.token !== undefined) throw this.#error(EXIT_PERMANENT, `${why}; use another token`)
      // To nobody in particular, this means that no token is configured, so that none would help.
      const hint = code === 'role-too-low' ? '' : '; give a token with --token-file or MAPGATE_TOKEN'
      throw this.#error(EXIT_PERMANENT, `${why}${hint}`)
    }
    if (status === 429) throw this.#error(EXIT_TEMPORARY, `${why}; ask more slowly`)
    if (typeof code !== 'string') {
      throw this.#error(EXIT_UNREACHABLE, `${why}, not from mapgate; is this its admin address?`)
    }
    throw this.#error(status >= 400 && status < 500 && status !== 404 ? EXIT_USAGE : EXIT_UNREACHABLE, why)
  }

  #unreachable(error: unknown): CommandError {
    const why = networkFailure(error)
    if (isCertificateFailure(error)) {
      return this.#error(
        EXIT_UNREACHABLE,
        `${why}; name the host as its certificate does, and an authority of your own with the variable NODE_EXTRA_CA_CERTS`,
      )
    }
    if (codeOfFirst(error) === 'EACCES')
      return this.#error(EXIT_UNREACHABLE, `${why}; run the command as root, or as a member of its group`)
    const { from } = this.target
    const where =
      from === '--admin' ? '' : ` (${from === DEFAULT_FROM ? from : `the address is from ${from}`})`
    return this.#error(
      EXIT_UNREACHABLE,
      `${why}${where}; is mapgate running there? Give its address with --admin URL, --admin unix:PATH or -c FILE`,
    )
  }

  #error(exitCode: number, why: string): CommandError {
    return new CommandError(exitCode, `${this.target.shown}: ${why}`)
  }
}

/** What `Retry-After` asks for, ms; one second when it says nothing that can be read. */
function pauseMs(retryAfter: string | string[] | undefined): number {
  const seconds = Number(retryAfter)
  const ms = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1000
  return Math.min(ms, MAX_RATE_LIMIT_PAUSE_MS)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The sentence of a problem answer (RFC 9457). */
export function problemText(body: unknown): string | undefined {
  const texts = [property(body, 'detail'), property(body, 'title')]
  const text = texts.find((candidate) => typeof candidate === 'string' && candidate !== '')
  return typeof text === 'string' ? oneLine(text) : undefined
}

/** A property of what came out of JSON. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

/** A host with several addresses fails with one error for each. */
function codeOfFirst(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  return first instanceof Error ? (first as NodeJS.ErrnoException).code : undefined
}

const NETWORK_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not connect to that socket',
  ECONNRESET: 'the connection was closed before the reply',
  EPIPE: 'the connection was closed before the reply',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'the connection was closed before the reply',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the reply did not arrive in time',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'the reply is too long',
}

/** Returns whether the other side's certificate was refused. Codes: tls(3) of Node.js, X509 errors of OpenSSL. */
function isCertificateFailure(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return code !== undefined && /CERT|ISSUER|VERIFY_LEAF_SIGNATURE/.test(code)
}

/** Says in words why a connection failed; the code itself for those not in the table. */
export function networkFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const code = codeOfFirst(error)
  if (code === undefined) return oneLine(error.message)
  return NETWORK_FAILURES[code] ?? (error.message === '' ? code : oneLine(error.message))
}
