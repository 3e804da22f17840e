/** Every path that a configuration is read from, as everything that a path may be: an error in words, in time. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mapgate-paths-'))
  const { cert, key } = selfSignedPair()
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
  const server = createServer()
  for (const [name, make] of Object.entries(KINDS)) make(join(folder, name), server)
  await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve))
  return () => {
    server.close()
    rmSync(folder, { recursive: true })
  }
})

const KINDS: Readonly<Record<string, (path: string, server: unknown) => void>> = {
  device: (path) => symlinkSync('/dev/zero', path),
  pipe: (path) => execFileSync('mkfifo', [path]),
  folder: (path) => mkdirSync(path),
  circle: (path) => symlinkSync('circle', path),
  huge: (path) => {
    writeFileSync(path, '')
    truncateSync(path, 2 ** 31)
  },
  empty: (path) => writeFileSync(path, ''),
  'cert.pem/below': () => {},
  socket: () => {},
  missing: () => {},
}

/** What each place says about it: the end of a line of `mapgate check`. */
const SAID: Readonly<Record<string, RegExp>> = {
  device: /is longer than 12 MiB$/,
  pipe: /is empty/,
  folder: /it is a folder$/,
  circle: /its links lead in a circle$/,
  huge: /is longer than 12 MiB$/,
  empty: /is empty/,
  'cert.pem/below': /a part of its path is not a folder$/,
  socket: /it is a socket or a device that is not there$/,
  missing: /there is no such file$/,
}

const PLACES: Readonly<Record<string, (path: string) => { admin?: string; upstream?: string }>> = {
  'a secret': (path) => ({ upstream: `headers: { a: "\${file:${path}}" }` }),
  'a credential': (path) => ({ upstream: `headers: { a: "\${credential:${path.replace('/', '')}}" }` }),
  'a token of the admin API': (path) => ({ admin: `tokens: [ { token: "\${file:${path}}" } ]` }),
  'its certificate': (path) => ({ admin: `tls: { cert: ${path}, key: key.pem }` }),
  'its key': (path) => ({ admin: `tls: { cert: cert.pem, key: ${path} }` }),
  'an authority': (path) => ({ upstream: `tls: { ca: ${path} }` }),
  'a client certificate': (path) => ({ upstream: `tls: { cert: ${path}, key: key.pem }` }),
  'a client key': (path) => ({ upstream: `tls: { cert: cert.pem, key: ${path} }` }),
}

async function problemsOf(path: string): Promise<readonly string[]> {
  const env = { CREDENTIALS_DIRECTORY: folder }
  const error = await loadConfig(join(folder, path), { env }).catch((reason: unknown) => reason)
  if (!(error instanceof ConfigError)) throw error
  return error.issues.map(({ message }) => message)
}

for (const [kind, said] of Object.entries(SAID)) {
  describe(`${kind}`, () => {
    test('as the configuration', async () => {
      expect((await problemsOf(kind)).join('\n')).toMatch(said)
    })
    for (const [place, settings] of Object.entries(PLACES)) {
      if (place === 'a credential' && kind.includes('/')) continue
      test(`as ${place}`, async () => {
        const { admin, upstream } = settings(kind)
        writeFileSync(
          join(folder, 'mapgate.yaml'),
          `listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:0" } ]
admin: { listen: "inet:127.0.0.1:0" ${admin === undefined ? '' : `, ${admin}`} }
upstreams: { d: { endpoints: ["https://127.0.0.1:1"] ${upstream === undefined ? '' : `, ${upstream}`} } }
tables: { t: { upstream: d, request: { path: "/{key}" }, canary: { key: a@a.example } } }`,
        )
        const [problem, ...more] = await problemsOf('mapgate.yaml')
        expect(more).toEqual([])
        expect(
          problem?.replace(/(?:; it must hold a| in \$CREDENTIALS_DIRECTORY; systemd gives) .+$/, ''),
        ).toMatch(said)
        expect(problem).toContain(kind)
      })
    }
  })
}
