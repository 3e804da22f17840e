/**
 * People and programs that look at the gateway and behave badly: slow, flooding or hanging pages,
 * clients and scrapers, and a reader of standard output that stops reading. Beside each, every
 * lookup gets its answer, and in time.
 *
 * The gateway is the compiled program in a process of its own, so that its event loop is what is burdened.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SocketmapClient, TcpTableClient } from '../../../src/library/clients.ts'
import { programInto } from '../../support/gateway/built.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { freePort } from '../../support/programs/free-port.ts'
import { until } from '../../support/wire/sockets.ts'

const t = { onTestFinished }

/** Longest that one lookup may take beside the burden, ms: the default deadline of a table. */
const IN_TIME_MS = 5000

/** How long each burden lasts at least, ms. */
const BURDEN_MS = 2000

/** Fewest lookups that say something about a burden; it lasts until they are done, however busy the machine is. */
const MIN_LOOKUPS = 100

const built = `${process.cwd()}/test-output/burden-${process.pid}`
beforeAll(() => {
  programInto(join(built, 'dist'))
  copyFileSync('package.json', join(built, 'package.json'))
  return () => rmSync(built, { recursive: true, force: true })
})

interface Running {
  readonly child: ChildProcess
  readonly socketmap: number
  readonly tcpTable: number
  readonly admin: number
  readonly ended: Promise<number | null>
}

/** Starts the program; its standard output is read until it is ready, and from then on as the test says. */
async function start(log: string): Promise<Running> {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) =>
    url.startsWith('/silent')
      ? { act: 'silence' }
      : { json: [`for-${decodeURIComponent(url.slice('/a/'.length))}`] }
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-burden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const admin = await freePort()
  writeFileSync(
    join(folder, 'mapgate.yaml'),
    `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:${admin}", anonymous: operator }
upstreams:
  directory: { endpoints: ["${service.origin}"] }
  # Of its own, since its circuit opens.
  silent: { endpoints: ["${service.origin}"] }
tables:
  aliases: { upstream: directory, request: { path: "/a/{key}" } }
  silent: { upstream: silent, request: { path: "/silent/{key}" } }
log: ${log}
`,
  )
  const child = spawn(process.execPath, [join(built, 'dist/cli.js'), 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  // A process that ends while its output is not read closes late; its exit is what counts.
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    child.stdout?.resume()
    await ended
  })
  let out = ''
  const read = (chunk: Buffer): void => {
    out += chunk.toString()
  }
  child.stdout?.on('data', read)
  await until(
    () => out.includes('"state":"ready"'),
    () => out,
  )
  child.stdout?.off('data', read)
  const [socketmap = 0, tcpTable = 0] = Array.from(out.matchAll(/"bound":"inet:[^"]*:(\d+)"/g), ([, port]) =>
    Number(port),
  )
  return { child, socketmap, tcpTable, admin, ended: exited }
}

/** Lookups over both protocols until told to stop, each checked; cached and uncached ones. */
class Beside {
  readonly #stop = new AbortController()
  readonly #done: Promise<void>[]
  count = 0
  slowestMs = 0
  readonly wrong: string[] = []

  constructor(running: Running) {
    const address = (port: number) => ({ kind: 'inet', host: '127.0.0.1', port }) as const
    const socketmap = new SocketmapClient({ address: address(running.socketmap) })
    const tcpTable = new TcpTableClient({ address: address(running.tcpTable) })
    onTestFinished(() => {
      this.#stop.abort()
      socketmap.close()
      tcpTable.close()
    })
    this.#done = [
      this.#ask((key) => socketmap.lookup('aliases', key)),
      this.#ask((key) => tcpTable.lookup(key)),
    ]
  }

  async #ask(
    lookup: (key: string) => Promise<{ readonly kind: string; readonly value?: string }>,
  ): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      const key = turn % 2 === 0 ? 'cached@a.example' : `${turn}@a.example`
      const startMs = performance.now()
      const result = await lookup(key)
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs)
      this.count++
      if (result.value !== `for-${key}`) this.wrong.push(`${key}: ${JSON.stringify(result)}`)
      await delay(1)
    }
  }

  /** Ends the lookups, and holds them to what was promised. */
  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#done)
    expect(this.wrong).toEqual([])
    expect(this.count).toBeGreaterThan(0)
    expect(this.slowestMs).toBeLessThan(IN_TIME_MS)
  }
}

