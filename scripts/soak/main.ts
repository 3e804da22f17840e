/**
 * A soak: hours of lookups against a real HTTP service that fails in every way, with reloads and
 * purges, while heap, descriptors and timers of the gateway are watched.
 *
 *   npm run soak -- --minutes 20 --report soak.json --plot soak.svg
 *
 * Exit 0 when every reply was right and nothing grew.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KeyedService } from '../../test/support/http/keyed-service.ts'
import { CheckedTraffic } from '../../test/support/traffic/checked-traffic.ts'
import { between, seededRandom } from '../../test/support/traffic/seeded.ts'
import { plot } from './plot.ts'
import { type Sample, trend, WATCHED } from './sample.ts'

const SAMPLE_EVERY_MS = 5000
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '20261120' },
    report: { type: 'string' },
    plot: { type: 'string' },
  },
})
const minutes = Number(options.minutes)
const random = seededRandom(Number(options.seed))
const folder = mkdtempSync(join(tmpdir(), 'mapgate-soak-'))
const file = join(folder, 'mapgate.yaml')
const service = await new KeyedService({ random, mischief: 0.03 }).start()
let generation = 1
writeFileSync(file, configuration())

const child = fork(fileURLToPath(new URL('gateway-child.js', import.meta.url)), [file], {
  execArgv: ['--expose-gc'],
})
child.once('exit', (code) => {
  if (code !== 0) {
    console.error(`the gateway ended with ${code}`)
    process.exit(1)
  }
})
const [started] = (await once(child, 'message')) as [{ ports: number[] }]
const traffic = new CheckedTraffic({
  random,
  addresses: { socketmap: address(started.ports[0]), tcp_table: address(started.ports[1]) },
  tables: ['aliases', 'transport'],
  clients: 100,
  pauseMs: 250,
  keys: 20_000,
  lateAfterMs: 4000,
  generations: () => ({ settled: generation - 1, newest: generation }),
})
const idle = await sample(0)
const samples = await soak()
await delay(7000)
const after = await sample(samples.at(-1)?.atS ?? 0)
child.send('stop')
await service.stop()
rmSync(folder, { recursive: true, force: true })
process.exitCode = report()

async function soak(): Promise<Sample[]> {
  const taken: Sample[] = []
  const ended = traffic.run()
  const beginMs = performance.now()
  for (let turn = 1; performance.now() - beginMs < minutes * 60_000; turn++) {
    await delay(SAMPLE_EVERY_MS)
    taken.push(await sample((performance.now() - beginMs) / 1000))
    // Faults come and go: a quarter of the time many, a twelfth an outage.
    service.mischief = turn % 4 === 0 ? 0.3 : 0.03
    service.isDown = turn % 12 === 0
    if (turn % 6 === 0) await ask('purge')
    if (turn % 7 === 0) await reload()
  }
  traffic.stop()
  await ended
  return taken
}

async function reload(): Promise<void> {
  if (random() < 0.3) generation++
  writeFileSync(file, configuration())
  const result = (await ask('reload')) as { ok: boolean }
  if (!result.ok) traffic.wrong.push(`a good file was refused: ${JSON.stringify(result)}`)
}

async function ask(what: string): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(what)
  return (await answer)[0]
}

async function sample(atS: number): Promise<Sample> {
  const { found, notfound, temporary } = traffic.counts
  const measured = (await ask('sample')) as Omit<Sample, 'atS' | 'replies'>
  return { ...measured, atS, replies: found + notfound + temporary }
}

function address(port: number | undefined) {
  return { kind: 'inet', host: '127.0.0.1', port: port ?? 0 } as const
}

function configuration(): string {
  const table = (name: string): string => `
  ${name}:
    upstream: directory
    request: { path: "/g${generation}/${name}/{key}" }
    deadline: 2s
    cache: { ttl: 2s, negativeTtl: 1s, staleWhileRevalidate: 5s, staleIfError: 30s, maxEntries: 5000, maxNegativeEntries: 1000 }`
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
cacheFile: ${folder}/cache
upstreams:
  directory: { endpoints: ["${service.origin}"], timeout: 500ms, maxConcurrent: ${between(random, 32, 64)}, maxConnectionAge: 10s, circuitBreaker: { failures: 10, openFor: 1s } }
tables:${table('aliases')}${table('transport')}
`
}

function report(): number {
  const trends = Object.fromEntries(WATCHED.map((quantity) => [quantity, trend(samples, quantity)]))
  const isFlat = Object.values(trends).every(({ flat }) => flat)
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const text = JSON.stringify(
    {
      date: new Date().toISOString(),
      machine,
      minutes,
      seed: options.seed,
      ...traffic.counts,
      requests: service.requests,
      configurations: generation,
      wrong: traffic.wrong,
      trends,
      idle,
      after,
      samples,
    },
    undefined,
    1,
  )
  if (options.report !== undefined) writeFileSync(options.report, `${text}\n`)
  if (options.plot !== undefined)
    writeFileSync(options.plot, plot(samples, `mapgate soak, ${minutes} minutes`))
  console.log({ machine, minutes, ...traffic.counts, wrong: traffic.wrong, idle, after })
  console.log(trends)
  console.log(isFlat && traffic.wrong.length === 0 ? 'flat, and every reply right' : 'FAILED')
  return isFlat && traffic.wrong.length === 0 ? 0 : 1
}
