/**
 * What a normal client notices of attacks: 8 connections that ask one cached key after the other,
 * beside each kind of attack. The p99 of its answers is what counts.
 */
import { spawnSync } from 'node:child_process'
import { usual } from '../configurations.mjs'
import { summary } from '../statistics.mjs'
import { fill, load, startGateway, withParts } from './parts.mjs'

/** Most that a normal client may notice, ms. Source: the aims of the project. */
const LIMIT = { most: 50 }
const US_PER_MS = 1000
/** Longest that one kind is measured, ms. */
const RUN_MS = 5000

const ATTACKS = [
  ['no attack', undefined, 0],
  ['500 slow loris', 'slowLoris', 500],
  ['200 that never read', 'neverReads', 200],
  ['500 half-closed', 'halfClosed', 500],
  ['5,000 idle', 'idle', 5000],
  ['a storm of 200 connections at a time', 'storm', 200],
]

export function hostile(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = gateway.started.ports
    await fill(client, port)
    const figures = []
    const steady = () =>
      load(
        client,
        gateway,
        port,
        { warmMs: 500, runMs: Math.min(RUN_MS, setting.runMs * 2) },
        { connections: 8 },
      )
    const measure = async (name) => {
      const runs = [await steady(), await steady(), await steady()]
      const value = summary(runs.map(({ latencyUs }) => latencyUs.p99 / US_PER_MS))
      figures.push({ scenario: 'hostile', name: `p99 under ${name}`, value, unit: ' ms', limit: LIMIT })
    }
    for (const [name, kind, connections] of ATTACKS) {
      const attacker = await parts.start('load/attacker.mjs')
      if (kind !== undefined) await attacker.ask({ name: 'attack', kind, port, connections })
      await measure(name)
      await attacker.stop()
    }
    // No more than 40 descriptors from now on, while 200 connections want one.
    const attacker = await parts.start('load/attacker.mjs')
    const held = measure.bind(undefined, 'descriptors exhausted, 200 connections at a time')
    spawnSync('prlimit', [`--pid=${gateway.pid}`, '--nofile=60:60'])
    attacker.ask({ name: 'attack', kind: 'storm', port, connections: 200 }).catch(() => {})
    await held()
    await attacker.stop()
    return figures
  })
}
