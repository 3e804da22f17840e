/**
 * Misses, every key a new one, with limiter, breaker, coalescing, cache, JSONPath and metrics, against a
 * bare `undici.request` loop that asks the same nginx as often at the same time; and against a server that asks by
 * `undici.request` and replies, and does nothing else.
 */
import { usual } from '../configurations.mjs'
import { CONNECTIONS, compared, load, measure, startGateway, withParts } from './parts.mjs'

export async function misses(setting) {
  const besideLoop = await measure((sides) => withLoop(setting, sides), setting)
  const besideRelay = await measure((sides) => withRelay(setting, sides), setting)
  return [
    ...compared('misses', '', besideLoop, { cpu: { most: 1.8 } }),
    ...compared('misses', 'against a server that only asks and replies: ', besideRelay),
  ]
}

function withLoop(setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const loop = await parts.start('servers/undici-loop.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = gateway.started.ports
    const { warmMs, runMs } = setting
    let next = 1_000_000
    await sides({
      a: async () => {
        const run = await load(client, gateway, port, setting, { keys: { first: next, count: 0 } })
        next += run.asked
        return run
      },
      b: async () => {
        const url = `${parts.service.url}/aliases`
        const run = await loop.ask({ name: 'run', url, concurrency: CONNECTIONS, warmMs, runMs, from: next })
        next = run.next
        return run
      },
    })
  })
}

function withRelay(setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const relay = await parts.start('servers/relay.mjs', [`${parts.service.url}/aliases`])
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    let next = 1_000_000
    const side = (server, port) => async () => {
      const run = await load(client, server, port, setting, { keys: { first: next, count: 0 } })
      next += run.asked
      return run
    }
    await sides({ a: side(gateway, gateway.started.ports[0]), b: side(relay, relay.started.port) })
  })
}
