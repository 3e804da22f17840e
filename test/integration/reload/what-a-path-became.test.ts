/** A file that the configuration names became something else: the gateway goes on with what it had. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

const FOUND = { kind: 'found', value: 'b@a.example' }

async function start(): Promise<{ gateway: TestGateway; secret: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const secret = join(folder, 'secret')
  writeFileSync(secret, 'a-secret-of-sixteen-characters')
  const yaml = `${TWO_LISTENERS}
log: { keys: hash, hashKey: "\${file:secret}" }
upstreams: { fixed: { entries: { a@a.example: b@a.example } } }
tables: { aliases: { upstream: fixed } }`
  return { gateway: await startGateway({ onTestFinished }, yaml, { folder }), secret }
}

const BECOMES: [what: string, make: (path: string) => void, told: string][] = [
  ['a device without end', (path) => symlinkSync('/dev/zero', path), 'it is longer than 12 MiB'],
  ['a pipe that nobody writes to', (path) => execFileSync('mkfifo', [path]), 'the file secret is empty'],
  ['a folder', (path) => execFileSync('mkdir', [path]), 'it is a folder'],
]
for (const [what, make, told] of BECOMES) {
  test(`a secret that became ${what} is an error of the reload`, async () => {
    const { gateway, secret } = await start()
    rmSync(secret)
    make(secret)
    const report = await gateway.gateway.reload()
    expect(report).toMatchObject({ ok: false, issues: [expect.stringContaining(told)] })
    expect(await gateway.socketmap().lookup('aliases', 'a@a.example')).toEqual(FOUND)
    rmSync(secret, { recursive: true })
    writeFileSync(secret, 'another-secret-of-sixteen-characters')
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
  })
}

/** A pipe that gives a text once, and nothing to who reads it again. */
function pipeWith(path: string, text: string): void {
  rmSync(path, { force: true })
  execFileSync('mkfifo', [path])
  const writer = openSync(path, constants.O_RDWR)
  writeSync(writer, text)
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  closeSync(writer)
  onTestFinished(() => closeSync(reader))
}

test('a certificate is used as it was checked, at the start and at a reload: a pipe that gives it once is enough', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { cert, key } = selfSignedPair()
  const make = (): void => {
    for (const name of ['ca', 'cert']) pipeWith(join(folder, name), cert)
    pipeWith(join(folder, 'key'), key)
  }
  const yaml = `listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:0" } ]
admin: { listen: "inet:127.0.0.1:0", tls: { cert: cert, key: key } }
upstreams: { d: { endpoints: ["https://127.0.0.1:1"], tls: { ca: ca } } }
tables: { aliases: { upstream: d, request: { path: "/{key}" } } }`
  make()
  const { gateway } = await startGateway({ onTestFinished }, yaml, { folder })
  make()
  expect(await gateway.reload()).toMatchObject({ ok: true, changes: [] })
})

test('the end does not wait for a reload that reads from a silent pipe', async () => {
  const { gateway, secret } = await start()
  rmSync(secret)
  execFileSync('mkfifo', [secret])
  const writer = await open(secret, 'r+')
  onTestFinished(() => writer.close())
  const reloading = gateway.gateway.reload()
  const startMs = performance.now()
  await gateway.gateway.stop()
  expect(performance.now() - startMs).toBeLessThan(3000)
  expect(await reloading).toMatchObject({ ok: false })
})
