/**
 * Restarts under a real Postfix client: a supervisor holds the listening sockets, as systemd does, while
 * `postmap -q -` asks 100,000 keys over each protocol and the gateway is stopped and started again
 * and again. Postfix must see no failure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { MemoryAnswerStore } from '../../../src/core/cache/memory-answer-store.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { CacheFile } from '../../../src/persistence/cache-file.ts'
import { buildPackage } from '../../support/gateway/gateway-process.ts'
import { KeyedService } from '../../support/http/keyed-service.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { postmapQueryAll } from '../../support/postfix/postmap.ts'
import { liveSeconds, seededRandom } from '../../support/traffic/seeded.ts'

const KEYS = 100_000

/** Pause between two restarts, ms: the client of tcp_table sleeps a second after each. */
const RESTART_EVERY_MS = 2000

/**
 * Holds two listening sockets, says their ports, and starts the gateway with them whenever it has
 * ended. It never accepts itself: it does nothing but wait for its child.
 */
const SUPERVISOR = `
  import { spawnSync } from 'node:child_process'
  import { once } from 'node:events'
  import { createServer } from 'node:net'
  const servers = [createServer(), createServer()]
  for (const server of servers) await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }), 'listening')
  console.log(JSON.stringify({ ports: servers.map((server) => server.address().port) }))
  const held = servers.map((server) => server._handle.fd)
  const [cli, config] = process.argv.slice(1)
  setImmediate(() => {
    for (;;) {
      const script = 'export LISTEN_PID=$$; exec "$0" "$@"'
      spawnSync('/bin/sh', ['-c', script, process.execPath, cli, 'serve', '-c', config], {
        stdio: ['ignore', 'inherit', 'inherit', ...held],
        env: { ...process.env, LISTEN_FDS: '2', LISTEN_FDNAMES: 'socketmap:tcp' },
      })
    }
  })`

/** Lines of JSON of the supervisor and its children, in order. */
class Lines {
  readonly #lines: Record<string, unknown>[] = []
  #wake: () => void = () => {}

  constructor(stream: Readable) {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(JSON.parse(line))
      this.#wake()
    })
  }

  async next(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift())
        if (fits(line)) return line
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** The process that the supervisor waits for. */
function childOf(supervisor: ChildProcess): number {
  return Number(readFileSync(`/proc/${supervisor.pid}/task/${supervisor.pid}/children`, 'utf8').trim())
}

/** A cache file that has every answer, so that 100,000 keys take seconds and not minutes. */
async function fillCacheFile(config: string, path: string): Promise<void> {
  const table = (await loadConfig(config)).tables.get('aliases')
  if (table?.cache === undefined) throw new Error('no table with a cache')
  const store = new MemoryAnswerStore({ ...table.cache, clock: systemClock })
  const freshness = { freshnessLifetimeMs: 3_600_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
  for (let n = 0; n < KEYS; n++)
    store.set(`user${n}@a.example`, { value: `t-aliases=user${n}@a.example=g1`, freshness, ageMs: 0 })
  const file = new CacheFile({ path, clock: systemClock, onWarning: () => {} })
  expect(await file.save([{ name: 'aliases', fingerprint: table.fingerprint, store }])).toBe(KEYS)
}

test('postmap gets 100,000 right answers over each protocol while the gateway is restarted', {
  timeout: 300_000 + liveSeconds() * 1000,
}, async (t) => {
  requirePostfix(t)
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { built, remove } = buildPackage('restart')
  t.onTestFinished(remove)
  const service = await new KeyedService({ random: seededRandom(1), mischief: 0 }).start()
  t.onTestFinished(() => service.stop())
  const config = join(folder, 'mapgate.yaml')
  writeFileSync(
    config,
    `
listeners:
  - { protocol: socketmap, listen: "systemd:socketmap" }
  - { protocol: tcp_table, listen: "systemd:tcp", table: aliases }
cacheFile: ${folder}/cache
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables:
  aliases: { upstream: directory, request: { path: "/g1/aliases/{key}" }, cache: { ttl: 1h } }
`,
  )
  await fillCacheFile(config, join(folder, 'cache'))
  writeFileSync(join(folder, 'main.cf'), `queue_directory = ${folder}\ncompatibility_level = 3.6\n`)

  const args = ['--input-type=module', '-e', SUPERVISOR, join(built, 'cli.js'), config]
  const supervisor = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.onTestFinished(() => {
    const child = childOf(supervisor)
    supervisor.kill('SIGKILL')
    if (child > 0) process.kill(child, 'SIGKILL')
  })
  const lines = new Lines(supervisor.stdout)
  const { ports } = (await lines.next((line) => 'ports' in line)) as { ports: number[] }
  await lines.next(({ state }) => state === 'ready')

  const keys = Array.from({ length: KEYS }, (_, n) => `user${n}@a.example`)
  const input = Buffer.from(keys.map((key) => `${key}\n`).join(''))
  const expected = keys.map((key) => `${key}\tt-aliases=${key}=g1\n`).join('')
  const place = { configDirectory: folder }
  let asking = true
  const asked = Promise.all([
    postmapQueryAll(place, `socketmap:inet:127.0.0.1:${ports[0]}:aliases`, input),
    postmapQueryAll(place, `tcp:127.0.0.1:${ports[1]}`, input),
  ]).finally(() => {
    asking = false
  })
  let restarts = 0
  while (asking) {
    process.kill(childOf(supervisor), 'SIGTERM')
    await lines.next(({ state }) => state === 'ready')
    restarts++
    await new Promise((resolve) => setTimeout(resolve, RESTART_EVERY_MS))
  }
  for (const { status, stdout } of await asked) {
    expect(status).toBe(0)
    expect(stdout.toString() === expected).toBe(true)
  }
  const [socketmap] = await asked
  expect(socketmap.stderr).toBe('')
  expect(restarts).toBeGreaterThan(1)
})
