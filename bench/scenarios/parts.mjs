/**
 * What the scenarios share: a gateway with its service and a client, and the comparison of two sides.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuUsPerReply, inTurns, perSecond } from '../in-turns.mjs'
import { start } from '../processes.mjs'
import { startService } from '../service.mjs'
import { ratios, summary } from '../statistics.mjs'

/** Connections, each with one request in flight: a busy mail server's processes. */
export const CONNECTIONS = 32
/** Keys that are asked again and again. */
export const FEW_KEYS = { first: 0, count: 1000 }
export const VALUE_REPLY = {
  socketmap: '38:OK user0000001@mailbox.storage.example,',
  tcp_table: '200 user0000001@mailbox.storage.example\n',
  policy: 'action=WARN checked\n\n',
  proxymap: 'status|0|value|user0000001@mailbox.storage.example||',
}

/** Runs `body` with a service, a folder and a starter of processes, and ends them all. */
export async function withParts(body) {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-bench-'))
  const service = await startService()
  const processes = []
  const starter = async (...args) => {
    const child = await start(...args)
    processes.push(child)
    return child
  }
  try {
    return await body({ folder, service, start: starter })
  } finally {
    for (const child of processes) await child.stop()
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Starts the gateway of a build with a configuration. */
export function startGateway(parts, dist, configuration, { mode, execArgv } = {}) {
  const file = join(parts.folder, `mapgate-${Math.random().toString(36).slice(2)}.yaml`)
  writeFileSync(file, configuration)
  return parts.start('servers/gateway.mjs', [dist, file, ...(mode === undefined ? [] : [mode])], { execArgv })
}

/** One measured run of the client against a server. */
export function load(client, server, port, setting, more = {}) {
  return client.ask({
    name: 'run',
    port,
    pid: server.pid,
    protocol: 'socketmap',
    table: 'aliases',
    connections: CONNECTIONS,
    keys: FEW_KEYS,
    warmMs: setting.warmMs,
    runMs: setting.runMs,
    ...more,
  })
}

/** Lets every key be asked once, so that all are in the cache. */
export function fill(client, port, more = {}) {
  return client.ask({
    name: 'run',
    port,
    protocol: 'socketmap',
    table: 'aliases',
    connections: CONNECTIONS,
    keys: FEW_KEYS,
    total: 2 * FEW_KEYS.count,
    ...more,
  })
}

/**
 * How often both programs are started anew for one comparison: what V8 compiles how, and where things lie in
 * memory, differs from start to start by more than from round to round.
 */
const STARTS = 3

/** Time under load, ms, after which what V8 compiles does not change any more. */
const WARM_UP_MS = 3000

/**
 * Measures two sides in turns, in processes that are started several times.
 *
 * @param startSides Starts both and calls back with `{ a, b }`, what is measured and what it is compared with.
 * @returns The runs of each side, by round.
 */
export async function measure(startSides, setting) {
  const runs = { a: [], b: [] }
  const starts = Math.min(STARTS, setting.rounds)
  for (let start = 0; start < starts; start++) {
    await startSides(async (sides) => {
      await warmUp(sides, setting)
      const measured = await inTurns(sides, Math.ceil(setting.rounds / starts))
      for (const side of ['a', 'b']) runs[side].push(...measured[side])
    })
  }
  return runs
}

/** Lets both sides reach the speed that their compiled code has. */
export function warmUp(sides, setting) {
  return inTurns(sides, setting.quick ? 1 : Math.ceil(WARM_UP_MS / setting.runMs))
}

/**
 * The figures of two sides.
 *
 * @param scenario Name of the figures.
 * @param runs `{ a, b }`: what was measured, and what it is compared with.
 * @param limits Of `cpu`, `rate` and `p99` as ratios a/b; undefined: only reported.
 */
export function compared(scenario, label, runs, limits = {}) {
  const both = (of) => ratios(runs.a.map(of), runs.b.map(of))
  const each = (of) => [summary(runs.a.map(of)), summary(runs.b.map(of))]
  const figures = []
  const add = (name, value, more = {}) => figures.push({ scenario, name: `${label}${name}`, value, ...more })
  add('CPU time per reply, ratio', both(cpuUsPerReply), { limit: limits.cpu })
  add('throughput, ratio', both(perSecond), { limit: limits.rate })
  const [cpuA, cpuB] = each(cpuUsPerReply)
  add('CPU time per reply', cpuA, { unit: ' us' })
  add('CPU time per reply, compared with', cpuB, { unit: ' us' })
  const [rateA, rateB] = each(perSecond)
  add('replies per second', rateA)
  add('replies per second, compared with', rateB)
  if (runs.a[0].latencyUs !== undefined && runs.b[0].latencyUs !== undefined) {
    add(
      'p99, ratio',
      both((run) => run.latencyUs.p99),
      { limit: limits.p99 },
    )
    for (const percentile of ['p50', 'p90', 'p99', 'p999']) {
      const [own, other] = each((run) => run.latencyUs[percentile])
      add(percentile, own, { unit: ' us', detail: `compared with ${Math.round(other.median)} us` })
    }
  }
  const wrong = [...runs.a, ...runs.b].reduce((sum, run) => sum + (run.wrong ?? 0), 0)
  if (wrong > 0) figures.push({ scenario, name: 'wrong replies', failed: `${wrong} replies were not found` })
  return figures
}
