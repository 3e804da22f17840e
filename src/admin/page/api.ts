/**
 * The admin API, asked by `fetch`: the token goes into the Authorization header, never into a URL.
 * Errors are problem documents (src/admin/problem.ts).
 */

/** Longest wait for an answer that is not a lookup, ms. Ours. */
const ANSWER_TIMEOUT_MS = 10_000

/** Longest wait for a lookup, ms: above the longest deadline of a table, 90 s. */
export const LOOKUP_TIMEOUT_MS = 100_000

/** What the gateway refused, in its own words. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
  }

  /** Another token would help. */
  get wantsToken(): boolean {
    return ['token-needed', 'token-unknown', 'role-too-low'].includes(this.code)
  }
}

export class Api {
  readonly #token: () => string | undefined
  readonly #fetch: typeof fetch

  constructor(token: () => string | undefined, fetchWith: typeof fetch = (...request) => fetch(...request)) {
    this.#token = token
    this.#fetch = fetchWith
  }

  /** The JSON of an answer; throws ApiProblem, or what `fetch` throws when there is none. */
  async get(path: string, timeoutMs = ANSWER_TIMEOUT_MS): Promise<unknown> {
    const response = await this.#send(path, { signal: AbortSignal.timeout(timeoutMs) })
    return response.json()
  }

  async delete(path: string): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    const response = await this.#send(path, { method: 'DELETE', signal, headers: { 'x-mapgate': '1' } })
    return response.json()
  }

  /** @param body Undefined: none is sent. */
  async post(path: string, body?: object): Promise<unknown> {
    const response = await this.#send(path, {
      method: 'POST',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      headers: { 'x-mapgate': '1', ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return response.json()
  }

  /** The body of an answer that does not end, until `signal`. */
  async stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#send(path, { signal })
    if (body === null) throw new TypeError('an answer without a body')
    return body
  }

  async #send(
    path: string,
    options: { signal: AbortSignal; method?: string; headers?: Record<string, string>; body?: string },
  ) {
    const token = this.#token()
    const response = await this.#fetch(path, {
      ...options,
      headers: { ...options.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      credentials: 'omit',
      redirect: 'error',
    })
    if (!response.ok) throw await problemOf(response)
    return response
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  // A proxy in between answers with whatever it likes.
  const document: unknown = await response.json().catch(() => undefined)
  const { code, detail } = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  return new ApiProblem(
    response.status,
    typeof code === 'string' ? code : 'unknown',
    typeof detail === 'string' ? detail : `HTTP ${response.status} ${response.statusText}`,
  )
}

/** The path of a table; names may hold no character that needs escaping, but a table '' may be asked for. */
export function tablePath(table: string, rest: string, query: Record<string, string> = {}): string {
  // Not URLSearchParams: it writes a space as `+`, which here is a plus sign.
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`
  return `/api/v1/tables/${encodeURIComponent(table)}/${rest}${search}`
}
