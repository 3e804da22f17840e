/**
 * 5,000 idle connections, each of which has asked once: their memory in the gateway and in a bare server.
 *
 * Resident memory holds what the allocator and V8 keep in reserve, which differs from day to day for one and the same build; the
 * heap in use after a collection does not, so its ratio to the bare server's is what tells builds apart.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { usual } from '../configurations.mjs'
import { summary } from '../statistics.mjs'
import { startGateway, VALUE_REPLY, withParts } from './parts.mjs'

const IDLE = 5000
const KIB = 1024

export function idle(setting) {
  return withParts(async (parts) => {
    const execArgv = ['--expose-gc']
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url), { execArgv })
    const bare = await parts.start('servers/bare.mjs', ['netstring', VALUE_REPLY.socketmap], { execArgv })
    const own = await perConnection(parts, gateway, gateway.started.ports[0])
    const other = await perConnection(parts, bare, bare.started.port)
    return [
      {
        scenario: 'idle',
        name: 'resident memory per idle connection',
        value: summary(own.resident),
        unit: ' KiB',
        limit: { most: 12 },
      },
      { scenario: 'idle', name: 'the same of the bare server', value: summary(other.resident), unit: ' KiB' },
      {
        scenario: 'idle',
        name: 'heap per idle connection, ratio',
        value: summary(own.heap.map((bytes, round) => bytes / other.heap[round])),
        limit: { most: 2.5 },
      },
      { scenario: 'idle', name: 'heap per idle connection', value: summary(own.heap), unit: ' KiB' },
    ]
  })
}

/** Three times, so that what the first ones leave behind can be told from what a connection takes. */
async function perConnection(parts, server, port) {
  const resident = []
  const heap = []
  for (let round = 0; round < 3; round++) {
    const attacker = await parts.start('load/attacker.mjs')
    await settled(server)
    const before = await server.ask('usage')
    await attacker.ask({ name: 'attack', kind: 'idle', port, connections: IDLE })
    await settled(server)
    const after = await server.ask('usage')
    resident.push((after.rssBytes - before.rssBytes) / IDLE / KIB)
    heap.push((after.heapBytes - before.heapBytes) / IDLE / KIB)
    await attacker.stop()
    await delay(1500)
  }
  // Later rounds use resident memory again that the process has kept: the first is the most expensive and counts.
  return { resident: [Math.max(...resident)], heap }
}

async function settled(server) {
  await delay(1000)
  await server.ask('collect')
}
