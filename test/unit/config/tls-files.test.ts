import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { tryTlsFiles } from '../../../src/config/checks/tls-files.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

const ONE = selfSignedPair()
const OTHER = selfSignedPair()
const ENCRYPTED = selfSignedPair(['-passout', 'pass:secret'])
const DAY_MS = 86_400_000

/** The findings for files of these texts, as `LEVEL PART: WHAT`. */
async function tried(texts: Record<string, string>, nowMs = Date.now()): Promise<string[]> {
  const files = Object.fromEntries(Object.keys(texts).map((part) => [part, `/${part}`]))
  const findings = await tryTlsFiles(
    files,
    async (path) => {
      const text = texts[path.slice(1)] ?? ''
      if (text !== 'folder') return text
      throw Object.assign(new Error('folder'), { code: 'EISDIR' })
    },
    nowMs,
  )
  return findings.map(({ part, what, level }) => `${level} ${part}: ${what}`)
}

const DER = new X509Certificate(ONE.cert).raw.toString('utf8')
const DAMAGED = ONE.cert.replace(/\n[A-Za-z0-9+/=]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')

describe('tryTlsFiles', () => {
  const good: [what: string, texts: Record<string, string>][] = [
    ['authorities', { ca: ONE.cert }],
    ['a bundle with words between', { ca: `# one\n${ONE.cert}\n# two\n${OTHER.cert}` }],
    ['a pair', { cert: ONE.cert, key: ONE.key }],
    ['a pair whose certificate is followed by its authority', { cert: ONE.cert + OTHER.cert, key: ONE.key }],
    ['nothing', {}],
  ]
  for (const [what, texts] of good) {
    test(`takes ${what}`, async () => {
      expect(await tried(texts)).toEqual([])
    })
  }

  const bad: [what: string, texts: Record<string, string>, findings: string[]][] = [
    ['an empty ca', { ca: '' }, ['error ca: is empty; it must hold a certificate as PEM']],
    ['a ca of blank lines', { ca: '\n \n' }, ['error ca: is empty; it must hold a certificate as PEM']],
    [
      'a ca that is other text',
      { ca: 'hello\n' },
      ['error ca: holds no certificate as PEM (-----BEGIN CERTIFICATE-----)'],
    ],
    [
      'a ca in DER',
      { ca: DER },
      ['error ca: is DER and not PEM; convert it: openssl x509 -inform DER -in FILE -out FILE.pem'],
    ],
    ['a key as ca', { ca: ONE.key }, ['error ca: holds a private key and no certificate']],
    [
      'a ca that is indented, which OpenSSL passes over',
      { ca: ONE.cert.replace(/^/gm, '  ') },
      [
        'error ca: has a certificate that does not begin its line, and OpenSSL passes over it; remove what is before it',
      ],
    ],
    [
      'a ca with a mark of its encoding',
      { ca: `\uFEFF${ONE.cert}` },
      [
        'error ca: has a certificate that does not begin its line, and OpenSSL passes over it; remove what is before it',
      ],
    ],
    ['a ca that is cut off', { ca: ONE.cert.slice(0, 300) }, ['error ca: is cut off within a certificate']],
    [
      'a bundle whose last is cut off',
      { ca: ONE.cert + OTHER.cert.slice(0, 300) },
      ['error ca: is cut off within a certificate'],
    ],
    [
      'a damaged ca',
      { ca: DAMAGED },
      ['error ca: holds a certificate that cannot be decoded; is it damaged?'],
    ],
    ['a folder', { ca: 'folder' }, ['error ca: cannot be read: it is a folder']],
    [
      'a pair of two renewals',
      { cert: ONE.cert, key: OTHER.key },
      ['error cert: does not belong to the key in "key"; write both files, and then load them'],
    ],
    [
      'a key with a password',
      { cert: ENCRYPTED.cert, key: ENCRYPTED.key },
      [
        'error key: is encrypted, and there is nobody to type its password; decrypt it: openssl pkey -in FILE -out FILE.plain',
      ],
    ],
    ['an empty key', { cert: ONE.cert, key: '' }, ['error key: is empty; it must hold a private key as PEM']],
    ['a certificate as key', { cert: ONE.cert, key: ONE.cert }, ['error key: holds no private key as PEM']],
    [
      'two bad files, each',
      { ca: '', key: 'x' },
      ['error ca: is empty; it must hold a certificate as PEM', 'error key: holds no private key as PEM'],
    ],
  ]
  for (const [what, texts, findings] of bad) {
    test(`refuses ${what}`, async () => {
      expect(await tried(texts)).toEqual(findings)
    })
  }

  test('warns of what has expired, and takes it', async () => {
    const { validTo } = new X509Certificate(ONE.cert)
    expect(await tried({ ca: ONE.cert, cert: ONE.cert, key: ONE.key }, Date.now() + 2 * DAY_MS)).toEqual([
      `warning cert: holds a certificate that expired on ${validTo}; renew it`,
      'warning ca: holds only authorities that have expired; nothing will be trusted',
    ])
  })

  test('warns of what is not valid yet', async () => {
    const { validFrom } = new X509Certificate(ONE.cert)
    expect(await tried({ cert: ONE.cert, key: ONE.key }, Date.now() - 2 * DAY_MS)).toEqual([
      `warning cert: holds a certificate that is valid only from ${validFrom}`,
    ])
  })
})
