/**
 * Misses, every key a new one, with limiter, breaker, coalescing, cache, JSONPath and metrics, against a
 * bare `undici.request` loop that asks the same nginx as often at the same time.
 */
import { usual } from '../configurations.mjs'
import { CONNECTIONS, compared, load, measure, startGateway, withParts } from './parts.mjs'

export async function misses(setting) {
  const runs = await measure((sides) => withBoth(setting, sides), setting)
  return compared('misses', '', runs, { cpu: { most: 1.8 } })
}

function withBoth(setting, sides) {
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
