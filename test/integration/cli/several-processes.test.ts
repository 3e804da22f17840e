/**
 * Several processes at one port, as mapgate@.socket has them with ReusePort=yes: python3 does what systemd does, and passes
 * each a socket of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SocketmapClient } from '../../../src/index.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { freePort } from '../../support/programs/free-port.ts'

/** Binds with SO_REUSEPORT, and becomes the program with the socket as descriptor 3 (sd_listen_fds(3)). */
const AS_SYSTEMD = `
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(128)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="socketmap", MAPGATE_INSTANCE=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
`

const CONNECTIONS = 64

async function start(t: Cleanup, folder: string, port: number, instance: string): Promise<ChildProcess> {
  const command = [
    process.execPath,
    join(process.cwd(), 'dist/cli.js'),
    'serve',
    '-c',
    join(folder, 'mapgate.yaml'),
  ]
  const child = spawn('python3', ['-c', AS_SYSTEMD, String(port), instance, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let log = ''
  for await (const piece of child.stdout) {
    log += String(piece)
    if (log.includes('"state":"ready"')) break
  }
  expect(log).toContain('"state":"ready"')
  return child
}

/** Connections that a process has accepted. */
function accepted(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path: '/metrics', headers: { host: 'localhost' } },
      async (response) => {
        const chunks: Buffer[] = await response.toArray()
        resolve(
          Number(/^mapgate_connections_total\{.*\} (\d+)$/m.exec(Buffer.concat(chunks).toString())?.[1]),
        )
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}

async function askAll(port: number): Promise<void> {
  const clients = Array.from(
    { length: CONNECTIONS },
    () => new SocketmapClient({ address: `inet:127.0.0.1:${port}` }),
  )
  const answers = await Promise.all(clients.map((client) => client.lookup('aliases', 'a@a.example')))
  for (const client of clients) client.close()
  expect(answers).toEqual(
    Array.from({ length: CONNECTIONS }, () => ({ kind: 'found', value: 'b@a.example' })),
  )
}

test.skipIf(spawnSync('python3', ['--version']).error !== undefined)(
  'two processes share a port and a configuration, and one of them is enough',
  { timeout: 60_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-several-'))
    t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(
      join(folder, 'mapgate.yaml'),
      `listeners: [{ protocol: socketmap, listen: "systemd:socketmap" }]
admin: { listen: "unix:${folder}/admin-\${env:MAPGATE_INSTANCE}" }
upstreams: { entries: { entries: { a@a.example: b@a.example } } }
tables: { aliases: { upstream: entries } }
cacheFile: "${folder}/cache-\${env:MAPGATE_INSTANCE}"
`,
    )
    const port = await freePort()
    const first = await start(t, folder, port, '1')
    await start(t, folder, port, '2')
    await askAll(port)
    const shares = [await accepted(join(folder, 'admin-1')), await accepted(join(folder, 'admin-2'))]
    expect(shares[0] ?? 0).toBeGreaterThan(0)
    expect(shares[1] ?? 0).toBeGreaterThan(0)
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBe(CONNECTIONS)
    const ended = new Promise((resolve) => first.once('exit', resolve))
    first.kill('SIGTERM')
    await ended
    await askAll(port)
    expect(await accepted(join(folder, 'admin-2'))).toBe((shares[1] ?? 0) + CONNECTIONS)
  },
)
