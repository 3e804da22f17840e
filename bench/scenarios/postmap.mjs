/**
 * The real client: `postmap -q -` of 100,000 cached keys, against the same keys and the bare server.
 *
 * All on one processor: a question at a time wakes the other side twice for each key, and to wake another
 * processor of a virtual machine takes longer than all else, and never the same time. So what is left is what the programs cost.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { usual } from '../configurations.mjs'
import { inTurns } from '../in-turns.mjs'
import { ratios, summary } from '../statistics.mjs'
import { CONNECTIONS, startGateway, VALUE_REPLY, withParts } from './parts.mjs'

const KEYS = 100_000
const PROCESSOR = '0'
/** Each takes some seconds. */
const MOST_ROUNDS = 11

export function postmap(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const cache = { cache: ', maxEntries: 200000, maxBytes: 256MiB' }
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url, cache))
    const bare = await parts.start('servers/bare.mjs', ['netstring', VALUE_REPLY.socketmap])
    for (const { pid } of [gateway, bare])
      execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', PROCESSOR, String(pid)])
    await client.ask({
      name: 'run',
      port: gateway.started.ports[0],
      protocol: 'socketmap',
      table: 'aliases',
      connections: CONNECTIONS,
      keys: { first: 0, count: 0 },
      total: KEYS,
    })
    const keys = Array.from(
      { length: KEYS },
      (_, number) => `user${String(number).padStart(7, '0')}@bench.example\n`,
    )
    const configuration = join(parts.folder, 'postfix')
    mkdirSync(configuration)
    writeFileSync(join(configuration, 'main.cf'), 'compatibility_level = 3.6\n')
    const ask = (port) => () =>
      seconds(configuration, `socketmap:inet:127.0.0.1:${port}:aliases`, keys.join(''))
    const sides = { a: ask(gateway.started.ports[0]), b: ask(bare.started.port) }
    await inTurns(sides, 1)
    const runs = await inTurns(sides, Math.min(setting.rounds, MOST_ROUNDS))
    return [
      { scenario: 'postmap', name: 'time, ratio', value: ratios(runs.a, runs.b), limit: { most: 1.1 } },
      { scenario: 'postmap', name: 'time of 100,000 keys', value: summary(runs.a), unit: ' s' },
      { scenario: 'postmap', name: 'the same against the bare server', value: summary(runs.b), unit: ' s' },
    ]
  })
}

async function seconds(configuration, table, keys) {
  const from = performance.now()
  const postmap = ['/usr/sbin/postmap', '-c', configuration, '-q', '-', table]
  const child = spawn('taskset', ['--cpu-list', PROCESSOR, ...postmap], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let lines = 0
  child.stdout.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) lines++
  })
  child.stdin.end(keys)
  await once(child, 'close')
  if (lines !== KEYS) throw new Error(`${lines} keys were found`)
  return (performance.now() - from) / 1000
}
