/**
 * Every way in which a service fails, and what makes it fail so: each fault turns a healthy
 * service into a broken one that stays at its address.
 */
import { spawnSync } from 'node:child_process'
import dns from 'node:dns'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Behaviour, Cleanup, HttpService } from '../../support/http/http-service.ts'

/** A fault: what Postfix gets for a key never seen, and how to bring it about. */
export interface Fault {
  /** Completes "a service that ...". */
  readonly what: string
  /** On socketmap; tcp_table has 400 for all of them. */
  readonly unknown: 'TEMP' | 'TIMEOUT' | 'PERM' | 'TEMP or TIMEOUT'
  /** Breaks it; undefined for one that shows {@link behaviour} to every request. */
  readonly break?: (service: HttpService, cleanup: Cleanup) => Promise<void>
  readonly behaviour?: Behaviour
  /** The origin the gateway is configured with; default that of the service. */
  readonly origin?: (service: HttpService) => string
  readonly needs?: 'tls' | 'dns'
}

const MIB = 1_048_576

const answers = (what: string, behaviour: Behaviour, unknown: Fault['unknown'] = 'TEMP'): Fault => ({
  what,
  unknown,
  behaviour,
})

export const FAULTS: readonly Fault[] = [
  { what: 'refuses connections', unknown: 'TEMP', break: (service) => service.stop() },
  {
    // The system's resolver may be slow to say that a name does not exist.
    what: 'has a name that cannot be resolved any more',
    unknown: 'TEMP or TIMEOUT',
    needs: 'dns',
    origin: ({ port }) => `http://directory.invalid:${port}`,
    break: async (service) => {
      vi.restoreAllMocks()
      service.closeIdleConnections()
    },
  },
  {
    what: 'shows a certificate of somebody else',
    unknown: 'TEMP',
    needs: 'tls',
    break: (service) => service.restart({ tls: selfSigned() }),
  },
  {
    what: 'does not speak TLS any more',
    unknown: 'TEMP',
    needs: 'tls',
    break: async (service, cleanup) => {
      await service.stop()
      const plain = createServer((socket) => {
        socket.on('error', () => {}) // the client gave up
        socket.end('220 mail.example ESMTP\r\n')
      })
      await new Promise<void>((resolve) => plain.listen(service.port, '127.0.0.1', resolve))
      cleanup.onTestFinished(() => void plain.close())
    },
  },
  answers('resets the connection before the body', { act: 'reset' }),
  answers('resets the connection in the middle of the body', { act: 'reset-in-body' }),
  // Once the known question has shown that nobody is answered, lookups do not wait for the time-out any more.
  answers('says nothing', { act: 'silence' }, 'TEMP or TIMEOUT'),
  answers('stops in the middle of the body', { act: 'stall-in-body' }, 'TEMP or TIMEOUT'),
  answers('sends a byte now and then', { act: 'drip', everyMs: 20 }, 'TEMP or TIMEOUT'),
  answers('answers 500', { status: 500, json: { goto: 'wrong@b.example' } }),
  answers('answers 503 with Retry-After', { status: 503, headers: { 'retry-after': '30' } }),
  answers('answers 429', { status: 429 }),
  answers('answers 429 with Retry-After', { status: 429, headers: { 'retry-after': '30' } }),
  answers('redirects with 301', { status: 301, headers: { location: 'http://x.example/' } }, 'PERM'),
  answers('refuses with 400', { status: 400 }, 'PERM'),
  answers('refuses the credentials with 401', { status: 401 }, 'PERM'),
  answers('refuses the credentials with 403', { status: 403 }, 'PERM'),
  answers('sends garbage for JSON', { headers: { 'content-type': 'application/json' }, text: '{"goto": "x' }),
  answers('sends JSON of a wrong shape', { json: { destination: 'x@b.example' } }),
  answers('sends an object for the value', { json: { goto: { to: 'x@b.example' } } }),
  answers('sends a body of 10 MiB', { act: 'large', bytes: 10 * MIB, announced: true }),
  answers('sends a body of 10 MiB in chunks', { act: 'large', bytes: 10 * MIB, announced: false }),
  answers('sends an empty body', { text: '' }),
  answers('sends a web page', { headers: { 'content-type': 'text/html' }, text: '<html>login</html>' }),
  answers('sends a web page with 404', {
    status: 404,
    headers: { 'content-type': 'text/html' },
    text: '<html>no such page</html>',
  }),
  answers('answers 304 to what was not conditional', { status: 304 }, 'TEMP'),
  answers('sends something that is not HTTP', { act: 'raw', bytes: 'SSH-2.0-x\r\n\r\n' }),
  answers('closes connections without a byte', { act: 'raw', bytes: '' }),
]

/** A key and a self-signed certificate, for 127.0.0.1. */
export function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-tls-'))
  try {
    const made = spawnSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dir1.example -addext subjectAltName=IP:127.0.0.1 -keyout key -out cert'.split(
        ' ',
      ),
      { cwd: folder, encoding: 'utf8' },
    )
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`)
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    return { key: read('key'), cert: read('cert') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** Until the end of the test, or `vi.restoreAllMocks`, every name is 127.0.0.1. */
export function resolveEveryName(cleanup: Cleanup): void {
  const original = dns.lookup
  const lookup = (_name: string, ...rest: unknown[]) => Reflect.apply(original, dns, ['127.0.0.1', ...rest])
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup)
  cleanup.onTestFinished(() => void vi.restoreAllMocks())
}
