/**
 * A real token endpoint for tests, and a service that takes only its tokens.
 *
 *   const { tokens, service, accepted } = await startAuthorized(t)
 *   ... ask `service.origin` with a token of `${tokens.origin}/token` ...
 *   accepted.delete('token-1')          // revoked
 *   tokens.route('/token', { status: 503 })
 */
import type { Cleanup } from './http-service.ts'
import { type HttpService, type RecordedRequest, type Reply, startHttpService } from './http-service.ts'

export interface Authorized {
  readonly tokens: HttpService
  readonly service: HttpService
  /** What the service takes; every token that is given out is added. */
  readonly accepted: Set<string>
  /** What the service says to a request with a token that it takes. */
  answer: (request: RecordedRequest) => Reply
  /** Seconds of life of the next tokens; undefined: the reply does not say. */
  expiresIn: number | null | undefined
  /** Gives out tokens, as at the start. */
  give(): void
}

export async function startAuthorized(t: Cleanup): Promise<Authorized> {
  const tokens = await startHttpService(t)
  const service = await startHttpService(t)
  let given = 0
  const authorized: Authorized = {
    tokens,
    service,
    accepted: new Set(),
    answer: () => ({ text: 'found' }),
    expiresIn: 3600,
    give() {
      tokens.route('/token', () => {
        const token = `token-${++given}`
        authorized.accepted.add(token)
        const { expiresIn } = authorized
        const lasts = expiresIn === undefined ? {} : { expires_in: expiresIn }
        return { json: { access_token: token, token_type: 'Bearer', ...lasts } }
      })
    },
  }
  authorized.give()
  service.otherwise = (request) => {
    const token = /^Bearer (\S+)$/.exec(String(request.headers.authorization))?.[1] ?? ''
    return authorized.accepted.has(token)
      ? authorized.answer(request)
      : { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
  }
  return authorized
}

/** The tokens that a service was asked with, in order. */
export function tokensSent({ requests }: HttpService): string[] {
  return requests.map(({ headers }) => String(headers.authorization).replace('Bearer ', ''))
}