/** Connects to the admin API, and sends. A refused or reset connection is part of the burden. */
function dial(port: number, bytes: string): Socket {
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes))
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`

/** Everything of one kind; some of it again and again while the lookups go on. */
const BURDENS: [name: string, burden: (admin: number) => () => void][] = [
  [
    'pages whose event streams are never read',
    (admin) => {
      for (let n = 0; n < 40; n++) dial(admin, get('/api/v1/events')).pause()
      return () => {}
    },
  ],
  [
    'a flood of requests over many connections',
    (admin) => () => {
      for (let n = 0; n < 10; n++) {
        const socket = dial(admin, (get('/metrics') + get('/api/v1/status')).repeat(20))
        socket.resume()
        setTimeout(() => socket.destroy(), 200)
      }
    },
  ],
  [
    'connections that pipeline hundreds of large reads and never read the answers',
    (admin) => {
      const reads = ['/metrics', '/openapi.json', '/api/v1/history', '/api/v1/config'].map(get).join('')
      for (let n = 0; n < 60; n++) dial(admin, reads.repeat(50)).pause()
      return () => {}
    },
  ],
  [
    'a flood of lookups that hang, half requests and bytes that are no HTTP',
    (admin) => {
      const hanging = (n: number) => get(`/api/v1/tables/silent/lookup?key=k${n}%40a.example&explain=true`)
      for (let n = 0; n < 100; n++) dial(admin, hanging(n)).resume()
      for (let n = 0; n < 100; n++) dial(admin, 'GET /api/v1/status HTTP/1.1\r\nhost: local')
      for (let n = 0; n < 100; n++)
        dial(admin, `PUT /api/v1/log-level HTTP/1.1\r\nhost: localhost\r\nx-mapgate: 1\r\n`)
      return () => {
        for (let n = 0; n < 10; n++) dial(admin, '\u0000'.repeat(10_000)).resume()
      }
    },
  ],
]

describe('no lookup loses its answer beside', () => {
  for (const [name, burden] of BURDENS) {
    test(name, async () => {
      const running = await start('{ level: info }')
      running.child.stdout?.resume()
      const beside = new Beside(running)
      const again = burden(running.admin)
      const endMs = performance.now() + BURDEN_MS
      while (performance.now() < endMs || beside.count < MIN_LOOKUPS) {
        again()
        await delay(50)
      }
      await beside.finish()
      running.child.kill('SIGTERM')
      expect(await running.ended).toBe(0)
    })
  }

  test('a reader of standard output that has stopped; lines beyond the bound are dropped and counted', async () => {
    const running = await start('{ level: debug }')
    running.child.stdout?.pause()
    const beside = new Beside(running)
    const client = new SocketmapClient({
      address: { kind: 'inet', host: '127.0.0.1', port: running.socketmap },
    })
    onTestFinished(() => client.close())
    // One line of some 300 bytes each: more than the pipe, Node.js's reader here and the bound hold together.
    for (let n = 0; n < 10_000; n += 100) {
      const many = Array.from({ length: 100 }, () => client.lookup('aliases', 'cached@a.example'))
      for (const result of await Promise.all(many))
        expect(result).toEqual({ kind: 'found', value: 'for-cached@a.example' })
    }
    const exposition = await (await fetch(`http://127.0.0.1:${running.admin}/metrics`)).text()
    const dropped = Number(/^mapgate_log_lines_dropped_total (\d+)$/m.exec(exposition)?.[1])
    expect(dropped).toBeGreaterThan(0)
    await beside.finish()
    // Nor does the reader hold the end.
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
  })
})
