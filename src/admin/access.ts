/**
 * Who may do what: bearer tokens with two roles, and what is allowed without one.
 *
 * A token is compared with every configured one, by SHA-256 and in constant time, so that the time
 * of an answer tells neither a token's length nor how much of a guess was right.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Role } from '../config/config.ts'
import type { AdminSettings } from './ports.ts'
import { ProblemError } from './problem.ts'

/** What a route asks for. `metrics` is `open` or `viewer`, as `admin.metrics` says. */
export type Access = 'open' | 'metrics' | Role

/** RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([^ ]+) *$/i

const CHALLENGE = { 'www-authenticate': 'Bearer realm="mapgate"' }

/** The access rules of one configuration. */
export class AccessRules {
  readonly #anonymous: Role | 'none'
  readonly #metrics: 'open' | 'viewer'
  readonly #tokens: readonly { readonly digest: Buffer; readonly role: Role }[]

  constructor({ anonymous, metrics, tokens }: Pick<AdminSettings, 'anonymous' | 'metrics' | 'tokens'>) {
    this.#anonymous = anonymous
    this.#metrics = metrics
    this.#tokens = tokens.map(({ token, role }) => ({ digest: sha256(token), role }))
  }

  /**
   * Lets a request through or throws the problem to answer.
   *
   * @param authorization The Authorization header field.
   * @returns The role it has; `none` only for open routes.
   */
  check(access: Access, authorization: string | undefined): Role | 'none' {
    const needed = access === 'metrics' ? (this.#metrics === 'open' ? 'open' : 'viewer') : access
    if (needed === 'open') return 'none'
    const role = authorization === undefined ? this.#anonymous : this.#roleOf(authorization)
    if (role === 'operator' || role === needed) return role
    if (authorization !== undefined) {
      throw new ProblemError(
        403,
        'role-too-low',
        'this token is a viewer; a change needs one with the role operator',
      )
    }
    if (this.#tokens.length === 0) {
      throw new ProblemError(
        403,
        'role-too-low',
        'this needs the role operator, and no token is configured; see admin.tokens and admin.anonymous',
      )
    }
    throw new ProblemError(
      401,
      'token-needed',
      `this needs a token with the role ${needed}, as "Authorization: Bearer TOKEN"`,
      CHALLENGE,
    )
  }

  #roleOf(authorization: string): Role {
    const given = BEARER.exec(authorization)?.[1]
    if (given === undefined) {
      throw new ProblemError(
        401,
        'token-unknown',
        'the Authorization header must read "Bearer TOKEN"',
        CHALLENGE,
      )
    }
    const digest = sha256(given)
    let role: Role | undefined
    // Every token is compared, also after a match. A token listed twice has the role listed last.
    for (const token of this.#tokens) if (timingSafeEqual(token.digest, digest)) role = token.role
    if (role === undefined) {
      throw new ProblemError(401, 'token-unknown', 'this token is not one of admin.tokens', CHALLENGE)
    }
    return role
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
