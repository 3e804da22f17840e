/**
 * An issuer of tokens, as an identity provider is one: it publishes its public keys over HTTP, and signs.
 *
 *   const issuer = await startTokenIssuer(t)
 *   issuer.yaml                                      // for `jwks.url`, `jwt.issuer`
 *   await issuer.token({ email: 'bob@a.example' })   // by the first key, good for an hour
 */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { type Cleanup, type HttpService, startHttpService } from './http-service.ts'

export interface IssuerKey {
  readonly algorithm: string
  readonly kid: string | undefined
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** How a token differs from a good one. A claim that is undefined is left out. */
export interface TokenOptions {
  readonly key?: IssuerKey
  readonly header?: Readonly<Record<string, unknown>>
  /** Wall clock ms at which it is signed; default now. */
  readonly atMs?: number
}

export class TokenIssuer {
  readonly name = 'https://id.example.com/realms/mail'
  readonly service: HttpService
  /** Those that are published. */
  readonly keys: IssuerKey[] = []

  constructor(service: HttpService) {
    this.service = service
    this.publish()
  }

  /** Where the keys are. */
  get url(): string {
    return `${this.service.origin}/certs`
  }

  publish(): void {
    this.service.otherwise = ({ url }) =>
      url === '/certs' ? { json: { keys: this.keys.map(({ jwk }) => jwk) } } : { status: 404 }
  }

  /** How often the keys were fetched. */
  get fetches(): number {
    return this.service.requests.length
  }

  token(
    claims: JWTPayload = {},
    { key = this.keys[0], header = {}, atMs = Date.now() }: TokenOptions = {},
  ): Promise<string> {
    if (key === undefined) throw new Error('the issuer has no key')
    const seconds = Math.floor(atMs / 1000)
    const usual = { iss: this.name, aud: 'mail', sub: 'f3a1', iat: seconds, exp: seconds + 3600 }
    const { algorithm: alg, kid } = key
    return new SignJWT({ ...usual, email: 'bob@a.example', ...claims })
      .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }), ...header })
      .sign(key.privateKey)
  }
}

export async function makeKey(kid: string | undefined, algorithm = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), use: 'sig', ...(kid !== undefined && { kid }) }
  return { algorithm, kid, privateKey, jwk }
}

export async function startTokenIssuer(cleanup: Cleanup): Promise<TokenIssuer> {
  const issuer = new TokenIssuer(await startHttpService(cleanup))
  issuer.keys.push(await makeKey('first'))
  return issuer
}
