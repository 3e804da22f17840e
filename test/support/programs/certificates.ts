/** Certificates for a test, made by openssl(1). */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestPair {
  readonly cert: string
  readonly key: string
}

/** A certificate that signs itself, valid for a day from now, and its key. */
export function selfSignedPair(options: readonly string[] = ['-nodes']): TestPair {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-cert-'))
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')]
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const subject = ['-subj', '/CN=test', '-days', '1', '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', ...curve, ...options, ...subject], { stdio: 'pipe' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
