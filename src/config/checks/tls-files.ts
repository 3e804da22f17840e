/**
 * Certificates and keys are tried before they are taken over: each file is read and decoded, the pair must
 * belong together, and OpenSSL must take all of it. An empty file of authorities in particular would
 * mean those of the system (Node.js, tls.createSecureContext).
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { messageOf } from '../../core/system/error-code.ts'
import { type ReadFile, whyUnreadable } from '../read-file.ts'

/** The keys of a `tls:` section that name files. */
export type TlsPart = 'ca' | 'cert' | 'key'

interface TlsFinding {
  readonly part: TlsPart
  /** Follows "the file NAME". */
  readonly what: string
  readonly level: 'error' | 'warning'
}

/** A PEM block of a certificate, by the names that OpenSSL takes (PEM_read_bio_X509_AUX(3)); it begins a line. */
const CERTIFICATE = /^-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[\s\S]*?-----END \1-----/gm
const BEGIN_CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g
const INDENTED = /[^\n]-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/

/**
 * Tries the files of one `tls:` section.
 *
 * @param files Absolute paths; what is not configured is absent.
 */
export async function tryTlsFiles(
  files: Readonly<Partial<Record<TlsPart, string>>>,
  readFile: ReadFile,
  nowMs: number,
): Promise<readonly TlsFinding[]> {
  const findings: TlsFinding[] = []
  const texts: Partial<Record<TlsPart, string>> = {}
  for (const part of ['ca', 'cert', 'key'] as const) {
    const path = files[part]
    if (path === undefined) continue
    try {
      texts[part] = await readFile(path)
    } catch (error) {
      findings.push({ part, what: `cannot be read: ${whyUnreadable(error)}`, level: 'error' })
    }
  }
  const certificates = {
    ca: certificatesOf('ca', texts.ca, findings),
    cert: certificatesOf('cert', texts.cert, findings),
  }
  const key = texts.key === undefined ? undefined : privateKey(texts.key, findings)
  tellExpired(certificates, nowMs, findings)
  if (findings.some(({ level }) => level === 'error')) return findings
  const [own] = certificates.cert
  if (own !== undefined && key !== undefined && !own.checkPrivateKey(key)) {
    const what = 'does not belong to the key in "key"; write both files, and then load them'
    return [...findings, { part: 'cert', what, level: 'error' }]
  }
  return [...findings, ...refusedByOpenssl(texts)]
}

function certificatesOf(part: TlsPart, text: string | undefined, findings: TlsFinding[]): X509Certificate[] {
  if (text === undefined) return []
  const fail = (what: string): X509Certificate[] => {
    findings.push({ part, what, level: 'error' })
    return []
  }
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length < (text.match(BEGIN_CERTIFICATE)?.length ?? 0))
    return fail(
      INDENTED.test(text)
        ? 'has a certificate that does not begin its line, and OpenSSL passes over it; remove what is before it'
        : 'is cut off within a certificate',
    )
  if (blocks.length === 0) return fail(whyNoCertificate(text))
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return fail('holds a certificate that cannot be decoded; is it damaged?')
  }
}

function whyNoCertificate(text: string): string {
  if (text.trim() === '') return 'is empty; it must hold a certificate as PEM'
  if (text.includes('PRIVATE KEY-----')) return 'holds a private key and no certificate'
  // A DER certificate is a SEQUENCE with a length of two bytes (X.690 section 8.1), and no UTF-8.
  if (text.startsWith('0\uFFFD'))
    return 'is DER and not PEM; convert it: openssl x509 -inform DER -in FILE -out FILE.pem'
  return 'holds no certificate as PEM (-----BEGIN CERTIFICATE-----)'
}

function privateKey(text: string, findings: TlsFinding[]) {
  try {
    return createPrivateKey(text)
  } catch (error) {
    findings.push({ part: 'key', what: whyNoKey(text, error), level: 'error' })
    return undefined
  }
}

function whyNoKey(text: string, error: unknown): string {
  if (text.trim() === '') return 'is empty; it must hold a private key as PEM'
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return 'is encrypted, and there is nobody to type its password; decrypt it: openssl pkey -in FILE -out FILE.plain'
  }
  if (!text.includes('PRIVATE KEY-----')) return 'holds no private key as PEM'
  return `holds a private key that cannot be used (${opensslReason(error)})`
}

/** An expired certificate is no error: it can be renewed while the gateway runs. */
function tellExpired(
  certificates: Readonly<Record<'ca' | 'cert', readonly X509Certificate[]>>,
  nowMs: number,
  findings: TlsFinding[],
): void {
  const [own] = certificates.cert
  if (own !== undefined && Date.parse(own.validTo) < nowMs) {
    findings.push({
      part: 'cert',
      what: `holds a certificate that expired on ${own.validTo}; renew it`,
      level: 'warning',
    })
  } else if (own !== undefined && Date.parse(own.validFrom) > nowMs) {
    findings.push({
      part: 'cert',
      what: `holds a certificate that is valid only from ${own.validFrom}`,
      level: 'warning',
    })
  }
  // A bundle may hold old ones beside those that count.
  const { ca } = certificates
  const lastMs = Math.max(...ca.map(({ validTo }) => Date.parse(validTo)))
  if (ca.length > 0 && lastMs < nowMs) {
    findings.push({
      part: 'ca',
      what: 'holds only authorities that have expired; nothing will be trusted',
      level: 'warning',
    })
  }
}

/** What is left: a key that is too short, a digest that is too weak. */
function refusedByOpenssl(texts: Readonly<Partial<Record<TlsPart, string>>>): TlsFinding[] {
  try {
    createSecureContext(texts)
    return []
  } catch (error) {
    const part = texts.cert === undefined ? 'ca' : 'cert'
    return [{ part, what: `is refused by OpenSSL (${opensslReason(error)})`, level: 'error' }]
  }
}

function opensslReason(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason
  return messageOf(error)
}
