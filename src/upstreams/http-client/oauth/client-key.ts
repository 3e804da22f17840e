/**
 * The private key of a client: what signs the assertions of RFC 7523.
 */
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto'

/** Shortest RSA key, bits. Source: RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048

/** Names of curves: those of OpenSSL, and those of JOSE (RFC 7518 section 3.4). */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

/** What is wrong with a text as the key of a client, as the end of a sentence; nothing of it is quoted. */
export function clientKeyError(pem: string): string | undefined {
  const key = parsedKey(pem)
  if (key === undefined)
    return 'is not a private key as PEM, or has a passphrase; put the key of the client there, best from a file'
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa' && (details?.modulusLength ?? 0) < MIN_RSA_BITS)
    return `is an RSA key of fewer than ${MIN_RSA_BITS} bits; make a longer one`
  return algorithmOf(key) === undefined
    ? 'is neither an RSA key nor one of the curves P-256, P-384 and P-521; make such a key'
    : undefined
}

/** @throws (rejects) for a text that {@link clientKeyError} finds fault with. */
export async function readClientKey(pem: string): Promise<webcrypto.CryptoKey> {
  const key = parsedKey(pem)
  const algorithm = key && algorithmOf(key)
  if (key === undefined || algorithm === undefined) throw new TypeError('unchecked key of a client')
  const der = key.export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

/** OpenSSL's own words for what is none are about its decoders. */
function parsedKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const namedCurve = type === 'ec' ? CURVES[details?.namedCurve ?? ''] : undefined
  return namedCurve && { name: 'ECDSA', namedCurve }
}
