/**
 * Misses, every key a new one, with limiter, breaker, coalescing, cache, JSONPath and metrics, against a
 * bare `undici.request` loop that asks the same nginx as often at the same time.
 */
import { usual } from '../configurations.mjs'
import { CONNECTIONS, compare, load, startGateway, withParts } from './parts.mjs'

export function misses(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const loop = await parts.start('servers/undici-loop.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = gateway.started.ports
    let next = 1_000_000
    const asked = (run, first) => {
      next = first + run.asked
      return run
    }
    const sides = {
      a: async () =>
        asked(await load(client, gateway, port, setting, { keys: { first: next, count: 0 } }), next),
      b: async () => {
        const { warmMs, runMs } = setting
        const url = `${parts.service.url}/aliases`
        const run = await loop.ask({ name: 'run', url, concurrency: CONNECTIONS, warmMs, runMs, from: next })
        return asked({ ...run, asked: run.next - next }, next)
      },
    }
    // Both reach the speed that their compiled code has before anything counts.
    await sides.a()
    await sides.b()
    return compare('misses', '', sides, setting, { cpu: { most: 1.8 } })
  })
}
