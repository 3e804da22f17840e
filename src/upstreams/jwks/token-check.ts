/**
 * Whether a token is good: a JWT (RFC 7519) that the issuer has signed (RFC 7515) for this audience, and that has not ended.
 * What to look at beyond the signature: RFC 8725, RFC 9068 section 4.
 *
 * `jose` checks signature and claims. What we read before that, unsigned, only makes a token be refused sooner.
 */
import type { JWTPayload, LocalJWKSet } from 'jose'
import { codeOf } from '../../core/system/error-code.ts'
import { whyNoValue } from '../../core/value/value-text.ts'
import type { JwtRules } from './schema.ts'

/** Why a token is wrong. A closed set: it is a metric label. */
export const REFUSALS = [
  'malformed', // no JWT, or one that is encrypted or damaged
  'algorithm', // signed by something that the table does not take
  'issuer',
  'audience',
  'expired',
  'not-yet', // its beginning is in the future
  'claims', // one that must be there is missing, or is of a wrong kind
  'scope',
  'unverified', // the issuer says that the address is not known to be the user's
  'signature', // not that of the key it names
] as const

export type Refusal = (typeof REFUSALS)[number]

export type Verdict =
  | { readonly kind: 'good'; readonly user: string }
  | { readonly kind: 'refused'; readonly why: Refusal }
  /** It is signed by none of the keys that are known: the issuer may have newer ones, perhaps under the same name. */
  | { readonly kind: 'unknown-key'; readonly why: 'key' | 'signature' }
  /** The issuer's key or the token it made is at fault, and not who logs in. */
  | { readonly kind: 'unusable'; readonly code: string }
  | { readonly kind: 'no-user' }

/** Claims by which jose says that a token is not for us. */
const BY_CLAIM: Readonly<Record<string, Refusal>> = { iss: 'issuer', aud: 'audience', nbf: 'not-yet' }

const UNKNOWN_KEY = { kind: 'unknown-key', why: 'key' } as const

type Library = typeof import('jose')

/** A token that is wrong whatever its signature says: nobody needs to be asked for keys. */
export function refusedUnsigned(
  jose: Library,
  token: string,
  rules: JwtRules,
  wallMs: number,
): Refusal | undefined {
  try {
    const { alg } = jose.decodeProtectedHeader(token)
    const { iss, exp } = jose.decodeJwt(token)
    if (!rules.algorithms.some((one) => one === alg)) return 'algorithm'
    if (iss !== rules.issuer) return 'issuer'
    const isOver = typeof exp === 'number' && exp * 1000 + rules.clockSkewMs <= wallMs
    return isOver ? 'expired' : undefined
  } catch {
    return 'malformed'
  }
}

/** Checks everything. Does not reject. */
export async function checkToken(
  jose: Library,
  token: string,
  find: LocalJWKSet,
  rules: JwtRules,
  wallMs: number,
): Promise<Verdict> {
  const options = {
    algorithms: [...rules.algorithms],
    issuer: rules.issuer,
    audience: [...rules.audience],
    clockTolerance: rules.clockSkewMs / 1000,
    currentDate: new Date(wallMs),
    requiredClaims: ['exp'],
  }
  try {
    const { payload } = await jose.jwtVerify(token, find, options)
    return verdictOn(payload, rules)
  } catch (error) {
    if (!(error instanceof jose.errors.JWKSMultipleMatchingKeys)) {
      const isOfOtherKey =
        error instanceof jose.errors.JWSSignatureVerificationFailed &&
        jose.decodeProtectedHeader(token).kid === undefined
      return isOfOtherKey ? UNKNOWN_KEY : verdictOf(jose, error)
    }
    // Each key that fits is tried.
    for await (const key of error) {
      try {
        const { payload } = await jose.jwtVerify(token, key, options)
        return verdictOn(payload, rules)
      } catch (failure) {
        if (!(failure instanceof jose.errors.JWSSignatureVerificationFailed)) return verdictOf(jose, failure)
      }
    }
    return UNKNOWN_KEY
  }
}

function verdictOn(payload: JWTPayload, { user: claim, scope }: JwtRules): Verdict {
  if (scope !== undefined && !scopesOf(payload).includes(scope)) return { kind: 'refused', why: 'scope' }
  // Who may change his own address at the issuer must not become somebody else by it. Some issuers write it as text or as a number.
  const { email_verified: verified } = payload
  if (claim === 'email' && verified !== undefined && !/^(?:true|1)$/i.test(String(verified)))
    return { kind: 'refused', why: 'unverified' }
  const user = payload[claim]
  if (typeof user !== 'string' || user === '' || whyNoValue(user) !== undefined) return { kind: 'no-user' }
  return { kind: 'good', user }
}

/** `scope` has words with spaces between (RFC 8693 section 4.2); `scp` is Entra's and Okta's, the latter a list. */
function scopesOf({ scope, scp }: JWTPayload): readonly unknown[] {
  return [scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : (claim ?? [])))
}

function verdictOf({ errors }: Library, error: unknown): Verdict {
  const refused = (why: Refusal): Verdict => ({ kind: 'refused', why })
  if (error instanceof errors.JWKSNoMatchingKey) return UNKNOWN_KEY
  if (error instanceof errors.JWSSignatureVerificationFailed) return { kind: 'unknown-key', why: 'signature' }
  if (error instanceof errors.JWTExpired) return refused('expired')
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('algorithm')
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(error.reason === 'check_failed' ? (BY_CLAIM[error.claim] ?? 'claims') : 'claims')
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return refused('malformed')
  // A `crit` that nobody here knows, for one: RFC 7515 section 4.1.11.
  if (error instanceof errors.JOSENotSupported) return refused('malformed')
  return { kind: 'unusable', code: codeOf(error) || (error instanceof Error ? error.name : 'unknown') }
}
