/**
 * Sockets passed as systemd does, to the compiled program: all of a name are served, and none is left
 * open that nobody serves. Needs `npm run build`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { formatAddress } from '../../../src/core/system/address.ts'
import { SocketmapClient } from '../../../src/library/clients.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

const TABLES = `
upstreams: { fixed: { entries: { a@x.example: b@x.example } } }
tables: { aliases: { upstream: fixed } }
`
const NAMED = `listeners: [ { protocol: socketmap, listen: "systemd:socketmap" } ]\n${TABLES}`

/** A descriptor that a child can inherit, and how to reach what listens on it. */
interface Passed {
  readonly fd: number
  readonly address: string
  /** To be called when the child has it: as long as two processes have it open, both accept. */
  readonly close: () => void
}

async function listening(place: string | { host: string; ipv6Only?: boolean }): Promise<Passed> {
  const server: Server = createServer()
  const options = typeof place === 'string' ? { path: `${place}.bound` } : { ...place, port: 0 }
  await new Promise<void>((resolve) => server.listen(options, resolve))
  const passed = { fd: handleFd(server), close: () => server.close() }
  const bound = server.address()
  if (bound !== null && typeof bound === 'object') {
    return { ...passed, address: formatAddress({ kind: 'inet', host: bound.address, port: bound.port }) }
  }
  // Closing removes the name that was bound.
  renameSync(`${place}.bound`, String(place))
  return { ...passed, address: `unix:${place}` }
}

/** Node.js has no public way to a socket's descriptor; as its tests do. */
function handleFd(socket: object): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd: number } }
  if (handle === undefined) throw new TypeError('not listening')
  return handle.fd
}

interface Run {
  readonly child: ChildProcess
  readonly folder: string
  readonly ready: Promise<string>
  readonly ended: Promise<{ readonly code: number | null; readonly told: string }>
}

/** Starts `serve` with these descriptors from 3 on. */
async function serve(
  yaml: string,
  passed: readonly Pick<Passed, 'fd' | 'close'>[],
  names: string,
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  writeFileSync(join(folder, 'mapgate.yaml'), yaml.replaceAll('FOLDER', folder))
  // The shell gives its own number, and execs.
  const child = spawn('sh', ['-c', 'export LISTEN_PID=$$; exec "$@"', 'sh', process.execPath, CLI, 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', ...passed.map(({ fd }) => fd)],
    env: { ...process.env, LISTEN_FDS: String(passed.length), LISTEN_FDNAMES: names },
  })
  for (const { close } of passed) close()
  let told = ''
  const hear = (chunk: Buffer): void => {
    told += chunk.toString()
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  const ended = new Promise<{ code: number | null; told: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, told })),
  )
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => told.includes('"ready"') && resolve(told))
    child.once('close', () => reject(new Error(told)))
  })
  ready.catch(() => {}) // for tests that wait for the end
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  return { child, folder, ready, ended }
}

async function ask(address: string): Promise<unknown> {
  const client = new SocketmapClient({ address, timeoutMs: 5000 })
  onTestFinished(() => client.close())
  return client.lookup('aliases', 'a@x.example')
}

const FOUND = { kind: 'found', value: 'b@x.example' }

test('all sockets of one name are served: two addresses and a path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const sockets = [
    await listening({ host: '127.0.0.1' }),
    await listening({ host: '::1', ipv6Only: true }),
    await listening(join(folder, 's')),
  ]
  const names = 'socketmap:socketmap:socketmap'
  const { child, ready, ended } = await serve(NAMED, sockets, names)
  const log = await ready
  for (const { address } of sockets) {
    expect(await ask(address)).toEqual(FOUND)
    expect(log).toContain(address.startsWith('unix:') ? 'systemd:socketmap' : address)
  }
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

test('all sockets of the admin API are served', async () => {
  const sockets = [await listening({ host: '127.0.0.1' }), await listening({ host: '::1', ipv6Only: true })]
  const yaml = `${NAMED.replace('systemd:socketmap', 'unix:FOLDER/s')}\nadmin: { listen: "systemd:admin", tokens: [{ token: 0123456789abcdef, role: viewer }] }`
  const { child, ready, ended } = await serve(yaml, sockets, 'admin:admin')
  await ready
  for (const { address } of sockets) {
    const status = await new Promise((resolve, reject) => {
      const url = `http://${address.replace('inet:', '')}/livez`
      request(url, (response) => resolve(response.resume().statusCode))
        .once('error', reject)
        .end()
    })
    expect(status).toBe(200)
  }
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

test('a socket that the file does not name is refused at the start, by its name', async () => {
  const sockets = [await listening({ host: '127.0.0.1' }), await listening({ host: '127.0.0.1' })]
  const { ended } = await serve(NAMED, sockets, 'socketmap:tcp')
  const { code, told } = await ended
  expect(code).toBe(69)
  expect(told).toContain('systemd opened a socket named "tcp" that nothing here serves')
})

test('a reload that would leave a passed socket without a listener is refused', async () => {
  const socket = await listening({ host: '127.0.0.1' })
  const { child, folder, ready } = await serve(NAMED, [socket], 'socketmap')
  await ready
  const refused = new Promise<string>((resolve) => {
    child.stdout?.on(
      'data',
      (chunk: Buffer) => /"reload"/.test(chunk.toString()) && resolve(chunk.toString()),
    )
  })
  writeFileSync(join(folder, 'mapgate.yaml'), NAMED.replace('systemd:socketmap', `unix:${folder}/s`))
  child.kill('SIGHUP')
  expect(await refused).toContain('systemd opened a socket named \\"socketmap\\" that nothing here serves')
  expect(await ask(socket.address)).toEqual(FOUND)
})

test('a reload that gives a passed socket another protocol is refused, with what to do', async () => {
  const socket = await listening({ host: '127.0.0.1' })
  const { child, folder, ready } = await serve(NAMED, [socket], 'socketmap')
  await ready
  const refused = new Promise<string>((resolve) => {
    child.stdout?.on(
      'data',
      (chunk: Buffer) => /"reload"/.test(chunk.toString()) && resolve(chunk.toString()),
    )
  })
  const other = NAMED.replace('protocol: socketmap', 'protocol: tcp_table, table: aliases')
  writeFileSync(join(folder, 'mapgate.yaml'), other)
  child.kill('SIGHUP')
  expect(await refused).toContain('a socket of systemd changes its listener by a restart')
  expect(await ask(socket.address)).toEqual(FOUND)
})

test('a descriptor that is not a listening stream socket is refused, by its name', async () => {
  const datagram = createSocket('udp4')
  await new Promise<void>((resolve) => datagram.bind(0, '127.0.0.1', resolve))
  const file = openSync('/dev/null', 'r')
  const others = [
    { fd: file, close: () => closeSync(file) },
    { fd: datagramFd(datagram), close: () => void datagram.close() },
  ]
  for (const passed of others) {
    const { ended } = await serve(NAMED, [passed], 'socketmap')
    const { code, told } = await ended
    expect(code).toBe(69)
    expect(told).toMatch(
      /descriptor 3, passed by systemd as "socketmap", is not a listening stream socket \(\w+\)/,
    )
  }
})

/** As {@link handleFd}. */
function datagramFd(socket: object): number {
  const state = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol')
  if (state === undefined) throw new TypeError('no datagram socket')
  const { handle } = (socket as Record<symbol, { readonly handle: { readonly fd: number } }>)[state] ?? {}
  return handle?.fd ?? -1
}
